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
    /// - Throws: `AWSError`, where the condition does not hold as with `Operation.putObject`; `S3.TransferError` where the
    ///   file can't be read or changes; `CancellationError`.
    package func upload(
        _ path: String, to key: String, in bucket: String, _ options: S3.UploadOptions = .init(),
        progress: S3.Progress? = nil
    ) async throws -> S3.Uploaded {
        let file = try LocalFile(at: path)
        let target = S3.Target(key: key, bucket: bucket, options: options)
        if file.size <= options.threshold { return try await uploadWhole(file, to: target, progress) }
        let upload = try await sendPatiently(.createUpload(to: target))
        do {
            return try await uploadParts(of: file, upload, progress)
        } catch {
            await abort(upload)
            throw error
        }
    }

    private func uploadWhole(
        _ file: LocalFile, to target: S3.Target, _ progress: S3.Progress?
    ) async throws -> S3.Uploaded {
        let piece = try await piece(of: file, 0..<file.size)
        let uploaded = try await confirmed(
            .putObject(piece, as: target), for: target, size: file.size, checksum: S3.base64(piece.sha256))
        progress?(file.size, file.size)
        return uploaded
    }

    private func uploadParts(
        of file: LocalFile, _ upload: S3.Upload, _ progress: S3.Progress?
    ) async throws -> S3.Uploaded {
        var parts: [S3.Part] = []
        let ranges = partRanges(of: file.size, wanted: upload.target.options.partSize)
        var ready = try await piece(of: file, ranges[0])
        for (index, range) in ranges.enumerated() {
            let piece = ready
            // While one part is on its way the next one is hashed.
            async let next = index + 1 < ranges.count ? self.piece(of: file, ranges[index + 1]) : piece
            let etag = try await send(piece, as: parts.count + 1, of: file, upload)
            parts.append(S3.Part(etag: etag, sha256: piece.sha256))
            progress?(range.upperBound, file.size)
            ready = try await next
        }
        // Parts of two different files would make an object of neither.
        guard try LocalFile(at: file.path) == file else { throw S3.TransferError.fileChanged(path: file.path) }
        return try await confirmed(
            .completeUpload(upload, of: parts), for: upload.target, size: file.size, checksum: compositeChecksum(parts))
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

    private func piece(of file: LocalFile, _ range: Range<Int64>) async throws -> S3.Piece {
        S3.Piece(path: file.path, range: range, sha256: try await file.sha256(of: range))
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
            // Whatever keeps us from looking, the error that made us look says more.
            guard let info = try? await send(.headObject(target.key, in: target.bucket)),
                info.size == size, info.checksum == checksum
            else { throw error }
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
