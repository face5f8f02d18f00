import FoundationEssentials
import HTTP

/// S3's nouns, and the calls on small objects, which are held in memory whole and changed by compare-and-swap. What is
/// too large for that is streamed from and to files, by methods of their own beside `AWSClient.send`.
package enum S3 {
    /// The mark of one content of an object: another content has another mark. Opaque; the quotes are part of it.
    package struct ETag: Sendable, Hashable, CustomStringConvertible {
        package let text: String

        package init(_ text: String) { self.text = text }

        package var description: String { text }
    }

    package struct Object: Sendable, Equatable {
        package var bytes: [UInt8]
        package var etag: ETag
    }

    /// An object as a list shows it.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    package struct ListedObject: Sendable, Equatable {
        package var key: String
        /// In bytes.
        package var size: Int
        package var lastModified: Date
    }

    /// What has to be so for a write to be carried out: S3 compares and writes as one step.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    package enum Condition: Sendable, Hashable {
        /// There is no object under this key.
        case absent
        /// The object is the one that was read. In a policy this takes `s3:GetObject` besides the right to write.
        case unchanged(ETag)

        var header: Parameter {
            switch self {
            case .absent: Parameter("If-None-Match", "*")
            case .unchanged(let etag): Parameter("If-Match", etag.text)
            }
        }
    }

    /// How the object is encrypted where it lies.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
    package enum Encryption: Sendable, Hashable {
        /// As the bucket is set up: nothing is asked for.
        case bucketDefault
        /// With a key of S3's.
        case aes256
        /// With a key of KMS, by its ID, ARN or alias; nil: the account's own for S3. In a policy this takes
        /// `kms:GenerateDataKey` and `kms:Decrypt`.
        case kms(keyID: String?)

        var headers: [Parameter] {
            switch self {
            case .bucketDefault: []
            case .aes256: [Parameter("x-amz-server-side-encryption", "AES256")]
            case .kms(let keyID):
                [Parameter("x-amz-server-side-encryption", "aws:kms")]
                    + (keyID.map { [Parameter("x-amz-server-side-encryption-aws-kms-key-id", $0)] } ?? [])
            }
        }
    }

    /// The largest object that is held in memory, in bytes.
    package static let smallObjectLimit = 64 << 10
}

extension Operation where Output == S3.Object {
    /// Reads a small object. Strongly consistent: it is what the latest write left.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    ///
    /// An object that does not exist is an error, `AWSError.isAbsentObject`, and only that: without `s3:ListBucket` S3
    /// answers `AccessDenied` instead, which says nothing.
    ///
    /// - Parameter limit: in bytes; a larger object is `HTTPError.tooLarge`.
    package static func getObject(
        _ key: String, in bucket: String, limit: Int = S3.smallObjectLimit
    ) -> Operation {
        Operation(
            .s3, "GetObject", .object("GET", key), bucket: bucket, answerLimit: limit
        ) { answer throws(XMLError) in
            S3.Object(bytes: answer.body, etag: try answer.etag())
        }
    }
}

extension Operation where Output == S3.ETag {
    /// Writes a small object if its condition holds, and gives its new mark.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    ///
    /// Where it does not hold the error is `AWSError.isPreconditionFailed` (or `isAbsentObject`, where an object was to be
    /// unchanged); where another write was under way at the same time, `isConditionalConflict`. Nothing was written then.
    /// It is not sent again where its fate is open (`AWSError.leavesFateOpen`), as the second would be refused had the
    /// first been carried out: the caller reads the object again.
    package static func putObject(
        _ body: [UInt8], as key: String, in bucket: String, if condition: S3.Condition,
        contentType: String = "application/octet-stream", encryption: S3.Encryption = .bucketDefault
    ) -> Operation {
        precondition(body.count <= S3.smallObjectLimit)
        // A bucket with a default retention (Object Lock) takes nothing without a checksum.
        let checksum = Parameter(S3.checksumHeader, S3.base64(SHA256.hash(body)))
        let headers = [Parameter("Content-Type", contentType), condition.header, checksum] + encryption.headers
        let payload = Payload.object("PUT", key, headers: headers, body: body)
        return Operation(.s3, "PutObject", payload, bucket: bucket, isIdempotent: false) { answer throws(XMLError) in
            try answer.etag()
        }
    }
}

