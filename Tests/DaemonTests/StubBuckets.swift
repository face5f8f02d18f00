/// The buckets of the stub's AWS: objects with conditions and ranges, and lists in pages.

import Foundation
import StubServer

@testable import AWS

extension AWSWorld {
    func bucketCall(_ request: StubRequest) -> String {
        switch request.method {
        case "GET" where request.query.contains("list-type"): "ListObjectsV2"
        case "GET": "GetObject"
        case "HEAD": "HeadObject"
        case "PUT": "PutObject"
        case "DELETE": "DeleteObject"
        default: "\(request.method) \(request.path)"
        }
    }

    mutating func answerBucket(_ call: String, _ request: StubRequest) -> StubReply {
        let path = request.path.split(separator: "/", maxSplits: 1).map(String.init)
        let (bucket, key) = (path.first ?? "", path.dropFirst().first?.removingPercentEncoding ?? "")
        guard let objects = buckets[bucket] else { return .s3("NoSuchBucket", status: 404) }
        if call == "ListObjectsV2" { return list(objects, parameters(request.query)) }
        let held = objects[key]
        if let refusal = refusal(request, held) { return refusal }
        switch call {
        case "PutObject":
            buckets[bucket]?[key] = request.body
            return .answer(200, headers: [("ETag", etag(request.body))], body: [])
        case "DeleteObject":
            buckets[bucket]?[key] = nil
            return .status(204)
        case "HeadObject":
            let id = [("x-amz-request-id", "req-1")]
            guard let held else { return .answer(mayListBuckets ? 404 : 403, headers: id, body: []) }
            let checksum = ("x-amz-checksum-sha256", Data(SHA256.hash(held)).base64EncodedString())
            return .answer(200, headers: id + [("ETag", etag(held)), checksum], body: held)
        default:
            guard let held else { return absent }
            return part(of: held, request)
        }
    }

    private func part(of held: [UInt8], _ request: StubRequest) -> StubReply {
        let headers = [("ETag", etag(held))]
        let ends = request.header("Range")?.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        guard let ends, ends.count == 2, ends[0] <= ends[1], ends[1] < held.count else {
            return .answer(200, headers: headers, body: held)
        }
        let range = ("Content-Range", "bytes \(ends[0])-\(ends[1])/\(held.count)")
        return .answer(206, headers: headers + [range], body: Array(held[ends[0]...ends[1]]))
    }

    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    private func refusal(_ request: StubRequest, _ held: [UInt8]?) -> StubReply? {
        if request.header("If-None-Match") == "*", held != nil { return .s3("PreconditionFailed", status: 412) }
        guard let expected = request.header("If-Match") else { return nil }
        guard let held else { return absent }
        return etag(held) == expected ? nil : .s3("PreconditionFailed", status: 412)
    }

    private var absent: StubReply {
        mayListBuckets ? .s3("NoSuchKey", status: 404) : .s3("AccessDenied", status: 403)
    }

    private func list(_ objects: [String: [UInt8]], _ query: [String: String]) -> StubReply {
        guard mayListBuckets else { return .s3("AccessDenied", status: 403) }
        let keys = objects.keys.filter { $0.hasPrefix(query["prefix"] ?? "") }.sorted()
        let start = Int(query["continuation-token"] ?? "0") ?? 0
        let page = keys.dropFirst(start).prefix(pageSize)
        let contents = page.map { key in
            "<Contents><Key>\(key)</Key><LastModified>2026-03-01T12:00:07.000Z</LastModified><Size>\(objects[key]?.count ?? 0)</Size></Contents>"
        }
        let isTruncated = start + page.count < keys.count
        let next = isTruncated ? "<NextContinuationToken>\(start + page.count)</NextContinuationToken>" : ""
        return .text(
            """
            <ListBucketResult><IsTruncated>\(isTruncated)</IsTruncated>\(contents.joined())\(next)</ListBucketResult>
            """)
    }

    private func etag(_ bytes: [UInt8]) -> String { "\"\(SHA256.hash(bytes).map { String($0) }.joined().prefix(32))\"" }
}

extension StubReply {
    static func s3(_ code: String, status: Int) -> StubReply {
        .text("<Error><Code>\(code)</Code><Message>No.</Message><RequestId>req-1</RequestId></Error>", status: status)
    }
}
