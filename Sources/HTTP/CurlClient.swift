/// The HTTP client of the house: libcurl behind `async`.
///
/// Speaks HTTP/1.1, plain and over TLS, follows no redirect, keeps no cookies, and adds to a request's headers only
/// `Host` and what frames the body. Clients of one loop share its connections wherever their settings allow it.
package struct CurlClient: HTTPClient {
    private let loop: CurlLoop
    private let settings: CurlSettings

    /// - Parameters:
    ///   - loop: the thread that carries the transfers; kept alive by its clients. Big files belong on a loop of their
    ///     own, as every read and write of a file holds up the other transfers of its loop.
    ///   - tls: used by https URLs only.
    ///   - proxy: whether the environment may put a proxy in between.
    package init(loop: CurlLoop, tls: TLSSettings = .system, proxy: ProxyPolicy = .environment) {
        self.loop = loop
        settings = CurlSettings(tls: tls, proxy: proxy)
    }

    package func send(_ request: HTTPRequest, deadline: Duration) async throws -> HTTPResponse {
        try Task.checkCancellation()
        try request.validate()
        guard deadline > .zero else {
            throw HTTPError(.timedOut, request: request.label, detail: "no time was left to send it")
        }
        return try await loop.perform(CurlOrder(request, settings: settings, deadline: deadline))
    }
}

/// What a client adds to each of its requests.
struct CurlSettings: Sendable {
    var tls: TLSSettings
    var proxy: ProxyPolicy
}
