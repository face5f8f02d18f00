/// Reports in JSON: nothing is lost on the way there and back, and whatever else comes is refused.

import ClusterPlanning
import Foundation
import Testing

@testable import Daemon

/// A report in which everything is said.
func fullReport(_ instance: InstanceID = InstanceID("i-0a")) -> Report {
    let members = [1, 2].map { (number: UInt64) -> Member in
        Member(
            MemberID(.max - number), name: "i-\(number)", peerURLs: [Endpoint(.https, "10.0.0.\(number)", 2380)],
            clientURLs: [Endpoint(.https, "fd00::\(number)", 2379)])
    }
    let learner = Member(MemberID(0), name: "", peerURLs: [Endpoint(.https, "10.0.0.3", 2380)], isLearner: true)
    return Report(
        instance, Endpoint(.https, "10.0.0.1", 2380), owner: "arn:aws:autoscaling:group/main", cluster: "main",
        stores: [StoreName("s3:b/main.record"), StoreName("route53:Z1")], disk: DiskID("m-0c"), isMountPoint: true,
        holding: .data(HeldData(cluster: ClusterID(0xc1), member: MemberID(.max), generation: 2)),
        etcd: EtcdState(isRunning: true, leader: MemberID(0xa1), members: members + [learner], commitIndex: .max),
        asksToJoin: true, waitingFor: "the \"record\"\n\u{0}ü", leaving: .spot,
        founders: [InitialMember("i-1", Endpoint(.http, "10.0.0.1", 2380))], reachesAWS: false,
        asLeader: LeaderReport(
            deferred: ["member \"x\" stays", "ü"], of: 11,
            failingBackup: FailingBackup(since: UTCTime(seconds: 1_769_860_800), times: 3, cause: "AccessDenied")))
}

@Suite struct ReportTextTests {
    static let reports: [Report] = [
        fullReport(),
        Report(InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .none),
        Report(
            InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .data(HeldData()),
            etcd: EtcdState(members: []), waitingFor: "", leaving: .terminating, founders: [], reachesAWS: true),
        Report(InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .unusable("wal: crc mismatch")),
        Report(InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .unknown("")),
        Report(InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .none, asLeader: LeaderReport()),
    ]

    @Test(arguments: reports, [nil, "n1"]) func everyReportComesBack(_ report: Report, _ nonce: String?) throws {
        let received = try ReportText.decode(ReportText.encode(report, nonce: nonce))
        #expect(received == .init(report: report, nonce: nonce))
    }

