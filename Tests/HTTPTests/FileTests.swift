import Foundation
import HTTP
import StubServer
import Testing

/// Bodies stream from and to files, which exist in the end only if all went well.
@Suite struct FileTests {
    let directory: TemporaryDirectory
    let client: CurlClient

    init() throws {
        directory = try TemporaryDirectory()
        client = try makeClient()
    }

    private func download(_ server: StubServer, limit: Int64 = 1 << 30) -> (HTTPRequest, path: String) {
        let path = directory.file("download")
        return (HTTPRequest("GET", server.url, sink: .file(path: path, limit: limit)), path)
    }

    @Test(arguments: [0, 1, 300_000])
    func aDownloadIsInTheFileAndNotInMemory(length: Int) async throws {
        let server = try StubServer { _ in .streamed(200, headers: [], length: length) }
        let (request, path) = download(server, limit: Int64(length))
        let response = try await client.send(request, deadline: patience)
        #expect(response.body == [])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data((0..<length).map { UInt8($0 & 0xff) }))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(arguments: [
        (StubReply.truncated(200, claimed: 100, body: [1, 2, 3]), HTTPError.Kind.brokenOff),
        (.reset, .brokenOff),
        (.streamed(200, headers: [], length: 1001), .tooLarge),
        (.chunked(200, headers: [], chunks: .init(repeating: [1], count: 999), pause: .milliseconds(50)), .timedOut),
    ])
    func afterAFailureThereIsNoFile(reply: StubReply, kind: HTTPError.Kind) async throws {
        let server = try StubServer { _ in reply }
        let (request, path) = download(server, limit: 1000)
        let deadline = kind == .timedOut ? Duration.milliseconds(500) : patience
        #expect(try await failure(client, request, deadline: deadline).kind == kind)
        #expect(!exists(path))
    }

    @Test func afterACancellationThereIsNoFile() async throws {
        let server = try StubServer { _ in
            .chunked(200, headers: [], chunks: .init(repeating: [1], count: 9999), pause: .milliseconds(5))
        }
        let (request, path) = download(server)
        let task = Task { [client] in try await client.send(request, deadline: .seconds(60)) }
        #expect(try await eventually { try exists(path) && Data(contentsOf: URL(fileURLWithPath: path)).count > 3 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!exists(path))
    }

    @Test(arguments: [404, 403, 503, 301])
    func anErrorIsReadableAndLeavesNoFile(status: Int) async throws {
        let server = try StubServer { _ in .text("<Error><Code>NoSuchKey</Code></Error>", status: status) }
        let (request, path) = download(server, limit: 5)
        let response = try await client.send(request, deadline: patience)
        #expect(response.status == status)
        #expect(response.text == "<Error><Code>NoSuchKey</Code></Error>")
        #expect(!exists(path))
    }

    @Test func anErrorTextHasALimitToo() async throws {
        let server = try StubServer { _ in .streamed(500, headers: [], length: 2 << 20) }
        let (request, path) = download(server)
        #expect(try await failure(client, request).kind == .tooLarge)
        #expect(!exists(path))
    }

    @Test func anExistingFileIsNeitherTouchedNorAskedFor() async throws {
        let server = try StubServer { _ in .text("new") }
        let (request, path) = download(server)
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let error = try await failure(client, request)
        #expect(error.kind == .invalidRequest)
        #expect(error.detail.contains(path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(server.connections == 0)
    }

    @Test func aFileThatCannotBeMadeIsNamed() async throws {
        let path = directory.file("absent/file")
        let request = HTTPRequest("GET", "http://127.0.0.1:1/", sink: .file(path: path, limit: 1))
        let error = try await failure(client, request)
        #expect(error.kind == .invalidRequest)
        #expect(error.detail == "can't write \(path): No such file or directory")
    }

    /// A limit on the size of the process's files stands in for the full disk.
    @Test func aFullDiskEndsTheTransfer() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let server = try StubServer { _ in .streamed(200, headers: [], length: 100_000) }
            let directory = try TemporaryDirectory()
            let path = directory.file("full")
            let request = HTTPRequest("GET", server.url, sink: .file(path: path, limit: 1 << 20))
            let error = try await failure(makeClient(), request)
            #expect(error.kind == .invalidRequest)
            #expect(error.detail == "can't write \(path): File too large")
            #expect(!exists(path))
        }
    }

    @Test(arguments: [0, 1, 3_000_000])
    func anUploadArrivesWhole(length: Int) async throws {
        let server = try StubServer { _ in .status(200) }
        let path = directory.file("upload")
        let content = Data((0..<length).map { UInt8($0 % 251) })
        try content.write(to: URL(fileURLWithPath: path))
        let request = HTTPRequest("PUT", server.url, headers: ["x-a": "b"], body: .file(path: path))
        _ = try await client.send(request, deadline: patience)
        #expect(server.requests.first.map { Data($0.body) } == content)
        #expect(server.requests.first?.method == "PUT")
        #expect(server.requests.first?.headers.map(\.name) == ["Host", "x-a", "Content-Length"])
    }

    // MARK: Parts of a file

    @Test(arguments: [0..<0, 0..<1, 7..<300_007, 299_999..<1_000_000, 0..<1_000_000] as [Range<Int64>])
    func aPartOfAFileArrivesAlone(range: Range<Int64>) async throws {
        let server = try StubServer { _ in .status(200) }
        let path = directory.file("upload")
        let content = Data((0..<1_000_000).map { UInt8($0 % 251) })
        try content.write(to: URL(fileURLWithPath: path))
        let request = HTTPRequest("PUT", server.url, body: .file(path: path, range: range))
        _ = try await client.send(request, deadline: patience)
        let sent = try #require(server.requests.first)
        #expect(Data(sent.body) == content[Int(range.lowerBound)..<Int(range.upperBound)])
        #expect(sent.header("Content-Length") == String(range.count))
    }

    @Test(arguments: [0..<11, 10..<11, -1..<5] as [Range<Int64>])
    func aPartThatAFileDoesNotHaveIsInvalid(range: Range<Int64>) async throws {
        let server = try StubServer { _ in .status(200) }
        let path = directory.file("short")
        try Data(repeating: 1, count: 10).write(to: URL(fileURLWithPath: path))
        let request = HTTPRequest("PUT", server.url, body: .file(path: path, range: range))
        let error = try await failure(client, request)
        #expect(error.kind == .invalidRequest)
        #expect(
            error.detail
                == "can't read \(path): no bytes \(range.lowerBound)..<\(range.upperBound) in a file of 10 bytes")
        #expect(server.connections == 0)
    }

    @Test func aPartSaysWhichItIs() {
        let request = HTTPRequest("PUT", "http://a/b", body: .file(path: "/c", range: 5..<7))
        #expect("\(request)" == "PUT http://a/b () bytes 5..<7 of file /c")
    }

    // MARK: The rest of a file

    private func rest(
        _ server: StubServer, behind text: String? = "old ", limit: Int64 = 1000
    ) throws -> (HTTPRequest, path: String) {
        let path = directory.file("rest")
        if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
        return (HTTPRequest("GET", server.url, sink: .fileEnd(path: path, status: 206, limit: limit)), path)
    }

    private func content(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aRestGoesBehindWhatIsThere() async throws {
        let server = try StubServer { _ in .text("new", status: 206) }
        let (request, path) = try rest(server, limit: 3)
        #expect(try await client.send(request, deadline: patience).body == [])
        #expect(try content(path) == "old new")
    }

    /// The whole in place of the rest would be no continuation.
    @Test(arguments: [200, 404, 412])
    func anAnswerOfAnotherStatusDoesNotGoBehindIt(status: Int) async throws {
        let server = try StubServer { _ in .text("other", status: status) }
        let (request, path) = try rest(server, limit: 3)
        #expect(try await client.send(request, deadline: patience).text == "other")
        #expect(try content(path) == "old ")
    }

    @Test func whatCameBeforeAFailureStays() async throws {
        let server = try StubServer { _ in .truncated(206, claimed: 100, body: Array("new".utf8)) }
        let (request, path) = try rest(server)
        #expect(try await failure(client, request).kind == .brokenOff)
        #expect(try content(path) == "old new")
    }

    @Test func aRestHasALimit() async throws {
        let server = try StubServer { _ in .streamed(206, headers: [], length: 100_000) }
        let (request, path) = try rest(server, limit: 1000)
        #expect(try await failure(client, request).kind == .tooLarge)
        #expect(try content(path).utf8.count <= 1004)
    }

    @Test func aRestNeedsAFile() async throws {
        let server = try StubServer { _ in .text("new", status: 206) }
        let (request, path) = try rest(server, behind: nil)
        let error = try await failure(client, request)
        #expect(error.kind == .invalidRequest && error.detail == "can't write \(path): No such file or directory")
        #expect(server.connections == 0 && !exists(path))
    }

    /// What the server has closed meanwhile shows itself only in the middle of the body.
    @Test func anUploadTrustsNoKeptConnection() async throws {
        let server = try StubServer { _ in .status(200) }
        let path = directory.file("upload")
        try Data(repeating: 7, count: 100_000).write(to: URL(fileURLWithPath: path))
        for _ in 0..<5 {
            _ = try await client.send(HTTPRequest("GET", server.url), deadline: patience)
            let request = HTTPRequest("PUT", server.url, body: .file(path: path))
            _ = try await client.send(request, deadline: patience)
        }
        #expect(server.requests.filter { $0.method == "PUT" }.map(\.bodyLength) == .init(repeating: 100_000, count: 5))
        // One that is kept for the GETs, and one for each PUT.
        #expect(server.connections == 6)
    }

    @Test(arguments: ["absent", ".", "pipe"])
    func whatIsNoReadableFileIsInvalid(name: String) async throws {
        mkfifo(directory.file("pipe"), 0o600)
        let server = try StubServer { _ in .status(200) }
        let request = HTTPRequest("PUT", server.url, body: .file(path: directory.file(name)))
        let error = try await failure(client, request)
        #expect(error.kind == .invalidRequest)
        #expect(error.detail.hasPrefix("can't read \(directory.file(name)): "))
        #expect(server.connections == 0)
    }

    /// A file that shrinks while it is sent must not become a shorter object.
    @Test func aFileThatShrinksEndsTheUpload() async throws {
        let path = directory.file("shrinking")
        // Sparse, and large enough that no machine has sent it before it shrinks.
        let length = 64 << 30
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(truncate(path, length) == 0)
        let server = try StubServer(bodyLimit: 0) { _ in .status(200) }
        let request = HTTPRequest("PUT", server.url, body: .file(path: path))
        async let error = failure(client, request)
        #expect(await eventually { server.openConnections == 1 })
        #expect(truncate(path, 10) == 0)
        let kind = try await error.kind
        #expect(kind == .invalidRequest)
        #expect(server.requests.isEmpty)
    }

    /// As below, for a part of a file and for what continues one.
    @Test func partsOfOneHundredMegabytesNeedNoMemory() async {
        await #expect(processExitsWith: .success) {
            let length = 100 << 20
            let server = try StubServer(bodyLimit: 0) { request in
                request.method == "GET" ? .streamed(206, headers: [], length: length) : .status(200)
            }
            let directory = try TemporaryDirectory()
            let path = directory.file("large")
            try Data([1]).write(to: URL(fileURLWithPath: path))
            let client = try makeClient()
            let before = try memory("VmHWM")
            let rest = HTTPRequest(
                "GET", server.url, sink: .fileEnd(path: path, status: 206, limit: Int64(length)))
            _ = try await client.send(rest, deadline: patience)
            let part = HTTPRequest("PUT", server.url, body: .file(path: path, range: 1..<Int64(length) + 1))
            _ = try await client.send(part, deadline: patience)
            #expect(try memory("VmHWM") - before < 16 << 10)
            #expect(server.requests.last?.bodyLength == length)
        }
    }

    /// In a process of its own, as other tests use memory too.
    @Test func twoHundredMegabytesEachWayNeedNoMemory() async {
        await #expect(processExitsWith: .success) {
            let length = 200 << 20
            let server = try StubServer(bodyLimit: 0) { request in
                request.method == "GET" ? .streamed(200, headers: [], length: length) : .status(200)
            }
            let directory = try TemporaryDirectory()
            let path = directory.file("large")
            let client = try makeClient()
            let before = try memory("VmHWM")
            let download = HTTPRequest("GET", server.url, sink: .file(path: path, limit: .max))
            _ = try await client.send(download, deadline: patience)
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            #expect(size == length)
            _ = try await client.send(HTTPRequest("PUT", server.url, body: .file(path: path)), deadline: patience)
            #expect(try memory("VmHWM") - before < 16 << 10)
            #expect(server.requests.last?.bodyLength == length)
        }
    }
}
