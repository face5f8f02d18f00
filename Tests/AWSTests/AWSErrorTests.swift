import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// Errors as people read them.
struct AWSErrorTests {
    static func refusal(_ body: String, status: Int = 400, headers: HTTPHeaders = [:]) -> Refusal {
        Refusal(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), signedAt: noon)
    }

    @Test(arguments: [
        (
            "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>No i-1</Message></Error></Errors><RequestID>r-1</RequestID></Response>",
            "HTTP 400 InvalidInstanceID.NotFound: No i-1 (request ID r-1)"
        ),
        (
            "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>r-2</RequestId></ErrorResponse>",
            "HTTP 400 Throttling: Rate exceeded (request ID r-2)"
        ),
        (
            "<Error><Code>NoSuchKey</Code><Message>Gone</Message><RequestId>r-3</RequestId></Error>",
            "HTTP 400 NoSuchKey: Gone (request ID r-3)"
        ),
        (
            "<InvalidChangeBatch xmlns=\"x\"><Messages><Message>Tried to create a,</Message><Message>but it exists</Message></Messages><RequestId>r-4</RequestId></InvalidChangeBatch>",
            "HTTP 400 InvalidChangeBatch: Tried to create a, but it exists (request ID r-4)"
        ),
        ("<html>\n  <h1>Bad   Gateway</h1></html>", "HTTP 400: <html> <h1>Bad Gateway</h1></html>"),
        ("", "HTTP 400"),
        (
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: x is not authorized</Message></Error></ErrorResponse>",
            "HTTP 400 AccessDenied: User: x is not authorized; the role's policy has to allow this call"
        ),
        (
            "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>Invalid token</Message></Error></ErrorResponse>",
            "HTTP 400 InvalidClientTokenId: Invalid token; AWS does not accept these credentials"
        ),
    ])
    func readAsOneSentence(body: String, sentence: String) {
        #expect("\(Self.refusal(body))" == sentence)
    }

    @Test func repeatNoTokenOutOfACanonicalRequest() {
        let refusal = Self.refusal(
            """
            <ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not \
            match the signature you provided.

            The Canonical String for this request should have been
            'GET
            x-amz-security-token:hunter2
            '</Message></Error></ErrorResponse>
            """, status: 403)
        #expect(!"\(refusal)".contains("hunter2"))
        #expect(refusal.message.hasSuffix("the signature you provided."))
        #expect(refusal.isBadCredential && !refusal.isClockSkew)
    }

    /// S3 repeats the request, and a token that it does not accept, in elements of their own.
    @Test(arguments: [
        "<CanonicalRequest>GET\nx-amz-security-token:hunter2</CanonicalRequest>", "<Token-0>hunter2</Token-0>",
        "<StringToSign>hunter2</StringToSign>",
    ])
    func repeatNoTokenThatS3Repeats(element: String) {
        let body = "<Error><Code>InvalidToken</Code><Message>Malformed.</Message>\(element)</Error>"
        let refusal = Self.refusal(body)
        #expect("\(refusal)" == "HTTP 400 InvalidToken: Malformed.; AWS does not accept these credentials")
        #expect(!"\(Self.refusal(String(body.dropLast(9))))".contains("hunter2"))
    }

    @Test(arguments: [
        (
            "<InvalidChangeBatch><Messages><Message>Tried to create</Message><Message>Tried to delete</Message></Messages></InvalidChangeBatch>",
            ["Tried to create", "Tried to delete"]
        ),
        // As Route 53 writes it today.
        (
            "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>[Tried to create, Tried to delete]</Message></Error></ErrorResponse>",
            ["[Tried to create, Tried to delete]"]
        ),
        ("<ErrorResponse><Error><Code>PriorRequestNotComplete</Code></Error></ErrorResponse>", nil),
        ("<html>InvalidChangeBatch</html>", nil),
    ])
    func tellWhyABatchWasRefused(body: String, messages: [String]?) {
        let error = AWSError(call: "", endpoint: "", cause: .refused(Self.refusal(body)))
        #expect(error.refusedBatch == messages)
        #expect(!error.leavesFateOpen)
    }

    @Test func tellThatWhatWasMeantIsGone() {
        func error(_ code: String, _ message: String = "") -> AWSError {
            AWSError(call: "", endpoint: "", cause: .refused(Refusal(status: 400, code: code, message: message)))
        }
        #expect(error("InvalidInstanceID.NotFound").isUnknownInstance)
        #expect(!error("InvalidInstanceID.Malformed").isUnknownInstance)
        let text = "No active Lifecycle Action found with instance ID i-0123456789abcdef0"
        #expect(error("ValidationError", text).isNoActiveLifecycleAction)
        #expect(!error("ValidationError", "1 validation error detected").isNoActiveLifecycleAction)
        #expect(!error("AccessDenied", text).isNoActiveLifecycleAction)
    }

    @Test(arguments: [
        (HTTPError.Kind.timedOut, true), (.brokenOff, true), (.tooLarge, true), (.tls, true), (.proxy, true),
        (.connectionRefused, false), (.nameNotResolved, false), (.notConnected, false), (.invalidRequest, false),
    ])
    func tellWhetherAnythingMayHaveBeenDone(kind: HTTPError.Kind, isOpen: Bool) {
        let failure = HTTPError(kind, request: "", detail: "")
        #expect(AWSError(call: "", endpoint: "", cause: .noAnswer(failure)).leavesFateOpen == isOpen)
    }

    @Test func cutLongMessages() {
        #expect(Self.refusal(String(repeating: "x", count: 100_000)).message.count == 501)
    }

    @Test(arguments: [("3", 3), ("0", 0), ("-5", 0), ("999999999999", 86_400), ("soon", nil)])
    func readRetryAfter(value: String, seconds: Int?) {
        #expect(Self.refusal("", headers: ["Retry-After": value]).retryAfter == seconds.map { .seconds($0) })
    }

    @Test(arguments: [
        ("Sun, 01 Mar 2026 12:07:00 GMT", 420), ("Sun, 01 Mar 2026 11:59:59 GMT", -1), ("Sunday", nil),
        ("Sun, 01 Mrz 2026 12:07:00 GMT", nil), ("Thu, 31 Dec 2026 23:59:59 GMT", 26_395_199),
    ])
    func readTheDate(value: String, seconds: Int?) {
        #expect(Self.refusal("", headers: ["Date": value]).clockDifference == seconds.map { .seconds($0) })
    }

    @Test func knowTheirKind() {
        func error(_ code: String, _ status: Int = 400) -> AWSError {
            AWSError(call: "", endpoint: "", cause: .refused(Refusal(status: status, code: code)))
        }
        #expect(error("Throttling").isThrottling && !error("AccessDenied").isThrottling)
        #expect(error("UnauthorizedOperation", 403).isAccessDenied && !error("Throttling").isAccessDenied)
        #expect(error("ExpiredToken").isExpiredCredential && !error("AuthFailure").isExpiredCredential)
        #expect(error("AuthFailure").isBadCredential && !error("ExpiredToken").isBadCredential)
        let failure = HTTPError(.timedOut, request: "", detail: "")
        #expect(AWSError(call: "", endpoint: "", cause: .noAnswer(failure)).isTimeout)
    }
}
