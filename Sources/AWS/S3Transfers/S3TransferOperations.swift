/// The calls that transfers consist of.

import FoundationEssentials
import HTTP

extension Operation where Output == S3.ObjectInfo {
    /// Asks for an object's size, mark and checksum.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    ///
    /// An error comes without a body, so nothing but its status is known. `AWSError.isAbsentObject` is 404, where the bucket
    /// itself may be absent, and only that: 403 says nothing, and without `s3:ListBucket` stands for an absent object, too.
    /// Credentials that have expired can't be told from others that are refused.
    package static func headObject(_ key: String, in bucket: String) -> Operation {
        let payload = Payload.object("HEAD", key, headers: [Parameter("x-amz-checksum-mode", "ENABLED")])
        return Operation(.s3, "HeadObject", payload, bucket: bucket) { answer throws(XMLError) in
            guard let size = answer.headers["Content-Length"].flatMap({ Int64($0) }), size >= 0 else {
                throw .missingHeader("Content-Length")
            }
            return S3.ObjectInfo(
                size: size, etag: try answer.etag(),
                lastModified: answer.headers["Last-Modified"].flatMap(Date.init(httpDate:)),
                checksum: answer.headers[S3.checksumHeader])
        }
    }
}

extension Operation where Output == S3.ETag {
    /// Writes bytes of a file as an object.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    ///
    /// It is sent again where its fate is open: a repetition is refused if there is a condition and the first was carried
    /// out, and whether it was, the checksum of the object tells.
    static func putObject(_ piece: S3.Piece, as target: S3.Target) -> Operation {
        var operation = Operation(
            .s3, "PutObject",
            .object("PUT", target.key, headers: target.headers + target.conditions + [piece.checksum]),
            bucket: target.bucket
        ) { answer throws(XMLError) in try answer.etag() }
        operation.stream(piece)
        operation.countsEverySending = true
        return operation
    }

    /// Sends bytes of a file as one part of an upload, replacing an earlier part of that number.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    ///
    /// - Parameter number: 1 to 10,000.
    static func uploadPart(_ number: Int, _ piece: S3.Piece, of upload: S3.Upload) -> Operation {
        let query = [Parameter("partNumber", String(number))] + upload.query
        var operation = Operation(
            .s3, "UploadPart", .object("PUT", upload.target.key, query: query, headers: [piece.checksum]),
            bucket: upload.target.bucket
        ) { answer throws(XMLError) in try answer.etag() }
        operation.stream(piece)
        return operation
    }

    /// Makes the parts one object, if the condition holds.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    ///
    /// It is sent again where its fate is open, as `putObject` is. The answer may begin with 200, go on with white space
    /// for minutes, and be an error.
    static func completeUpload(_ upload: S3.Upload, of parts: [S3.Part]) -> Operation {
        let payload = Payload.object(
            "POST", upload.target.key, query: upload.query, headers: upload.target.conditions,
            body: Array(list(of: parts).utf8))
        var operation = Operation(.s3, "CompleteMultipartUpload", payload, bucket: upload.target.bucket) {
            answer throws(XMLError) in
            // The mark alone says that there is an object now, whatever stands around it.
            S3.ETag(try XMLNode(parsing: answer.bodyWithoutMargin).text("ETag"))
        }
        operation.mayFailLate = true
        operation.countsEverySending = true
        operation.attemptTimeout = .seconds(300)
        return operation
    }

