/// Reports over the wire: who asks gets an answer to its own question, and who gets none says so and nothing more.

import ClusterPlanning
import HTTP
import StubServer
import Synchronization
import Testing

@testable import Daemon

private let own = InstanceID("i-0a")
private let other = InstanceID("i-0b")

/// What `asked` was told, and when.
private final class Told: Sendable {
    let calls = Mutex<[(askers: Set<InstanceID>, at: ContinuousClock.Instant)]>([])

    var askers: Set<InstanceID> { calls.withLock { $0.reduce(into: []) { $0.formUnion($1.askers) } } }
}

/// A report that changes.
private final class Holder: Sendable {
    let commitIndex = Mutex<UInt64>(.max)
    let isBroken = Mutex(false)

    func report(_ probesAWS: Bool) throws -> Report {
        if isBroken.withLock({ $0 }) { throw NeverHappened(description: "broken") }
        var report = fullReport()
        report.etcd.commitIndex = commitIndex.withLock { $0 }
        if probesAWS { report.reachesAWS = true }
        return report
    }
}

/// Runs a server for as long as `body` takes.
private func serving(
    _ holder: Holder = Holder(), telling told: Told = Told(),
    _ body: (Int) async throws -> Void
) async throws {
    // One asker of ours plays many, who come from one address each.
    var limits = HTTPServer.Limits.standard
    limits.connectionsPerAddress = limits.connections
    let server = try ReportServer(address: "127.0.0.1", port: 0, limits: limits)
    let running = Task {
        try await server.run(
            report: { try holder.report($0) },
            asked: { askers in told.calls.withLock { $0.append((askers, ContinuousClock.now)) } })
    }
    do {
        try await body(server.port)
    } catch {
        running.cancel()
        throw error
    }
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
}

private func get(_ target: String, _ port: Int) async throws -> HTTPResponse {
    try await http.send(HTTPRequest("GET", "http://127.0.0.1:\(port)\(target)"), deadline: .seconds(20))
}

private func observer(_ port: Int, within deadline: Duration = .seconds(20)) -> ReportObserver {
    ReportObserver(http: http, own: other, port: port, deadline: deadline)
}

private func ask(_ observer: ReportObserver) async throws -> ReportAnswer? {
    try await observer.ask([.init(instance: own, address: "127.0.0.1")])[own]
}

private func silence(_ answer: ReportAnswer?) -> String? {
    if case .silent(let cause) = answer { cause } else { nil }
}

@Suite struct ReportServerTests {
    @Test func whoAsksGetsTheReportOfNow() async throws {
        let holder = Holder()
        try await serving(holder) { port in
            for index: UInt64 in 1...3 {
                holder.commitIndex.withLock { $0 = index }
                var expected = fullReport()
                expected.etcd.commitIndex = index
                let answer = try await ask(observer(port))
                #expect(answer == .report(expected))
            }
        }
    }

    @Test func manyAreAskedAtOnceAndEachAnswersForItself() async throws {
        let told = Told()
        try await serving(telling: told) { port in
            let all = (1...200).map { number in
                ReportObserver.Asked(
                    instance: InstanceID("i-\(number)"), address: number == 7 ? "127.0.0.9" : "127.0.0.1")
            }
            let answers = try await observer(port).ask(all)
            #expect(answers.count == 200)
            #expect(silence(answers[InstanceID("i-7")])?.contains("connection refused") == true)
            // Whose report it is, is not judged here.
            #expect(answers.filter { $0.value == .report(fullReport()) }.count == 199)
            try await eventually("the asker is told of") { told.askers == [other] }
        }
    }

    @Test(arguments: [
        ("/", 404), ("/report/", 404), ("/reports", 404), ("/report?nonce=", 400), ("/report?nonce=a%20b", 400),
        ("/report?nonce=\(String(repeating: "x", count: 65))", 400), ("/report", 200), ("/report?instance=", 200),
        ("/report?nonce=n1&instance=i-0b", 200),
    ])
    func nothingElseIsServed(_ target: String, _ status: Int) async throws {
        try await serving { port in
            let response = try await get(target, port)
            #expect(response.status == status)
        }
    }

    @Test func whetherAWSAnswersIsLookedAtOnlyWhenAsked() async throws {
        try await serving { port in
            for probes in [true, false] {
                let asked = ReportObserver.Asked(instance: own, address: "127.0.0.1")
                guard case .report(let report) = try await observer(port).ask([asked], probingAWS: probes)[own] else {
                    Issue.record("no report")
                    return
                }
                #expect(report.reachesAWS == probes)
            }
        }
    }

    @Test func aReportThatCantBeMadeIsSilence() async throws {
        let holder = Holder()
        holder.isBroken.withLock { $0 = true }
        try await serving(holder) { port in
            let answer = try await ask(observer(port))
            #expect(silence(answer) == "it answers with HTTP 500")
        }
    }

