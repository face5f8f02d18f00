/// The code and message in the body of an error answer, in any of the shapes that AWS's XML services use.
struct ErrorBody {
    var code: String
    var message: String
    var requestID: String?

    /// Nil where the body is none of AWS's: empty, a proxy's page, cut off.
    init?(_ body: [UInt8]) {
        // A body that is no XML is shown as it is; why it is none helps nobody.
        guard let root = try? XMLNode(parsing: body) else { return nil }
        // Likewise for XML of another shape.
        guard let error = try? Self.error(in: root), let code = try? error.text("Code") else {
            self.init(listOfMessages: root)
            return
        }
        self.code = code
        message = Self.text(error, "Message") ?? ""
        requestID = Self.text(root, "RequestId") ?? Self.text(root, "RequestID")
    }

    /// Route 53's older shape: the code is the root's name, and the messages are a list.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html (Errors)
    private init?(listOfMessages root: XMLNode) {
        // Anything else is no error of Route 53's either.
        guard let messages = try? root.all("Messages", "Message").map({ try $0.text() }) else { return nil }
        code = root.name
        message = messages.joined(separator: " ")
        requestID = Self.text(root, "RequestId")
    }

    /// `ErrorResponse/Error` (AutoScaling, STS, Route 53), `Response/Errors/Error` (EC2), `Error` (S3).
    private static func error(in root: XMLNode) throws(XMLError) -> XMLNode {
        if root.name == "Error" { return root }
        if root.name == "Response" { return try root.child("Errors", "Error") }
        return try root.child("Error")
    }

    private static func text(_ node: XMLNode, _ name: String) -> String? {
        // What an error answer lacks is left out of the message; the code alone decides.
        try? node.text(name)
    }
}
