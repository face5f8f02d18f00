import Foundation
import StubServer
import Synchronization

@testable import AWS

/// A bucket of S3 behind the stub server, as far as transfers need one: conditions, parts, checksums and ranges.
final class StubBucket: Sendable {
    struct Object: Sendable, Equatable {
        var bytes: [UInt8]
        var checksum: String?
        var etag: String { "\"\(Hex.encode(SHA256.hash(bytes)).prefix(32))\"" }
    }

    private struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var begun = 0
    }

    private let state = Mutex(State())

    /// By the path that stands in the requests.
    subscript(path: String) -> Object? {
        get { state.withLock { $0.objects[path] } }
        set { state.withLock { $0.objects[path] = newValue } }
    }

    /// The uploads that were neither completed nor aborted.
    var openUploads: Int { state.withLock { $0.uploads.count } }

    func answer(_ request: StubRequest) -> StubReply {
        let upload = parameter("uploadId", of: request)
        return state.withLock { state in
            switch (request.method, upload) {
            case ("HEAD", _), ("GET", _): read(request, state)
            case ("PUT", nil): put(request, &state)
            case ("POST", nil): begin(&state)
            case ("PUT", let id?): takePart(request, id, &state)
            case ("POST", let id?): complete(request, id, &state)
            case ("DELETE", let id?): abort(id, &state)
            default: .status(405)
            }
        }
    }

    static func refusal(_ status: Int, _ code: String, headers: [(String, String)] = []) -> StubReply {
        .text(
            "<Error><Code>\(code)</Code><Message>No.</Message><RequestId>req-3</RequestId></Error>", status: status,
            headers: headers)
    }

    private func parameter(_ name: String, of request: StubRequest) -> String? {
        request.query.split(separator: "&").first { $0.hasPrefix(name + "=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    // MARK: Reading

    private func read(_ request: StubRequest, _ state: State) -> StubReply {
        let requestID = [("x-amz-request-id", "req-3")]
        guard let object = state.objects[request.path] else {
            return request.method == "HEAD"
                ? .answer(404, headers: requestID, body: []) : Self.refusal(404, "NoSuchKey")
        }
        if let etag = request.header("If-Match"), etag != object.etag { return Self.refusal(412, "PreconditionFailed") }
        var headers = requestID + [("ETag", object.etag), ("Last-Modified", "Sun, 01 Mar 2026 12:00:07 GMT")]
        if request.method == "HEAD" {
            if request.header("x-amz-checksum-mode") == "ENABLED", let checksum = object.checksum {
                headers.append(("x-amz-checksum-sha256", checksum))
            }
            return .answer(200, headers: headers, body: object.bytes)
        }
        guard let range = Self.range(of: request) else { return .answer(200, headers: headers, body: object.bytes) }
        headers.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.bytes.count)"))
        return .answer(206, headers: headers, body: Array(object.bytes[range]))
    }

    static func range(of request: StubRequest) -> Range<Int>? {
        guard let ends = request.header("Range")?.dropFirst(6).split(separator: "-").compactMap({ Int($0) }),
            ends.count == 2
        else { return nil }
        return ends[0]..<ends[1] + 1
    }

    // MARK: Writing

    private func put(_ request: StubRequest, _ state: inout State) -> StubReply {
        guard isIntact(request) else { return Self.refusal(400, "BadDigest") }
        guard mayWrite(request, state) else { return Self.refusal(412, "PreconditionFailed") }
        let object = Object(bytes: request.body, checksum: request.header("x-amz-checksum-sha256"))
        state.objects[request.path] = object
        return .answer(200, headers: [("ETag", object.etag)], body: [])
    }

    private func begin(_ state: inout State) -> StubReply {
        state.begun += 1
        state.uploads["up-\(state.begun)"] = [:]
        return .text(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>b</Bucket>\
            <Key>k</Key><UploadId>up-\(state.begun)</UploadId></InitiateMultipartUploadResult>
            """)
    }

    private func takePart(_ request: StubRequest, _ id: String, _ state: inout State) -> StubReply {
        guard isIntact(request) else { return Self.refusal(400, "BadDigest") }
        guard let number = parameter("partNumber", of: request).flatMap({ Int($0) }), state.uploads[id] != nil else {
            return Self.refusal(404, "NoSuchUpload")
        }
        state.uploads[id]?[number] = request.body
        return .answer(200, headers: [("ETag", Object(bytes: request.body).etag)], body: [])
    }

    private func complete(_ request: StubRequest, _ id: String, _ state: inout State) -> StubReply {
        guard let parts = state.uploads[id]?.sorted(by: { $0.key < $1.key }) else {
            return Self.refusal(404, "NoSuchUpload")
        }
        guard mayWrite(request, state) else { return Self.refusal(412, "PreconditionFailed") }
        guard let root = try? XMLNode(parsing: request.body), root.name == "CompleteMultipartUpload",
            root.children.map(Self.named) == parts.map(Self.named)
        else { return Self.refusal(400, "InvalidPart") }
        state.uploads[id] = nil
        let hashes = parts.flatMap { SHA256.hash($0.value) }
        let object = Object(
            bytes: parts.flatMap(\.value), checksum: "\(S3.base64(SHA256.hash(hashes)))-\(parts.count)")
        state.objects[request.path] = object
        let etag = object.etag.replacing("\"", with: "&quot;")
        return .text(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <CompleteMultipartUploadResult><Location>l</Location><ETag>\(etag)</ETag></CompleteMultipartUploadResult>
            """)
    }

    private func abort(_ id: String, _ state: inout State) -> StubReply {
        state.uploads.removeValue(forKey: id) == nil ? Self.refusal(404, "NoSuchUpload") : .status(204)
    }

    private func mayWrite(_ request: StubRequest, _ state: State) -> Bool {
        request.header("If-None-Match") != "*" || state.objects[request.path] == nil
    }

    private func isIntact(_ request: StubRequest) -> Bool {
        let hash = SHA256.hash(request.body)
        return request.header("x-amz-checksum-sha256") == S3.base64(hash)
            && request.header("x-amz-content-sha256") == Hex.encode(hash)
    }

    private static func named(_ part: XMLNode) -> [String] {
        ["PartNumber", "ETag", "ChecksumSHA256"].map { (try? part.text($0)) ?? "none" }
    }

    private static func named(_ part: (key: Int, value: [UInt8])) -> [String] {
        [String(part.key), Object(bytes: part.value).etag, S3.base64(SHA256.hash(part.value))]
    }
}

/// A bucket, a client for it, and a directory for files.
final class TransferStand: Sendable {
    static let credentials = Stand.credentials
    let bucket: StubBucket
    let stand: Stand
    let directory: String

    /// - Parameter meddle: answers in the bucket's place, where it does; gets the number of the request of that method, from 1 on.
    init(
        policy: RetryPolicy = RetryPolicy(), region: String = "eu-central-1",
        meddle: @escaping @Sendable (StubRequest, Int, StubBucket) -> StubReply? = { _, _, _ in nil }
    ) throws {
        let (bucket, counts) = (StubBucket(), Counts())
        self.bucket = bucket
        stand = try Stand(region: region, policy: policy) { request in
            meddle(request, counts.next(request.method), bucket) ?? bucket.answer(request)
        }
        directory = FileManager.default.temporaryDirectory.path + "/aws-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    // What can't be removed is left to the system's own cleaning.
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var client: AWSClient { stand.client }
    var requests: [StubRequest] { stand.server.requests }
    /// `PUT 2` for the second part, `POST` for the rest, and so on.
    var sequence: [String] {
        requests.map { request in
            let number = request.query.split(separator: "&").first { $0.hasPrefix("partNumber=") }
            return request.method + (number.map { " \($0.dropFirst(11))" } ?? "")
        }
    }

    /// Writes a file of that many bytes, none of them like its neighbours.
    func file(_ size: Int, name: String = "source") throws -> String {
        let path = "\(directory)/\(name)"
        try Data(Self.bytes(size)).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func bytes(_ size: Int) -> [UInt8] { (0..<size).map { UInt8($0 % 251) } }

    var target: String { "\(directory)/target" }

    func content(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

private final class Counts: Sendable {
    private let counts = Mutex([String: Int]())

    func next(_ method: String) -> Int {
        counts.withLock { counts in
            counts[method, default: 0] += 1
            return counts[method, default: 0]
        }
    }
}

/// What a progress callback was told.
final class ProgressNotes: Sendable {
    private let notes = Mutex([[Int64]]())

    var all: [[Int64]] { notes.withLock { $0 } }
    var callback: S3.Progress { { done, total in self.notes.withLock { $0.append([done, total]) } } }
}

extension S3.UploadOptions {
    /// Files of more than 1000 bytes go in parts of as many.
    static func small(if condition: S3.Condition? = nil, encryption: S3.Encryption = .bucketDefault) -> Self {
        var options = S3.UploadOptions(condition: condition, encryption: encryption, threshold: 1000)
        options.partSize = 1000
        return options
    }
}