    @Test func aPersonCanReadIt() throws {
        let report = Report(
            InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .data(HeldData(member: MemberID(0x8e9e))))
        #expect(
            String(decoding: try ReportText.encode(report, nonce: "n"), as: UTF8.self) == """
                {"asksToJoin":false,"etcd":{"isRunning":false},"held":{"member":"8e9e"},"holding":"data",\
                "instance":"i-0b","isMountPoint":false,"nonce":"n","peerURL":"http://10.0.0.2:2380","report":1,"stores":[]}

                """)
    }

    @Test func whatEtcdSaidIsCut() throws {
        let long = String(repeating: "ü\u{301}", count: 100_000)
        var report = fullReport()
        report.holding = .unusable(long)
        report.waitingFor = long
        let bytes = try ReportText.encode(report, nonce: "n")
        #expect(bytes.count < 6000)
        #expect(try ReportText.decode(bytes).report.waitingFor == String(long.prefix(250)))
    }

    /// Nobody reads a report without an end, and an older supervisor's has none of it.
    @Test func whatTheLeaderTellsIsBounded() throws {
        let long = String(repeating: "\u{0}", count: 10_000)
        var report = Report(InstanceID("i-0b"), Endpoint(.http, "10.0.0.2", 2380), holding: .none)
        #expect(try !String(decoding: ReportText.encode(report, nonce: nil), as: UTF8.self).contains("asLeader"))
        report.asLeader = LeaderReport(
            deferred: Array(repeating: long, count: 50),
            failingBackup: FailingBackup(since: UTCTime(seconds: 0), times: .max, cause: long))
        let bytes = try ReportText.encode(report, nonce: "n")
        #expect(bytes.count < ReportText.byteLimit / 3, "\(bytes.count)")
        let told = try #require(try ReportText.decode(bytes).report.asLeader)
        #expect(told.deferred == Array(repeating: String(long.prefix(300)), count: 8) && told.deferredCount == 50)
        #expect(told.failingBackup?.cause == String(long.prefix(500)) && told.failingBackup?.times == .max)
    }

    @Test func aPersonCanReadWhatTheLeaderTells() throws {
        let text = String(decoding: try ReportText.encode(fullReport(), nonce: nil), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"asLeader":{"deferred":["member \"x\" stays","ü"],"deferredCount":11,"failingBackup":{"cause":"AccessDenied","#
                    + #""since":"2026-01-31T12:00:00Z","times":3}},"asksToJoin""#), "\(text)")
    }

    @Test func aHundredMembersAreNotTooMany() throws {
        var report = fullReport()
        let member = { (number: Int) in
            Member(
                MemberID(.max), name: "i-0123456789abcdef0", peerURLs: [Endpoint(.https, "10.123.123.123", 2380)],
                clientURLs: [Endpoint(.https, "10.123.123.123", 2379)])
        }
        report.etcd = EtcdState(members: (0..<100).map(member))
        let bytes = try ReportText.encode(report, nonce: "n")
        #expect(bytes.count < ReportText.byteLimit / 2, "\(bytes.count)")
        #expect(try ReportText.decode(bytes).report == report)
        report.etcd = EtcdState(members: (0..<101).map(member))
        let error = #expect(throws: ReportTextError.self) {
            try ReportText.decode(ReportText.encode(report, nonce: "n"))
        }
        #expect(error?.description == "its members are too many")
    }

    static let refused: [(field: String, value: String, because: String)] = [
        ("report", "2", "it is of form 2, which is another etcd-cluster's"),
        ("report", "null", "it is no report of etcd-cluster"),
        ("instance", "null", "it is no report of etcd-cluster"),
        ("instance", "7", "it is no report of etcd-cluster"),
        ("instance", "\"\"", "its instance is empty"),
        ("instance", "\"\(String(repeating: "x", count: 2049))\"", "its instance is too long"),
        ("peerURL", "\"10.0.0.1:2380\"", "its peerURL has a URL that is none"),
        ("owner", "\"\"", "its owner is empty"),
        ("stores", "\"x\"", "it is no report of etcd-cluster"),
        ("stores", "[\(Array(repeating: "\"x\"", count: 101).joined(separator: ","))]", "its stores are too many"),
        ("disk", "\"\"", "its disk is empty"),
        ("isMountPoint", "1", "it is no report of etcd-cluster"),
        ("holding", "\"some\"", "what it holds can't be told"),
        ("holding", "\"none\"", "what it holds can't be told"),
        ("holding", "\"unknown\"", "what it holds can't be told"),
        ("held", "null", "what it holds can't be told"),
        ("held", "{\"generation\":0}", "its generation is none"),
        ("held", "{\"generation\":99999999999999999999}", "it is no report of etcd-cluster"),
        ("held", "{\"member\":\"10000000000000000\"}", "an ID is none"),
        ("held", "{\"cluster\":\"+1\"}", "an ID is none"),
        ("held", "{\"cluster\":\"\"}", "an ID is none"),
        ("cause", "\"x\"", "what it holds can't be told"),
        ("etcd", "null", "it is no report of etcd-cluster"),
        ("etcd", "{\"isRunning\":true,\"commitIndex\":-1}", "it is no report of etcd-cluster"),
        ("etcd", "{\"isRunning\":true,\"leader\":\"-1\"}", "an ID is none"),
        ("leaving", "\"soon\"", "why it leaves can't be told"),
        ("asLeader", "{}", "it is no report of etcd-cluster"),
        ("asLeader", "{\"deferred\":[],\"deferredCount\":-1}", "a number is none"),
        (
            "asLeader",
            "{\"deferred\":[\(Array(repeating: "\"x\"", count: 101).joined(separator: ","))],\"deferredCount\":101}",
            "its deferred are too many"
        ),
        (
            "asLeader",
            "{\"deferred\":[],\"deferredCount\":0,\"failingBackup\":{\"since\":\"now\",\"times\":1,\"cause\":\"x\"}}",
            "its time is none"
        ),
        ("founders", "[{\"name\":\"\",\"peerURL\":\"http://10.0.0.1:2380\"}]", "its name is empty"),
        ("founders", "[{\"name\":\"a\",\"peerURL\":\"x\"}]", "its peerURL has a URL that is none"),
    ]

    @Test(arguments: refused) func aFieldThatIsNoneIsRefused(field: String, value: String, because: String) throws {
        let bytes = try ReportText.encode(fullReport(), nonce: "n")
        var fields = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        fields[field] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let changed = Array(try JSONSerialization.data(withJSONObject: fields))
        let error = #expect(throws: ReportTextError.self) { try ReportText.decode(changed) }
        #expect(error?.description == because)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "7", "\"report\"", "{\"report\":1}", "<html>", "{\"report\":1,",
        String(repeating: "[", count: 10_000), String(repeating: "{\"a\":", count: 5_000), "{\"report\":1e400}",
    ])
    func whatIsNoReportIsRefused(_ text: String) {
        #expect(throws: ReportTextError("it is no report of etcd-cluster")) { try ReportText.decode(Array(text.utf8)) }
    }

    @Test func whatIsTooLongIsNotLookedAt() {
        #expect(throws: ReportTextError("it is longer than 65536 bytes")) {
            try ReportText.decode([UInt8](repeating: UInt8(ascii: " "), count: 65_537))
        }
    }

    private func comesBack(_ received: ReportText.Received) -> Bool {
        do {
            return try ReportText.decode(ReportText.encode(received.report, nonce: received.nonce)) == received
        } catch {
            return false
        }
    }

    /// Whatever the bytes: an error, or a report that comes back as it is.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func damagedReportsNeverTrap(seed: UInt64) throws {
        var random = Mixer(state: seed)
        let original = try ReportText.encode(fullReport(), nonce: "n")
        var (accepted, refused) = (0, 0)
        for _ in 0..<500 {
            let damaged = random.damaged(original)
            do throws(ReportTextError) {
                let received = try ReportText.decode(damaged)
                accepted += 1
                #expect(comesBack(received), "\(received)")
            } catch {
                refused += 1
            }
        }
        #expect(accepted > 20 && refused > 100, "\(accepted) \(refused)")
    }
}

/// The same changes in every run. https://prng.di.unimi.it/splitmix64.c (public domain)
private struct Mixer: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One to three changes: bytes changed, cut out or repeated, or a piece of JSON put in.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let start = Int.random(in: 0..<bytes.count, using: &self)
            let end = min(bytes.count, start + Int.random(in: 1...20, using: &self))
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[start] = .random(in: .min ... .max, using: &self)
            case 1: bytes[start] = UInt8(ascii: "0") + UInt8.random(in: 0..<10, using: &self)
            case 2: bytes.removeSubrange(start..<end)
            case 3: bytes.insert(contentsOf: bytes[start..<end], at: end)
            default:
                let pieces = ["null", "{}", "[]", "\"\"", "-1", "1e99", ",", ":", "\\u0000", "\\ud800", "true"]
                bytes.insert(contentsOf: (pieces.randomElement(using: &self) ?? "").utf8, at: start)
            }
        }
        return bytes
    }
}
