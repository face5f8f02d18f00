/// gRPC's status codes, as the gateway writes them into its errors.
/// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
package enum GRPCCode: Int, Sendable, Equatable, CustomStringConvertible {
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    package var description: String { "gRPC code \(rawValue)" }
}
