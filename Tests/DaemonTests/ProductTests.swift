/// The real program, as a shell or systemd starts it: exit codes, what goes where, and what it leaves alone.

import Foundation
import Supervision
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct ProductTests {
    private func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> CapturedOutput {
        let command = Supervision.Command(
            Built.product, arguments,
            environment: environment.merging(["PATH": "/usr/bin:/bin", "ETCD_CLUSTER_WITHOUT_RECORD": "true"]) {
                mine, _ in mine
            })
        return try await Built.spawner.capture(command, deadline: .seconds(60))
    }

    @Test(arguments: [["--version"], ["version"], ["plan", "--version"]])
    func theVersionIsOneLine(_ arguments: [String]) async throws {
        let output = try await Built.spawner.capture(
            Supervision.Command(Built.product, arguments), deadline: .seconds(60))
        #expect(output.status == .exited(0))
        #expect(output.text == "etcd-cluster \(version)\n")
        #expect(output.standardError == [])
    }

    @Test func helpGoesToTheOutput() async throws {
        for word in ["--help", "-h", "help"] {
            let output = try await run(word, environment: ["ETCD_NAME": "wrong"])
            #expect(output.status == .exited(0))
            #expect(output.text == helpText())
            #expect(output.standardError == [])
        }
    }

    @Test func aBadConfigurationStartsNothing() async throws {
        let place = try TemporaryDirectory()
        let etcd = try place.write("#!/bin/sh\ntouch \(place["started"])\n", to: "etcd", executable: true)
        let output = try await run(
            "--data-dir", place["data"], "--etcd", etcd, "--cluster-size", "none", "--bogus", "--", "--wal-dir=/w",
            environment: ["ETCD_NAME": "n", "ETCD_CLUSTER_TYPO": "1"])
        #expect(output.status == .exited(64))
        #expect(output.standardOutput == [])
        #expect(
            String(decoding: output.standardError, as: UTF8.self) == """
                etcd-cluster: nothing was started; the configuration is wrong:
                  ETCD_CLUSTER_TYPO: no such variable; see --help
                  --cluster-size: 'none' is no number from 1 to 99
                  --bogus: no such flag; see --help, and put etcd's own flags behind --
                  ETCD_NAME: a member's name is its instance ID
                  --wal-dir: the write-ahead log has to lie in the data directory, which tells whether this member has data

                """)
        #expect(place.names() == ["etcd"])
    }

    @Test(arguments: [["frobnicate"], ["--cluster-size"], ["plan", "-o", "yaml"], ["--", "zap"], ["-"]])
    func everyKindOfMistakeEndsWith64(_ arguments: [String]) async throws {
        let output = try await Built.spawner.capture(
            Supervision.Command(
                Built.product, arguments, environment: ["ETCD_CLUSTER_WITHOUT_RECORD": "true"]), deadline: .seconds(60))
        #expect(output.status == .exited(64))
        #expect(output.standardOutput == [])
        let said = String(decoding: output.standardError, as: UTF8.self)
        #expect(said.split(separator: "\n").count == 2, "\(said)")
        for sign in ["Fatal", "Stack", "Thread", "0x", "__"] { #expect(!said.contains(sign)) }
    }

    /// Else the first files to be opened would take their places, and the log would be written into one of them.
    @Test func closedStandardStreamsAreOpenedOnNull() async throws {
        let place = try TemporaryDirectory()
        let report = "for one in 0 1 2; do readlink /proc/$PPID/fd/$one; done > \(place["report"]).new"
        let etcd = try place.write(
            "#!/bin/sh\n\(report); mv \(place["report"]).new \(place["report"])\n", to: "etcd", executable: true)
        try place.write("", to: "data/member/wal/0.wal")
        try place.write(
            #"{"version": 1, "instance": "i-0a", "started": true}"#, to: "data/etcd-cluster.json")
        let daemon =
            Built.product + " --data-dir \(place["data"]) --etcd \(etcd) --instance-id i-0a"
            + " --address 127.0.0.1 --region eu-central-1 --without-record"
        _ = try await Built.spawner.capture(
            Supervision.Command(
                "/bin/sh", ["-c", "timeout -s KILL 5 \(daemon) <&- >&- 2>&-; true"],
                environment: ["PATH": "/usr/bin:/bin"]), deadline: .seconds(60))
        let streams = try String(contentsOfFile: place["report"], encoding: .utf8)
        #expect(streams == "/dev/null\n/dev/null\n/dev/null\n")
    }

    /// Credentials are in the environment of every run; nothing that it says may hold them.
    @Test func whatItSaysHoldsNoSecret() async throws {
        let place = try TemporaryDirectory()
        let secrets = ["AWS_SECRET_ACCESS_KEY": "pa55word-of-aws", "AWS_SESSION_TOKEN": "t0ken-of-aws"]
        let environment = secrets.merging([
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-central-1",
            "AWS_MAX_ATTEMPTS": "1",
        ]) { mine, _ in mine }
        for extra in [["--bogus"], []] {
            let output = try await Built.spawner.capture(
                Supervision.Command(
                    Built.product,
                    ["plan", "--data-dir", place["data"], "--instance-id=i-0a", "--address=127.0.0.1"] + extra,
                    environment: environment), deadline: .seconds(120))
            let said = output.text + String(decoding: output.standardError, as: UTF8.self)
            #expect(!said.isEmpty)
            for secret in secrets.values { #expect(!said.contains(secret)) }
        }
    }

    // MARK: At an AWS

    private func world() -> AWSWorld {
        var world = AWSWorld()
        world.groups = [.init("etcd-main", desired: 3, [("i-0a", "InService")])]
        world.instances["i-0a"] = .init(address: "127.0.0.9")
        return world
    }

    private func arguments(_ place: TemporaryDirectory, _ more: String...) -> [String] {
        more + ["--data-dir", place["data"], "--instance-id=i-0a", "--address=127.98.7.6", "--region=eu-central-1"]
    }

    @Test func aPlanSaysWhatWouldBeDoneAndChangesNothing() async throws {
        let (aws, place) = (try StubAWS(world()), try TemporaryDirectory())
        let text = try await Built.spawner.capture(
            Supervision.Command(Built.product, arguments(place, "plan"), environment: aws.environment),
            deadline: .seconds(60))
        #expect(text.status == .exited(0))
        #expect(
            text.text.replacing(/here: .*/, with: "here: ...") == """
                instance   i-0a, peer URL http://127.98.7.6:2380
                etcd       does not answer here: ...
                waits      1 instance of the group runs, 3 are wanted to found

                """)
        let json = try await Built.spawner.capture(
            Supervision.Command(Built.product, arguments(place, "plan", "-o", "json"), environment: aws.environment),
            deadline: .seconds(60))
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.standardOutput)) as? [String: Any])
        #expect(report["role"] as? String == "start")
        #expect(report["instance"] as? String == "i-0a")
        #expect(report["steps"] as? [String] == [])
        #expect(report["deferred"] as? [String] == ["1 instance of the group runs, 3 are wanted to found"])
        #expect((report["silence"] as? String)?.contains("connection refused") == true)
        #expect(place.names() == [])
    }

    @Test(arguments: [Signal.terminate, .interrupt]) func aSignalEndsTheWait(_ signal: Signal) async throws {
        let (aws, place) = (try StubAWS(world()), try TemporaryDirectory())
        let log = open(place["log"], O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        let child = try await Built.spawner.spawn(
            Supervision.Command(Built.product, arguments(place) + ["--without-record"], environment: aws.environment),
            streams: .descriptors(output: log, error: log))
        do {
            try await eventually("it waits") { place.text(of: "log")?.contains("are wanted to found") == true }
            child.send(.hangup)
            try await eventually("it minds no hangup") {
                place.text(of: "log")?.contains("nothing to read again") == true
            }
            child.send(signal)
            #expect(try await child.exit(within: .seconds(60)) == .exited(0))
        } catch {
            await child.terminate([])
            throw error
        }
        let lines = (place.text(of: "log") ?? "").split(separator: "\n")
        #expect(lines.last?.hasSuffix("level=info msg=\"etcd-cluster ends\"") == true)
        #expect(lines.allSatisfy { $0.hasPrefix("time=") })
    }
}
