import FoundationEssentials
import Glibc

/// What is said about objects that go from and to files.
extension S3 {
    /// How far a transfer has come, in bytes. Called after each part, never at the same time twice, from any thread: it has
    /// to return at once.
    package typealias Progress = @Sendable (_ done: Int64, _ total: Int64) -> Void

    /// Returns once an object may be made of a file, and throws where it may not.
    package typealias Approval = @Sendable () async throws -> Void

    package struct UploadOptions: Sendable, Equatable {
        /// What has to be so for the object to be written; nil: it replaces whatever is there.
        package var condition: Condition?
        package var encryption: Encryption
        package var contentType: String
        /// A file of more bytes than this goes in parts.
        package var threshold: Int64
        /// The length of a part in bytes; longer where there would be more than 10,000 of them.
        package internal(set) var partSize: Int64

        /// - Parameters:
        ///   - threshold: up to 5 GiB, which is the most that S3 takes at once.
        ///   - partSize: 5 MiB to 5 GiB.
        package init(
            condition: Condition? = nil, encryption: Encryption = .bucketDefault,
            contentType: String = "application/octet-stream", threshold: Int64 = S3.partSize,
            partSize: Int64 = S3.partSize
        ) {
            precondition((0...5 << 30).contains(threshold) && (5 << 20...5 << 30).contains(partSize))
            self.condition = condition
            self.encryption = encryption
            self.contentType = contentType
            self.threshold = threshold
            self.partSize = partSize
        }
    }

    /// An object that an upload has written.
    package struct Uploaded: Sendable, Equatable {
        package var etag: ETag
        /// In bytes.
        package var size: Int64
        /// As S3 keeps it: see `ObjectInfo.checksum`.
        package var checksum: String
    }

    /// What S3 says of an object without handing it out.
    package struct ObjectInfo: Sendable, Equatable {
        /// In bytes.
        package var size: Int64
        package var etag: ETag
        package var lastModified: Date?
        /// SHA-256 in base 64: of the whole content, or, with `-N` at the end, of the hashes of its N parts. Nil where the
        /// object was written without one.
        /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
        package var checksum: String?

        /// The checksum where it is one of the whole content: never of an object that was written in parts, whose mark, too,
        /// ends in their number.
        var wholeChecksum: String? { checksum.flatMap { "\(etag)\($0)".contains("-") ? nil : $0 } }
    }

    /// The usual length of a part, in bytes: what is sent again after a failure.
    package static let partSize: Int64 = 64 << 20

    /// Slower than this, in bytes a second, no transfer may be on average.
    static let slowestRate: Int64 = 256 << 10
}

extension S3 {
    /// Why a transfer failed at something else than a call.
    package enum TransferError: Error, Sendable, Equatable {
        /// The file can't be read, or is none.
        case unreadable(path: String, reason: String)
        /// The file can't be made or written. It is no longer there, unless it was there before.
        case unwritable(path: String, reason: String)
        /// The file became another one while it was sent: no object was written.
        case fileChanged(path: String)
        /// The object has more bytes than the caller wants.
        case tooLarge(key: String, size: Int64, limit: Int64)
        /// Another object came to stand under the key while it was received.
        case objectChanged(key: String)
        /// S3, or something in between, sent another part than it was asked for; `said` is what it called it.
        case otherPart(key: String, said: String)
        /// Of an object of `size` bytes no more than `received` came, however often it was asked for.
        case truncated(key: String, received: Int64, size: Int64)
        /// What came is not what was written: its SHA-256 differs. Both in base 64.
        case otherContent(key: String, expected: String, received: String)
    }
}

extension S3.TransferError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "can't read \(path): \(reason)"
        case .unwritable(let path, let reason): "can't write \(path): \(reason)"
        case .fileChanged(let path): "\(path) changed while it was sent"
        case .tooLarge(let key, let size, let limit): "\(key) has \(size) bytes; no more than \(limit) are wanted"
        case .objectChanged(let key): "\(key) was replaced while it was received"
        case .otherPart(let key, let said): "in place of the part of \(key) that was asked for came: \(said)"
        case .truncated(let key, let received, let size): "of the \(size) bytes of \(key) only \(received) came"
        case .otherContent(let key, let expected, let received):
            "\(key) came damaged: its SHA-256 is \(received), not \(expected)"
        }
    }
}

/// Why the system refused what was just asked of it, for an error's `reason`.
func systemReason() -> String { String(cString: strerror(errno)) }
