/// Answers other instances that ask what this one is about, and tells who asked.

import ClusterPlanning
import HTTP

/// `GET /report?instance=i-0a&nonce=…`, with `&aws=1` for whether AWS answers this instance, and `&record=1` to have the record
/// read again: read only, bounded, and nothing secret in it, so anybody may ask. The request is trusted for nothing: who asks is
/// worth a look at the group, and news of the record a look at that.
package struct ReportServer: Sendable {
    package static let defaultPort = 2382

    private let server: HTTPServer
    private let doorbell = Doorbell()

    /// Listens at once; nobody is answered before `run`.
    ///
    /// - Parameters:
    ///   - address: numeric, of this machine.
    ///   - port: 0 for any free one.
    /// - Throws: `HTTPServerError`.
    package init(address: String, port: Int, limits: HTTPServer.Limits = .standard) throws(HTTPServerError) {
        server = try HTTPServer(address: address, port: port, limits: limits)
    }

    package var port: Int { server.port }

    /// Answers until it is cancelled; may be called once.
    ///
    /// - Parameters:
    ///   - report: what is true now; told whether the asker wants to know if AWS answers us.
    ///   - recordChanged: told that somebody says so, at most once a second.
    ///   - asked: told who asked since it was told last, at most once a second; none of them is forgotten meanwhile.
    /// - Throws: `CancellationError`; `HTTPServerError` where there is no thread to be had.
    package func run(
        report: @escaping @Sendable (_ probesAWS: Bool) async throws -> Report,
        recordChanged: @escaping @Sendable () async -> Void = {},
        asked: @escaping @Sendable (Set<InstanceID>) async -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { request in
                    if request.query["record"] != nil, doorbell.mayBeNews() { await recordChanged() }
                    return await answer(request, report)
                }
            }
            group.addTask {
                for await _ in doorbell.rings {
                    let askers = doorbell.take()
                    guard !askers.isEmpty else { continue }
                    await asked(askers)
                    try await Task.sleep(for: .seconds(1))
                }
                try Task.checkCancellation()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func answer(
        _ request: HTTPServerRequest, _ report: @Sendable (Bool) async throws -> Report
    ) async -> HTTPServerResponse {
        guard request.path == "/report" else { return HTTPServerResponse(status: 404, text: "try /report") }
        let nonce = request.query["nonce"]
        guard nonce.map(ReportNonce.isOne) ?? true else {
            return HTTPServerResponse(status: 400, text: "a nonce is up to 64 letters and digits")
        }
        if let name = request.query["instance"] { doorbell.ring(name) }
        do {
            let report = try await report(request.query["aws"] != nil)
            let body = try ReportText.encode(report, nonce: nonce)
            return HTTPServerResponse(contentType: "application/json", body: body)
        } catch {
            return HTTPServerResponse(status: 500, text: "the report can't be written: \(error)")
        }
    }
}

/// What an answer has to repeat, so that it is an answer to this question and no older one.
enum ReportNonce {
    static func make() -> String { randomHex(16) }

    /// Short and of letters and digits alone: it is sent back as it is.
    static func isOne(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
