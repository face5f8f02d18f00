/// What the callers of single operations have to tell apart. Each is a fact that AWS stated; no other error is taken for
/// it, least of all a denied access or an answer of something in between.
extension AWSError {
    // MARK: S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList

    /// There is a bucket, and no object of that key in it. A page of a proxy that says 404, too, is not this.
    /// To HEAD S3 answers without a word, so there it is only known that the object or the bucket is not there, and S3 is
    /// known by its request ID.
    package var isAbsentObject: Bool {
        isRefused(404, "NoSuchKey") || (call == "S3 HeadObject" && isRefused(404, nil) && requestID != nil)
    }
    package var isAbsentBucket: Bool { isRefused(404, "NoSuchBucket") }
    /// The object is there though it was to be absent, or is not the one that was read: somebody else was first.
    package var isPreconditionFailed: Bool {
        isRefused(412, "PreconditionFailed") || isRefused(200, "PreconditionFailed")
    }
    /// Another change of the same object was under way: neither is known to have won.
    package var isConditionalConflict: Bool {
        isRefused(409, "ConditionalRequestConflict") || isRefused(200, "ConditionalRequestConflict")
    }
    /// The multipart upload was completed or aborted, or never begun.
    package var isAbsentUpload: Bool { isRefused(404, "NoSuchUpload") || isRefused(200, "NoSuchUpload") }

    // MARK: Route 53

    /// No change of the batch was made, as at least one does not fit what the zone holds, or is malformed: which, only
    /// reading again can tell for certain. The messages are for people.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html (Errors)
    package var refusedBatch: [String]? { isRefused(400, "InvalidChangeBatch") ? refusal?.messages : nil }

    // MARK: EC2 and AutoScaling

    /// EC2 knows no such instance (any more).
    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    package var isUnknownInstance: Bool { isRefused(400, "InvalidInstanceID.NotFound") }

    /// No hook of that name holds up the instance: it was completed before, or timed out. AutoScaling has no code of its
    /// own for it, so its words decide.
    package var isNoActiveLifecycleAction: Bool {
        isRefused(400, "ValidationError") && refusal?.message.contains("No active Lifecycle Action found") == true
    }

    private func isRefused(_ status: Int, _ code: String?) -> Bool {
        refusal?.status == status && refusal?.code == code
    }
}

extension AWSError {
    /// Whether a call that is not idempotent may have been carried out although it failed: then only reading again tells.
    /// False only where AWS said that it did nothing, or nothing was sent.
    package var leavesFateOpen: Bool {
        switch cause {
        case .refused(let refusal): refusal.isServerFailure && !refusal.isTransientRefusal
        case .noAnswer(let error):
            ![.connectionRefused, .nameNotResolved, .notConnected, .invalidRequest].contains(error.kind)
        case .unreadable: true
        case .credentials, .unsignable, .outOfTime, .repeatedPage, .tooManyPages: false
        }
    }
}