    private static func list(of parts: [S3.Part]) -> String {
        let items = parts.enumerated().map { index, part in
            "<Part>\(element("PartNumber", String(index + 1)))\(element("ETag", part.etag.text))"
                + "\(element("ChecksumSHA256", S3.base64(part.sha256)))</Part>"
        }
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/\(Service.s3.version)/">\(items.joined())\
            </CompleteMultipartUpload>
            """
    }
}

extension Operation where Output == S3.Upload {
    /// Begins an upload in parts. One that is begun twice, as the answer to the first was lost, is left for the bucket's
    /// lifecycle rule (`AbortIncompleteMultipartUpload`).
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
    static func createUpload(to target: S3.Target) -> Operation {
        let payload = Payload.object(
            "POST", target.key, query: [Parameter("uploads", "")],
            headers: target.headers + [Parameter("x-amz-checksum-algorithm", "SHA256")])
        return Operation(
            .s3, "CreateMultipartUpload", payload, bucket: target.bucket,
            decode: { root throws(XMLError) in
                try root.expectRoot("InitiateMultipartUploadResult")
                return S3.Upload(id: try root.text("UploadId"), target: target)
            })
    }
}

extension Operation where Output == Void {
    /// Gives up an upload, so that its parts cost nothing any more.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
    static func abortUpload(_ upload: S3.Upload) -> Operation {
        Operation(
            .s3, "AbortMultipartUpload", .object("DELETE", upload.target.key, query: upload.query),
            bucket: upload.target.bucket, reading: { _ in })
    }
}

extension Operation where Output == S3.PartAnswer {
    /// Reads a part of an object, as long as it is the one with that mark, to the end of a file.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    ///
    /// Not repeated as it is after a failure: what came is in the file, and the one who asks has to ask for less.
    ///
    /// - Parameter range: in bytes, not empty.
    static func getObject(
        _ key: String, in bucket: String, part range: Range<Int64>, ifUnchanged etag: S3.ETag, to path: String
    ) -> Operation {
        let headers = [
            Parameter("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"),
            S3.Condition.unchanged(etag).header,
        ]
        let payload = Payload.object("GET", key, headers: headers)
        var operation = Operation(.s3, "GetObject", payload, bucket: bucket, isIdempotent: false) {
            answer throws(XMLError) in
            S3.PartAnswer(status: answer.status, contentRange: answer.headers["Content-Range"])
        }
        operation.file = .destination(path: path, limit: Int64(range.count))
        operation.expects(bytes: Int64(range.count))
        return operation
    }
}

// MARK: What they are made of

extension S3 {
    static let checksumHeader = "x-amz-checksum-sha256"

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Where an upload goes, and how.
    struct Target: Sendable, Equatable {
        var key: String
        var bucket: String
        var options: UploadOptions

        /// What the object is to be, said at the beginning.
        var headers: [Parameter] { [Parameter("Content-Type", options.contentType)] + options.encryption.headers }
        /// What has to be so, said at the end.
        var conditions: [Parameter] { options.condition.map { [$0.header] } ?? [] }
    }

    /// An upload in parts that S3 knows of.
    struct Upload: Sendable, Equatable {
        var id: String
        var target: Target

        var query: [Parameter] { [Parameter("uploadId", id)] }
    }

    /// Bytes of a file that are sent in one go.
    struct Piece: Sendable, Equatable {
        var path: String
        var range: Range<Int64>
        var sha256: [UInt8]

        /// Makes S3 compare what arrived, and keep the hash beside the object.
        var checksum: Parameter { Parameter(S3.checksumHeader, S3.base64(sha256)) }
    }

    /// A part that has arrived.
    struct Part: Sendable, Equatable {
        var etag: ETag
        var sha256: [UInt8]
    }

    /// What S3 said of the part that it sent.
    struct PartAnswer: Sendable, Equatable {
        var status: Int
        var contentRange: String?
    }
}

extension Operation {
    fileprivate mutating func stream(_ piece: S3.Piece) {
        file = .source(path: piece.path, range: piece.range, sha256: piece.sha256)
        expects(bytes: Int64(piece.range.count))
    }

    /// Gives each attempt the time that so many bytes take at the slowest: an upload that still moves is not cut off, and
    /// one that does not ends after a minute, as every transfer of files.
    fileprivate mutating func expects(bytes: Int64) {
        attemptTimeout = .seconds(30 + bytes / S3.slowestRate)
    }

    /// Whether an answer of 2xx is an error after all.
    func isRefusedLate(by answer: HTTPResponse) -> Bool {
        guard mayFailLate else { return false }
        // What is no XML at all is for `read` to complain about.
        return (try? XMLNode(parsing: answer.bodyWithoutMargin))?.name == "Error"
    }
}

extension HTTPResponse {
    /// The body without the white space before it, by which S3 keeps a connection alive.
    fileprivate var bodyWithoutMargin: [UInt8] { Array(body.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }) }
}