extension Operation where Output == Void {
    /// Deletes an object. In a bucket with versions the older ones stay.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
    ///
    /// - Parameter etag: nil: whatever is there; an object that does not exist is no error then. Else only that content,
    ///   and everything is as with `putObject`: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
    package static func deleteObject(_ key: String, in bucket: String, ifUnchanged etag: S3.ETag? = nil) -> Operation {
        let headers = etag.map { [S3.Condition.unchanged($0).header] } ?? []
        // Success is in the status alone: 204, and no body.
        return Operation(
            .s3, "DeleteObject", .object("DELETE", key, headers: headers), bucket: bucket, isIdempotent: etag == nil,
            reading: { _ in })
    }
}

extension Operation where Output == Page<S3.ListedObject> {
    /// The objects whose keys begin with `prefix`, in the order of their keys' bytes. Strongly consistent.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    ///
    /// - Parameters:
    ///   - prefix: of whole keys: it ends in a slash where a folder is meant.
    ///   - pageSize: objects in a page, 1 to 1000.
    package static func listObjects(under prefix: String, in bucket: String, pageSize: Int = 1000) -> Operation {
        precondition((1...1000).contains(pageSize))
        // Keys may hold characters that no XML may, so they are asked for percent-encoded.
        let payload = Payload.rest(
            method: "GET", path: "/",
            query: [
                Parameter("list-type", "2"), Parameter("prefix", prefix), Parameter("encoding-type", "url"),
                Parameter("max-keys", String(pageSize)),
            ])
        return Operation(.s3, "ListObjectsV2", payload, bucket: bucket) { answer throws(XMLError) in
            try answer.expectRoot("ListBucketResult")
            let isEncoded = try answer.optionalText("EncodingType") == "url"
            var page = Page<S3.ListedObject>(items: [])
            for node in try answer.all("Contents") {
                page.items.append(try S3.ListedObject(node, isKeyEncoded: isEncoded))
            }
            // Required, so that an answer which lacks it never reads as a list that is complete (F5).
            guard try answer.bool("IsTruncated") else { return page }
            page.next = payload.adding(Parameter("continuation-token", try answer.text("NextContinuationToken")))
            return page
        }
    }
}

// MARK: Sending and reading

extension Payload {
    /// A request for one object. The key is percent-encoded once, its slashes kept, as it is signed.
    static func object(
        _ method: String, _ key: String, query: [Parameter] = [], headers: [Parameter] = [], body: [UInt8] = []
    ) -> Payload {
        // Without a key the request would mean the bucket: to list it, to delete it.
        precondition(!key.isEmpty)
        return .rest(
            method: method, path: "/" + URIEncoding.encodePath(key), query: query, headers: headers, body: body)
    }
}

extension HTTPResponse {
    func etag() throws(XMLError) -> S3.ETag {
        guard let text = headers["ETag"], !text.isEmpty else { throw .missingHeader("ETag") }
        return S3.ETag(text)
    }
}

extension S3.ListedObject {
    fileprivate init(_ node: XMLNode, isKeyEncoded: Bool) throws(XMLError) {
        let text = try node.text("Key")
        key = isKeyEncoded ? try Self.decoded(text, at: node.path + "/Key") : text
        size = try node.int("Size")
        lastModified = try node.date("LastModified")
    }

    /// S3 encodes as forms do: a space is a plus sign, and a plus sign `%2B`.
    private static func decoded(_ key: String, at path: String) throws(XMLError) -> String {
        do {
            return try URIEncoding.decode(key.replacing("+", with: " "))
        } catch {
            throw .unreadable(path: path, text: String(key.prefix(64)), expected: "percent-encoded UTF-8")
        }
    }
}
