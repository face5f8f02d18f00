import CCurl

/// One transfer under way: libcurl's handle, and what its callbacks send and gather.
///
/// Lives on the loop's thread. libcurl holds an unretained pointer to it, so the worker keeps it until the handle is
/// out of the loop.
final class CurlTransfer {
    let order: CurlOrder
    private let continuation: CurlContinuation
    private let handle: CurlHandle
    private let sink: ResponseSink
    private let upload: RequestFile?
    private var head = ResponseHead()
    /// Why one of our callbacks ended the transfer: libcurl itself only knows that one did.
    private var callbackFailure: (any Error)?

    var easy: UnsafeMutableRawPointer { handle.easy }

    /// - Throws: `HTTPError` where the request can't even begin; the continuation is then still the caller's.
    init(_ order: CurlOrder, _ continuation: CurlContinuation, idleLimit: Duration) throws {
        self.order = order
        self.continuation = continuation
        let request = order.request
        do {
            handle = try CurlHandle()
            if case .file(let path, let range) = request.body {
                upload = try RequestFile(path: path, range: range)
            } else {
                upload = nil
            }
            sink = try ResponseSink(request.sink)
            let time = ContinuousClock.now.duration(to: order.end)
            try handle.apply(request, order.settings, time: time, idleLimit: idleLimit)
            try setCallbacks()
        } catch {
            throw HTTPError(error, request.label)
        }
    }

    private func setCallbacks() throws {
        let context = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
        try handle.set(CURLOPT_HEADERFUNCTION, headerCallback)
        try handle.set(CURLOPT_HEADERDATA, pointer: context)
        try handle.set(CURLOPT_WRITEFUNCTION, bodyCallback)
        try handle.set(CURLOPT_WRITEDATA, pointer: context)
        guard let upload else { return }
        try handle.set(CURLOPT_INFILESIZE_LARGE, offset: upload.length)
        try handle.set(CURLOPT_READFUNCTION, uploadCallback)
        try handle.set(CURLOPT_READDATA, pointer: context)
    }

    /// What the transfer came to, once libcurl is done with it.
    func outcome(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
        if let callbackFailure { return .failure(HTTPError(callbackFailure, order.request.label)) }
        guard code == CURLE_OK else {
            let failure = handle.failure(code, url: order.request.url)
            return .failure(self.failure(failure.kind, failure.text))
        }
        // To libcurl a connection that ends in the middle of a head is an empty answer.
        guard head.isFinal else { return .failure(failure(.brokenOff, "the connection ended within the head")) }
        return .success(HTTPResponse(status: head.status, headers: HTTPHeaders(head.fields), body: sink.body))
    }

    func failure(_ kind: HTTPError.Kind, _ detail: String) -> HTTPError {
        HTTPError(kind, request: order.request.label, detail: detail)
    }

    /// Hands over the outcome, after the file has become what the outcome says.
    func close(_ outcome: Result<HTTPResponse, any Error>) {
        do {
            let response = try outcome.get()
            try sink.close(status: head.status)
            continuation.resume(returning: response)
        } catch let refusal as ResponseSink.Refusal {
            continuation.resume(throwing: HTTPError(refusal, order.request.label))
        } catch {
            sink.discard()
            continuation.resume(throwing: error)
        }
    }

    // MARK: Callbacks

    fileprivate func takeHead(_ line: UnsafeRawBufferPointer) -> Int {
        attempt(or: 0) {
            try head.take(line)
            return line.count
        }
    }

    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        attempt(or: 0) {
            try sink.write(bytes, status: head.status)
            return bytes.count
        }
    }

    fileprivate func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        attempt(or: Int(CURL_READFUNC_ABORT)) { try upload?.read(into: buffer) ?? 0 }
    }

    /// Keeps the error for `outcome`, as none can pass through C.
    private func attempt(or failed: Int, _ body: () throws -> Int) -> Int {
        do {
            return try body()
        } catch {
            callbackFailure = error
            return failed
        }
    }
}

// C functions, so they capture nothing; the context is the transfer.

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private let headerCallback: ccurl_io = { bytes, size, count, context in
    transfer(context)?.takeHead(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private let bodyCallback: ccurl_io = { bytes, size, count, context in
    transfer(context)?.takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

private let uploadCallback: ccurl_io = { bytes, size, count, context in
    transfer(context)?.fill(UnsafeMutableRawBufferPointer(start: bytes, count: size * count)) ?? 0
}

extension HTTPError {
    /// Our own reasons to end a transfer, in this target's words.
    fileprivate init(_ error: any Error, _ request: String) {
        switch error {
        case ResponseSink.Refusal.tooLarge(let limit):
            self.init(.tooLarge, request: request, detail: "more than \(limit) bytes")
        case is ResponseHead.TooLarge:
            let detail = "a head of more than \(ResponseHead.fieldLimit) fields or \(ResponseHead.byteLimit) bytes"
            self.init(.tooLarge, request: request, detail: detail)
        case ResponseSink.Refusal.unwritable(let detail):
            self.init(.invalidRequest, request: request, detail: "can't write \(detail)")
        case let error as RequestFile.Unreadable:
            self.init(.invalidRequest, request: request, detail: "can't read \(error.detail)")
        case let refusal as CurlHandle.Refusal:
            let reason = String(cString: curl_easy_strerror(refusal.code))
            self.init(.invalidRequest, request: request, detail: "libcurl option \(refusal.option.rawValue): \(reason)")
        default:
            self.init(.invalidRequest, request: request, detail: "\(error)")
        }
    }
}
