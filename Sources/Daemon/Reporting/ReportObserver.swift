/// Asks other instances' supervisors for their reports, many at once.

import ClusterPlanning
import HTTP

/// Who does not answer in time, or with anything but a report to this very question, is silent: that proves nothing.
struct ReportObserver: Sendable {
    /// An instance and the address that EC2 has given it.
    struct Asked: Sendable, Hashable {
        var instance: InstanceID
        var address: String
    }

    private let http: any HTTPClient
    private let own: InstanceID
    private let port: Int
    private let deadline: Duration

    /// - Parameters:
    ///   - http: past any proxy: private addresses are asked.
    ///   - own: who asks.
    ///   - port: where every supervisor of the group listens.
    ///   - deadline: for each of them.
    init(http: any HTTPClient, own: InstanceID, port: Int, deadline: Duration = .seconds(2)) {
        self.http = http
        self.own = own
        self.port = port
        self.deadline = deadline
    }

    /// What each of them answers. Whether a report counts (whom it names, whose it is) is not judged here.
    ///
    /// Tells them that the record was changed, by a person: its readers need not wait until they look for themselves. Whoever does
    /// not hear of it does so later.
    func tellOfRecord(_ instances: [Asked]) async throws(CancellationError) {
        _ = try await inParallel(instances) { asked throws(CancellationError) in
            for _ in 0..<Self.attempts {
                if case .report = try await answer(of: asked, asking: "&record=1") { return }
            }
        }
    }

    /// How often news is told to one that does not answer: it may be busy, or gone.
    private static let attempts = 3

    /// - Parameter probingAWS: whether they are to see if AWS answers them.
    func ask(
        _ instances: [Asked], probingAWS: Bool = false
    ) async throws(CancellationError) -> [InstanceID: ReportAnswer] {
        let answers = try await inParallel(instances) { asked throws(CancellationError) in
            (asked.instance, try await answer(of: asked, asking: probingAWS ? "&aws=1" : ""))
        }
        return Dictionary(answers, uniquingKeysWith: { first, _ in first })
    }

    private func answer(of asked: Asked, asking more: String) async throws(CancellationError) -> ReportAnswer {
        let nonce = ReportNonce.make()
        do {
            let response = try await http.send(request(to: asked.address, nonce, more), deadline: deadline)
            guard response.status == 200 else { return .silent("it answers with HTTP \(response.status)") }
            let received = try ReportText.decode(response.body)
            guard received.nonce == nonce else { return .silent("its answer is to another question") }
            return .report(received.report)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as ReportTextError {
            return .silent("its answer is not usable: \(error)")
        } catch {
            return .silent("\(error)")
        }
    }

    private func request(to address: String, _ nonce: String, _ more: String) -> HTTPRequest {
        let question = "instance=\(own)&nonce=\(nonce)\(more)"
        return HTTPRequest(
            "GET", "\(Endpoint(.http, address, port))/report?\(question)",
            sink: .memory(limit: ReportText.byteLimit))
    }
}