    @Test func anAnswerSaysWhatItIs() async throws {
        try await serving { port in
            let response = try await get("/report?nonce=n1", port)
            #expect(response.headers["Content-Type"] == "application/json")
            #expect(try ReportText.decode(response.body) == .init(report: fullReport(), nonce: "n1"))
        }
    }

    // MARK: Who asked

    @Test func onlyInstancesAreToldOf() async throws {
        let told = Told()
        try await serving(telling: told) { port in
            for name in ["", "i-", "x", "i-0b%0Ax", "i-\(String(repeating: "0", count: 40))"] {
                _ = try await get("/report?instance=\(name)", port)
            }
            _ = try await get("/report?instance=i-0c", port)
            try await eventually("the one that is one") { !told.askers.isEmpty }
            #expect(told.askers == [InstanceID("i-0c")])
        }
    }

    /// Many askers wake nobody more often than once a second, and none of them is forgotten.
    @Test func askersAreToldOfAtMostOnceASecond() async throws {
        let told = Told()
        try await serving(telling: told) { port in
            for number in 1...30 {
                _ = try await get("/report?instance=i-\(number)", port)
                try await Task.sleep(for: .milliseconds(50))
            }
            try await eventually("all are told of") { told.askers.count == 30 }
        }
        let times = told.calls.withLock { $0.map(\.at) }
        #expect(zip(times, times.dropFirst()).allSatisfy { $0.duration(to: $1) >= .seconds(1) })
        #expect(told.calls.withLock { $0.allSatisfy { !$0.askers.isEmpty } })
    }

    @Test func madeUpNamesTakeNoMoreRoom() {
        let doorbell = Doorbell()
        for number in 0..<10_000 { doorbell.ring("i-\(number)") }
        #expect(doorbell.take().count == 256)
        doorbell.ring("i-0c")
        #expect(doorbell.take() == [InstanceID("i-0c")])
        #expect(doorbell.take() == [])
    }
}

@Suite struct ReportObserverTests {
    /// What becomes of a stub's reply, which may know the nonce that it was asked with.
    private func answer(_ reply: @escaping @Sendable (_ nonce: String) -> StubReply) async throws -> ReportAnswer? {
        let server = try StubServer { request in
            let nonce = request.query.split(separator: "&").first { $0.hasPrefix("nonce=") }?.dropFirst(6)
            return reply(String(nonce ?? ""))
        }
        return try await ask(observer(Int(server.port)))
    }

    private func text(_ nonce: String?) -> String {
        do {
            return String(decoding: try ReportText.encode(fullReport(), nonce: nonce), as: UTF8.self)
        } catch {
            return "\(error)"
        }
    }

    @Test func anAnswerToThisQuestionCounts() async throws {
        #expect(try await answer { .text(text($0)) } == .report(fullReport()))
    }

    @Test(arguments: [nil, "0", "ffffffffffffffff"]) func anAnswerToAnotherIsSilence(_ nonce: String?) async throws {
        #expect(silence(try await answer { _ in .text(text(nonce)) }) == "its answer is to another question")
    }

    @Test func questionsAreNeverTheSame() {
        let nonces = Set((0..<1000).map { _ in ReportNonce.make() })
        #expect(nonces.count == 1000)
        #expect(nonces.allSatisfy(ReportNonce.isOne))
    }

    @Test func whatIsNoReportIsSilence() async throws {
        #expect(silence(try await answer { _ in .text("[]") })?.hasPrefix("its answer is not usable: ") == true)
        #expect(silence(try await answer { .text(text($0), status: 404) }) == "it answers with HTTP 404")
        let redirection = StubReply.answer(302, headers: [("Location", "/report")], body: [])
        #expect(silence(try await answer { _ in redirection }) == "it answers with HTTP 302")
        #expect(silence(try await answer { _ in .reset })?.contains("broken off") == true)
        let endless = StubReply.streamed(200, headers: [], length: 1 << 30)
        #expect(silence(try await answer { _ in endless })?.contains("too large") == true)
    }

    @Test func whoIsSlowIsSilent() async throws {
        let server = try StubServer { _ in .hang }
        let began = ContinuousClock.now
        let asked = (1...32).map { ReportObserver.Asked(instance: InstanceID("i-\($0)"), address: "127.0.0.1") }
        let answers = try await observer(Int(server.port), within: .seconds(1)).ask(asked)
        #expect(answers.count == 32)
        #expect(answers.values.allSatisfy { silence($0)?.contains("timed out") == true })
        // All at once: one after the other they would take half a minute.
        #expect(began.duration(to: .now) < .seconds(16))
    }

    @Test func itSaysWhoAsks() async throws {
        let server = try StubServer { _ in .status(404) }
        _ = try await ask(observer(Int(server.port)))
        let request = try #require(server.requests.first)
        #expect(request.path == "/report")
        #expect(request.query.hasPrefix("instance=i-0b&nonce="))
    }
}
