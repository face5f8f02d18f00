/// Files to objects, whatever their size, through a fixed amount of memory.
extension AWSClient {
    /// Writes a file as an object: in one call up to `options.threshold` bytes, in parts above. There is the whole object or
    /// none, never a part of it; a condition is decided at the end. Every byte is compared by SHA-256 on arrival.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
    ///
    /// Each part is retried as the client's policy says, however long the whole takes, and may be as slow as 256 KiB/s on
    /// average; so there is no deadline, and a caller who wants one cancels the task. An upload in parts that fails or is
    /// cancelled is aborted, for which up to 5 s more are taken. Where that fails, too, or the process ends, its parts
    /// stay, unseen and paid for, until the bucket's lifecycle rule removes them (`AbortIncompleteMultipartUpload`).
    ///
    /// In a policy it takes `s3:PutObject`, `s3:AbortMultipartUpload`, and `s3:GetObject` to find out by the checksum whether
    /// a write whose answer was lost was carried out.
    ///
    /// - Parameters:
    ///   - path: a regular file, which must not change meanwhile.
    ///   - key: the object's name, not empty.
    ///   - progress: called after each part.
    ///   - approval: awaited before the call that makes the object, when all parts of a large one are there: whoever has to
    ///     read the file to its end before it may be an object does so meanwhile, and throws where it may not.
    /// - Throws: `AWSError`, where the condition does not hold as with `Operation.putObject`; `S3.TransferError` where the
    ///   file can't be read or changes; what `approval` throws; `CancellationError`. There is no object then, unless an
    ///   error of AWS's leaves that open.
    package func upload(
        _ path: String, to key: String, in bucket: String, _ options: S3.UploadOptions = .init(),
        progress: S3.Progress? = nil, once approval: S3.Approval? = nil
    ) async throws -> S3.Uploaded {
        let file = try LocalFile(at: path)
        let target = S3.Target(key: key, bucket: bucket, options: options)
        if file.size <= options.threshold {
            let piece = try await pieces(of: file, [0..<file.size])[0]
            try await approval?()
            return try await uploadWhole(piece, to: target, progress)
        }
        let upload = try await sendPatiently(.createUpload(to: target))
        do {
            let parts = try await uploadParts(of: file, upload, progress)
            try await approval?()
            // Parts of two different files would make an object of neither.
            guard try LocalFile(at: path) == file else { throw S3.TransferError.fileChanged(path: path) }
            return try await confirmed(
                .completeUpload(upload, of: parts), for: target, size: file.size, checksum: compositeChecksum(parts))
        } catch {
            await abort(upload)
            throw error
        }
    }

    private func uploadWhole(
        _ piece: S3.Piece, to target: S3.Target, _ progress: S3.Progress?
    ) async throws -> S3.Uploaded {
        let size = piece.range.upperBound
        let uploaded = try await confirmed(
            .putObject(piece, as: target), for: target, size: size, checksum: S3.base64(piece.sha256))
        progress?(size, size)
        return uploaded
    }

    private func uploadParts(
        of file: LocalFile, _ upload: S3.Upload, _ progress: S3.Progress?
    ) async throws -> [S3.Part] {
        let ranges = partRanges(of: file.size, wanted: upload.target.options.partSize)
        let batches = stride(from: 0, to: ranges.count, by: 4).map { Array(ranges[$0..<min($0 + 4, ranges.count)]) }
        var parts: [S3.Part] = []
        var ready = try await pieces(of: file, batches[0])
        for batch in 0..<batches.count {
            let pieces = ready
            // While some parts are on their way the next ones are hashed, by fours: side by side that is faster.
            async let next = batch + 1 < batches.count ? self.pieces(of: file, batches[batch + 1]) : []
            for piece in pieces {
                let etag = try await send(piece, as: parts.count + 1, of: file, upload)
                parts.append(S3.Part(etag: etag, sha256: piece.sha256))
                progress?(piece.range.upperBound, file.size)
            }
            ready = try await next
        }
        return parts
    }

    /// A part that can't be read any more is no fault of S3's.
    private func send(
        _ piece: S3.Piece, as number: Int, of file: LocalFile, _ upload: S3.Upload
    ) async throws -> S3.ETag {
        do {
            return try await sendPatiently(.uploadPart(number, piece, of: upload))
        } catch let error as AWSError {
            guard try LocalFile(at: file.path) == file else { throw S3.TransferError.fileChanged(path: file.path) }
            throw error
        }
    }

    private func pieces(of file: LocalFile, _ ranges: [Range<Int64>]) async throws -> [S3.Piece] {
        zip(ranges, try await file.sha256(of: ranges)).map { S3.Piece(path: file.path, range: $0, sha256: $1) }
    }

    /// Carries out the write that decides. Where its answer was lost, or a repetition was refused as the first attempt had
    /// been carried out after all, the object itself tells: its checksum is ours.
    private func confirmed(
        _ write: Operation<S3.ETag>, for target: S3.Target, size: Int64, checksum: String
    ) async throws -> S3.Uploaded {
        do {
            let etag = try await sendPatiently(write)
            return S3.Uploaded(etag: etag, size: size, checksum: checksum)
        } catch let error as AWSError where error.mayHideSuccess {
            let info: S3.ObjectInfo
            do {
                info = try await send(.headObject(target.key, in: target.bucket))
            } catch is CancellationError {
                throw CancellationError()
            } catch _ {
                // Whatever keeps us from looking, what made us look says more.
                throw error
            }
            guard info.size == size, info.checksum == checksum else { throw error }
            return S3.Uploaded(etag: info.etag, size: size, checksum: checksum)
        }
    }

    /// Sends what S3 may need its time for: every attempt that the policy allows gets its full time.
    func sendPatiently<Output>(_ operation: Operation<Output>) async throws -> Output {
        let attempt = (operation.attemptTimeout ?? policy.attemptTimeout) + policy.longest
        return try await send(operation, deadline: attempt * policy.attempts)
    }

    /// Also after a cancellation, of which a task of its own knows nothing.
    private func abort(_ upload: S3.Upload) async {
        // What stays is the lifecycle rule's; the failure that led here is what the caller has to know.
        await Task { _ = try? await send(.abortUpload(upload), deadline: .seconds(5)) }.value
    }
}

/// At most 10,000 of them, which is all that S3 allows, and all of one length but the last.
///
/// - Parameters:
///   - size: of the file in bytes; above zero.
///   - wanted: the length of a part in bytes, used unless there would be too many.
func partRanges(of size: Int64, wanted: Int64) -> [Range<Int64>] {
    let length = max(wanted, (size + 9_999) / 10_000)
    return stride(from: 0, to: size, by: Int(length)).map { $0..<min($0 + length, size) }
}

/// As S3 computes it: the hash of the parts' hashes, and their number.
func compositeChecksum(_ parts: [S3.Part]) -> String {
    "\(S3.base64(SHA256.hash(parts.flatMap(\.sha256))))-\(parts.count)"
}

extension AWSError {
    /// Whether a write that is sent again may have been carried out by an earlier attempt.
    fileprivate var mayHideSuccess: Bool {
        leavesFateOpen || (attempts > 1 && (isPreconditionFailed || isConditionalConflict || isAbsentUpload))
    }
}
