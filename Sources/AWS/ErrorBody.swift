/// The code and message in the body of an error answer, in any of the shapes that AWS's XML services use.
struct ErrorBody {
    var code: String
    /// One, but where Route 53 refuses a batch.
    var messages: [String]
    var requestID: String?
    /// Where S3 has the bucket, if it was asked for in another region.
    var region: String?

    /// Nil where the body is none of AWS's: empty, a proxy's page, cut off.
    static func read(_ body: [UInt8]) -> ErrorBody? {
        // A body that is no XML, or of another shape, is shown as it is; why it is none helps nobody.
        guard let root = try? XMLNode(parsing: body) else { return nil }
        return (try? common(root)) ?? (try? listOfMessages(root))
    }

    /// `ErrorResponse/Error` (AutoScaling, STS, Route 53), `Response/Errors/Error` (EC2), `Error` (S3).
    private static func common(_ root: XMLNode) throws(XMLError) -> ErrorBody {
        let error =
            switch root.name {
            case "Error": root
            case "Response": try root.child("Errors", "Error")
            default: try root.child("Error")
            }
        let spelling = root.name == "Response" ? "RequestID" : "RequestId"
        return ErrorBody(
            code: try error.text("Code"), messages: [try error.optionalText("Message") ?? ""],
            requestID: try root.optionalText(spelling), region: try error.optionalText("Region"))
    }

    /// A refused change batch of Route 53: the code is the root's name, and the messages are a list.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html (Errors)
    private static func listOfMessages(_ root: XMLNode) throws(XMLError) -> ErrorBody {
        var messages: [String] = []
        for message in try root.all("Messages", "Message") { messages.append(try message.text()) }
        return ErrorBody(
            code: root.name, messages: messages, requestID: try root.optionalText("RequestId"))
    }
}
