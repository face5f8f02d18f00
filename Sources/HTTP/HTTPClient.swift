/// The one thing the rest of the house needs of HTTP.
package protocol HTTPClient: Sendable {
    /// Sends one request and returns its answer, whatever its status. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - request: what to send.
    ///   - deadline: how long all of it may take, from now to the last byte of the body; above zero. No connection is waited
    ///     for longer than 10 s.
    /// - Throws: `HTTPError` where no complete answer came; `CancellationError` where the task was cancelled
    ///   or the client shut down.
    func send(_ request: HTTPRequest, deadline: Duration) async throws -> HTTPResponse
}
