import Glibc
import HTTP

/// Objects to files, whatever their size, through a fixed amount of memory.
extension AWSClient {
    /// Writes an object to a new file: the whole of it, as it was at the beginning, or no file at all.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/range-get-olap.html
    ///
    /// It is asked for in parts, each on the condition that the object is still the same. A part that breaks off is resumed
    /// where it ended; after as many failures in a row as the client's policy has attempts, without one byte between
    /// them, the download fails. Compared are the length, and the SHA-256 where S3 keeps one of the whole content; of
    /// an object that was uploaded in parts it has only one of the parts' hashes, which says nothing to us. It may be as
    /// slow as 256 KiB/s on average; there is no deadline, and a caller who wants one cancels the task.
    ///
    /// - Parameters:
    ///   - path: of the file, which must not exist. It is readable by its owner only, and not yet synced to disk: that is the
    ///     caller's business.
    ///   - limit: a larger object, in bytes, is an error before anything is received.
    ///   - partSize: how much is asked for at once, in bytes, above zero.
    ///   - admit: called with what is to come, before anything is received; what it throws ends the download.
    ///   - progress: called after each part, and after each piece of one that broke off.
    /// - Returns: what was downloaded.
    /// - Throws: `AWSError`, where there is no such object as with `Operation.headObject`; `S3.TransferError`; what `admit`
    ///   throws; `CancellationError`.
    package func download(
        _ key: String, from bucket: String, to path: String, limit: Int64, partSize: Int64 = S3.partSize,
        admit: (S3.ObjectInfo) throws -> Void = { _ in }, progress: S3.Progress? = nil
    ) async throws -> S3.ObjectInfo {
        precondition(partSize > 0)
        let info = try await send(.headObject(key, in: bucket))
        guard info.size <= limit else { throw S3.TransferError.tooLarge(key: key, size: info.size, limit: limit) }
        try admit(info)
        try LocalFile.create(path)
        do {
            var reception = Reception(key: key, bucket: bucket, path: path, info: info, partSize: partSize)
            while let range = reception.next {
                try await receive(range, &reception)
                progress?(reception.received, info.size)
            }
            try await compare(info, with: path, key)
            return info
        } catch {
            unlink(path)
            throw error
        }
    }

    /// A download on its way.
    private struct Reception {
        let key: String
        let bucket: String
        let path: String
        let info: S3.ObjectInfo
        let partSize: Int64
        /// In bytes: as long as the file is.
        var received: Int64 = 0
        /// How many requests in a row have brought nothing.
        var failures = 0

        /// The part to ask for; nil: all is there.
        var next: Range<Int64>? {
            received < info.size ? received..<min(received + partSize, info.size) : nil
        }
    }

    /// Asks once. Returns where some of the part came, or where it may be asked for again, after a pause.
    private func receive(_ range: Range<Int64>, _ reception: inout Reception) async throws {
        let (key, path) = (reception.key, reception.path)
        var failure: AWSError?
        do {
            let answer = try await sendPatiently(
                .getObject(
                    key, in: reception.bucket, part: range, ifUnchanged: reception.info.etag, to: path))
            let expected = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(reception.info.size)"
            guard answer.status == 206, answer.contentRange == expected else {
                let said = "HTTP \(answer.status), \(answer.contentRange ?? "no Content-Range")"
                throw S3.TransferError.otherPart(key: key, said: said)
            }
        } catch let error as AWSError {
            if error.isPreconditionFailed { throw S3.TransferError.objectChanged(key: key) }
            failure = error
        }
        reception.received = try LocalFile(at: path).size
        reception.failures = reception.received > range.lowerBound ? 0 : reception.failures + 1
        if let failure {
            try await pause(after: failure, reception.failures)
        } else if reception.failures >= policy.attempts {
            throw S3.TransferError.truncated(key: key, received: reception.received, size: reception.info.size)
        }
    }

    /// - Throws: `error` where the policy says stop, or has been exhausted by the call itself; `CancellationError`.
    private func pause(after error: AWSError, _ failures: Int) async throws {
        var situation = RetryPolicy.Situation()
        situation.attempt = max(1, failures)
        situation.deadline = .seconds(60)
        situation.random = timing.random()
        guard error.attempts < policy.attempts, case .retry(let pause) = policy.verdict(on: error, in: situation) else {
            throw error
        }
        try await timing.clock.sleep(for: pause)
    }

    private func compare(_ info: S3.ObjectInfo, with path: String, _ key: String) async throws {
        let file = try LocalFile(at: path)
        guard file.size == info.size else {
            throw S3.TransferError.truncated(key: key, received: file.size, size: info.size)
        }
        guard let expected = info.wholeChecksum else { return }
        let received = S3.base64(try await file.sha256(of: [0..<file.size])[0])
        guard received == expected else {
            throw S3.TransferError.otherContent(key: key, expected: expected, received: received)
        }
    }
}
