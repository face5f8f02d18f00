/// The record as a small object in a bucket, changed by conditional writes.

import AWS
import ClusterPlanning

/// S3 is strongly consistent: a read shows the latest write, and of two conditional writes one is refused.
struct BucketRecordStore: RecordStore {
    let aws: AWSClient
    let place: BucketPlace

    var name: StoreName { place.storeName }

    func read() async throws -> StoreReading.Stored? {
        guard let object = try await object() else { return nil }
        do {
            guard let text = String(validating: object.bytes, as: UTF8.self) else {
                throw ObservationError("not UTF-8")
            }
            return StoreReading.Stored(try ClusterRecord(parsing: text), version: object.etag.text)
        } catch {
            throw ObservationError("\(place.recordKey) is no record: \(error)")
        }
    }

    func swap(_ swap: RecordSwap) async throws -> SwapOutcome {
        let text = try swap.record.text() + "\n"
        let condition = swap.expected.map { S3.Condition.unchanged(S3.ETag($0)) } ?? .absent
        return try await outcome {
            _ = try await aws.send(
                .putObject(
                    Array(text.utf8), as: place.recordKey, in: place.bucket, if: condition,
                    contentType: "text/plain; charset=utf-8"))
        }
    }

    func remove(ifStill version: String?) async throws -> SwapOutcome {
        guard let etag = if let version { S3.ETag(version) } else { try await object()?.etag } else { return .lost }
        return try await outcome {
            try await aws.send(.deleteObject(place.recordKey, in: place.bucket, ifUnchanged: etag))
        }
    }

    // MARK: -

    /// Nil only where S3 says that the bucket is there and this object is not.
    private func object() async throws -> S3.Object? {
        do {
            return try await aws.send(.getObject(place.recordKey, in: place.bucket))
        } catch let error as AWSError where error.isAbsentObject {
            return nil
        } catch let error as AWSError where error.status == 403 {
            throw ObservationError(
                "\(error): this does not mean that there is none; without s3:ListBucket on \(place.bucket) S3 answers so "
                    + "for an object that does not exist, too")
        }
    }

    /// A refused condition is a lost race. So is a conflict with a change that was under way: nothing of ours was written,
    /// and only reading again tells who was faster.
    private func outcome(of write: () async throws -> Void) async throws -> SwapOutcome {
        do {
            try await write()
            return .won
        } catch let error as AWSError
            where error.isPreconditionFailed || error.isConditionalConflict || error.isAbsentObject
        {
            return .lost
        }
    }
}
