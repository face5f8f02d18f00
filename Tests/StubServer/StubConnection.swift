import Glibc

/// One connection of the stub server: reads requests and writes replies until one side has had enough.
struct StubConnection {
    private enum After { case keep, close }
    private struct Ended: Error {}

    private let descriptor: Int32
    private let number: Int
    private let state: StubState
    private var unread: [UInt8] = []

    init(descriptor: Int32, number: Int, state: StubState) {
        self.descriptor = descriptor
        self.number = number
        self.state = state
    }

    mutating func serve() {
        do {
            if !state.greeting.isEmpty { try send(state.greeting) }
            while let request = try readRequest() {
                state.remember(request)
                guard try write(state.handler(request), to: request) == .keep else { return }
            }
        } catch {
            // The client went away, or spoke no HTTP: either way this connection is over, and only it.
        }
    }

    // MARK: Reading

    private mutating func readRequest() throws -> StubRequest? {
        guard let head = try readHead() else { return nil }
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3 else { throw Ended() }
        let headers = try lines.map { line in
            guard let colon = line.firstIndex(of: ":") else { throw Ended() }
            return (name: String(line[..<colon]), value: trimmed(line[line.index(after: colon)...]))
        }
        var request = StubRequest(
            method: words[0], target: words[1], headers: headers, body: [], bodyLength: 0, connection: number)
        try readBody(of: &request)
        return request
    }

    /// Up to the empty line; nil where the client closed between two requests.
    private mutating func readHead() throws -> String? {
        let mark = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            if let end = firstIndex(of: mark, from: searched) {
                let head = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeFirst(end + mark.count)
                return head
            }
            searched = max(0, unread.count - mark.count)
            guard unread.count < 1 << 20 else { throw Ended() }
            guard try fill() else {
                guard unread.isEmpty else { throw Ended() }
                return nil
            }
        }
    }

    private func firstIndex(of mark: [UInt8], from start: Int) -> Int? {
        guard unread.count >= start + mark.count else { return nil }
        return (start...unread.count - mark.count).first { unread[$0..<$0 + mark.count].elementsEqual(mark) }
    }

    private mutating func readBody(of request: inout StubRequest) throws {
        if request.header("Expect")?.lowercased() == "100-continue" {
            try send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        if request.header("Transfer-Encoding")?.lowercased() == "chunked" {
            while case let size = try readChunkSize(), size > 0 {
                try take(size, into: &request)
                guard try readLine().isEmpty else { throw Ended() }
            }
            while try !readLine().isEmpty {}
        } else if let length = request.header("Content-Length").flatMap({ Int($0) }), length >= 0 {
            try take(length, into: &request)
        }
    }

    private mutating func readChunkSize() throws -> Int {
        guard let size = Int(try readLine().prefix { $0 != ";" }, radix: 16), size >= 0 else { throw Ended() }
        return size
    }

    private mutating func readLine() throws -> String {
        let mark = Array("\r\n".utf8)
        while true {
            if let end = firstIndex(of: mark, from: 0) {
                defer { unread.removeFirst(end + mark.count) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            guard unread.count < 1 << 16 || firstIndex(of: mark, from: 0) != nil, try fill() else { throw Ended() }
        }
    }

    private mutating func take(_ length: Int, into request: inout StubRequest) throws {
        var rest = length
        request.bodyLength += length
        while rest > 0 {
            if unread.isEmpty { guard try fill() else { throw Ended() } }
            let count = min(rest, unread.count)
            let kept = min(count, max(0, state.bodyLimit - request.body.count))
            request.body += unread[..<kept]
            unread.removeFirst(count)
            rest -= count
        }
    }

    /// Reads what there is; false at the end of the stream.
    private mutating func fill() throws -> Bool {
        let size = 64 << 10
        let count = try withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, size, 0)
            guard count >= 0 else { throw Ended() }
            unread += UnsafeRawBufferPointer(rebasing: buffer[..<count])
            return count
        }
        return count > 0
    }

    // MARK: Writing

    private func write(_ reply: StubReply, to request: StubRequest) throws -> After {
        switch reply {
        case .answer(let status, let headers, let body):
            let hasBody = request.method != "HEAD" && status != 204 && status != 304
            let length = status == 204 ? [] : [("Content-Length", "\(body.count)")]
            try send(head(status, headers + length) + (hasBody ? body : []))
            return after(request, headers)
        case .chunked(let status, let headers, let chunks, let pause):
            try sendChunks(status, headers, chunks, pause)
            return after(request, headers)
        case .streamed(let status, let headers, let length):
            try send(head(status, headers + [("Content-Length", "\(length)")]))
            try sendPattern(length)
            return after(request, headers)
        case .truncated(let status, let claimed, let body):
            try send(head(status, [("Content-Length", "\(claimed)")]) + body)
            return .close
        case .raw(let bytes):
            try send(bytes)
            return .close
        case .tunnel(let port):
            try send(head(200, [("X-Proxy", "1")]))
            relay(descriptor, toPort: port)
            return .close
        case .delayed(let pause, let reply):
            try wait(pause)
            return try write(reply, to: request)
        case .hang:
            try wait(nil)
            return .close
        case .close:
            return .close
        case .reset:
            // Closing with a linger of zero seconds sends RST in place of FIN.
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            return .close
        }
    }

    private func after(_ request: StubRequest, _ headers: [(String, String)]) -> After {
        let said = headers.filter { $0.0.lowercased() == "connection" }.map(\.1) + [request.header("Connection") ?? ""]
        return said.contains { $0.lowercased() == "close" } ? .close : .keep
    }

    private func head(_ status: Int, _ headers: [(String, String)]) -> [UInt8] {
        let fields = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) Stub\r\n\(fields)\r\n".utf8)
    }

    private func sendChunks(
        _ status: Int, _ headers: [(String, String)], _ chunks: [[UInt8]], _ pause: Duration
    ) throws {
        try send(head(status, headers + [("Transfer-Encoding", "chunked")]))
        for chunk in chunks where !chunk.isEmpty {
            if pause > .zero { try wait(pause) }
            try send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
        }
        try send(Array("0\r\n\r\n".utf8))
    }

    private func sendPattern(_ length: Int) throws {
        for start in stride(from: 0, to: length, by: pattern.count) {
            try send(pattern[..<min(pattern.count, length - start)])
        }
    }

    private func send(_ bytes: some Collection<UInt8>) throws {
        guard Array(bytes).withUnsafeBytes(sendAll) else { throw Ended() }
    }

    private func sendAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var sent = 0
        while sent < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.send(descriptor, base + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sleeps that long, or without end, but no longer than the client and the server hold the connection.
    private func wait(_ pause: Duration?) throws {
        let end = pause.map { ContinuousClock.now + $0 }
        while true {
            let rest = end.map { ContinuousClock.now.duration(to: $0) }
            if let rest, rest <= .zero { return }
            let milliseconds = rest.map { Int32(clamping: $0.components.seconds * 1000 + 1 + $0.milliseconds) } ?? -1
            var poller = pollfd(fd: descriptor, events: Int16(0x2000), revents: 0)  // POLLRDHUP
            if poll(&poller, 1, milliseconds) > 0 { throw Ended() }
        }
    }
}

/// What streamed answers repeat; its length is a multiple of 256.
private let pattern = (0..<64 << 10).map { UInt8($0 & 0xff) }

extension Duration {
    /// The part below a second.
    fileprivate var milliseconds: Int64 { components.attoseconds / 1_000_000_000_000_000 }
}

private func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
}
