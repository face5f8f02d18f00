/// The log's lines, byte for byte, and what no line may hold.

import ClusterPlanning
import Foundation
import Synchronization
import Testing

@testable import Daemon

/// Takes what a logger writes, one element a write.
final class Writes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    /// All of it, without the line ends.
    var text: String { all.joined() }
    var write: @Sendable (String) -> Void { { line in self.lines.withLock { $0.append(line) } } }

    func logger(
        _ format: Logger.Format = .logfmt, least: Logger.Level = .debug, isJournal: Bool = true
    ) -> Logger {
        Logger(format: format, least: least, isJournal: isJournal, write: write)
    }
}

@Suite struct LoggerTests {
    @Test(arguments: [
        (Logger.Level.debug, "<7>level=debug msg=m\n"), (.info, "<6>level=info msg=m\n"),
        (.warning, "<4>level=warning msg=m\n"), (.error, "<3>level=error msg=m\n"),
    ])
    func theJournalIsToldThePriority(_ level: Logger.Level, _ line: String) {
        let writes = Writes()
        writes.log(level, "m")
        #expect(writes.all == [line])
    }

    @Test(arguments: Logger.Level.allCases) func lesserLevelsAreNotWritten(_ least: Logger.Level) {
        let writes = Writes()
        for level in Logger.Level.allCases { writes.log(level, level.rawValue, least: least) }
        let expected = Logger.Level.allCases.drop { $0 != least }
        #expect(writes.all.map { $0.contains("level=") } == expected.map { _ in true })
        #expect(zip(writes.all, expected).allSatisfy { $0.contains("level=\($1.rawValue) ") })
    }

    @Test(arguments: [
        ("plain", "plain", #""plain""#),
        ("", #""""#, #""""#),
        ("two words", #""two words""#, #""two words""#),
        ("a=b", #""a=b""#, #""a=b""#),
        (#"say "no""#, #""say \"no\"""#, #""say \"no\"""#),
        (#"C:\etcd"#, #""C:\\etcd""#, #""C:\\etcd""#),
        ("one\ntwo\r\n<3>level=error", #""one\ntwo\r\n<3>level=error""#, #""one\ntwo\r\n<3>level=error""#),
        ("a\tb", #""a\tb""#, #""a\tb""#),
        ("\u{0}\u{1b}[31m", #""\u0000\u001b[31m""#, #""\u0000\u001b[31m""#),
        ("\u{7f}\u{9b}31m", #""\u007f\u009b31m""#, #""\u007f\u009b31m""#),
        ("line\u{2028}end", #""line\u2028end""#, #""line\u2028end""#),
        ("Grüße", "Grüße", #""Grüße""#),
        ("🐘", "🐘", #""🐘""#),
        (String(decoding: [0x61, 0xff, 0x62] as [UInt8], as: UTF8.self), "a\u{fffd}b", "\"a\u{fffd}b\""),
    ])
    func aValueStaysInItsPlace(_ value: String, _ logfmt: String, _ json: String) throws {
        let plain = Writes()
        plain.logger().info("said", ["value": value, "next": 1])
        #expect(plain.all == ["<6>level=info msg=said value=\(logfmt) next=1\n"])

        let writes = Writes()
        writes.logger(.json, isJournal: false).info("said", ["value": value])
        let line = try #require(writes.all.first)
        #expect(line.hasSuffix(#","level":"info","msg":"said","value":\#(json)}"# + "\n"))
        let decoded = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(decoded["value"] == value)
        #expect(decoded["msg"] == "said")
    }

    @Test func aLineBearsItsTime() throws {
        let writes = Writes()
        writes.logger(isJournal: false).warning("waiting", ["for": "the group"])
        let line = try #require(writes.all.first)
        let form = /time=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=warning msg=waiting for="the group"\n/
        #expect(line.wholeMatch(of: form) != nil, "\(line)")
        let time = try #require(line.split(separator: " ").first?.dropFirst(5))
        let parsed = try Date(
            String(time), strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
        #expect(abs(parsed.timeIntervalSinceNow) < 60)
    }

    @Test func aLineIsOneWriteAndOneLine() {
        let writes = Writes()
        writes.logger().error("a\nb", ["reason": String(repeating: "x\n", count: 5000)])
        #expect(writes.all.count == 1)
        #expect(writes.all.first?.filter { $0 == "\n" }.count == 1)
    }

    @Test func theJournalIsKnownByItsDevice() throws {
        var status = stat()
        try #require(fstat(STDERR_FILENO, &status) == 0)
        #expect(standardErrorIsJournal(environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]))
        #expect(!standardErrorIsJournal(environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino + 1)"]))
        #expect(!standardErrorIsJournal(environment: ["JOURNAL_STREAM": ""]))
        #expect(!standardErrorIsJournal(environment: [:]))
    }
}

extension Writes {
    fileprivate func log(_ level: Logger.Level, _ message: String, least: Logger.Level = .debug) {
        let logger = logger(least: least)
        switch level {
        case .debug: logger.debug(message)
        case .info: logger.info(message)
        case .warning: logger.warning(message)
        case .error: logger.error(message)
        }
    }
}

/// The environment holds credentials, and the configuration holds the environment.
@Suite struct SecrecyTests {
    private let environment = [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "pa55word", "AWS_SESSION_TOKEN": "t0ken",
        "ETCD_ROOT_PASSWORD": "r00t", "HOSTED_ZONE": "example.org",
    ]

    @Test func aConfigurationPrintsNoCredential() throws {
        let command = try parseCommand(arguments: [], environment: environment)
        guard case .run(let set) = command else { throw NeverHappened(description: "run") }
        var dumped = ""
        dump(command, to: &dumped)
        for text in ["\(command)", String(reflecting: command), "\(set)", "\([set])", String(reflecting: set), dumped] {
            for (name, secret) in environment where name != "HOSTED_ZONE" { #expect(!text.contains(secret)) }
        }
        #expect(set.environment.values == environment)
        #expect("\(set.environment)" == "<5 variables>")
    }

    @Test func aMistakeRepeatsNoCredential() {
        let found = mistakes(
            ["--aws-secret-access-key", "pa55word", "--aws-session-token=t0ken"], environment: environment)
        #expect(found.count == 2)
        #expect(!found.joined().contains("pa55word"))
        #expect(!found.joined().contains("t0ken"))
        let endpoint = mistakes(environment: ["AWS_ENDPOINT_URL": "http://user:pa55word@localhost"])
        #expect(endpoint.count == 1)
        #expect(!endpoint.joined().contains("pa55word"))
    }
}
