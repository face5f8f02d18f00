/// People's commands against an AWS of one stub server: what they look at, what they change, and how they end.

import AWS
import ClusterPlanning
import Testing

@testable import Daemon

@Suite struct OperatorRunTests {
    private static let owner = "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:main"
    private static let here = "127.0.0.1"

    /// A group of one running instance, a zone with a record of its cluster, and names in DNS.
    private func stand(_ change: (inout AWSWorld) -> Void = { _ in }) throws -> StubAWS {
        var world = AWSWorld()
        world.groups = [.init("main", desired: 2, [("i-0a", "InService")])]
        world.instances = ["i-0a": .init(address: Self.here), "i-0b": .init(state: "stopped", address: "127.0.0.2")]
        world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: true)]
        world.records["Z0NET"] = [
            .init(name: "main.example.net.", type: "A"): [Self.here],
            .init(name: "www.example.net.", type: "A"): ["192.0.2.1"],
            StoreStand.txt: ["\"\(try record.text())\""],
        ]
        change(&world)
        return try StubAWS(world)
    }

    private var record: ClusterRecord {
        get throws {
            let entries = ["a", "b"].map { letter in
                ClusterRecord.Entry(
                    InstanceID("i-0\(letter)"), Endpoint(.http, "127.0.0.\(letter == "a" ? 1 : 2)", 7002),
                    disk: DiskID("d-\(letter)"))
            }
            return ClusterRecord(
                owner: Self.owner, generation: 1, token: "t", source: .empty, start: entries, voters: entries)
        }
    }

    private func run(_ aws: StubAWS, _ arguments: String...) async throws -> Int32 {
        let directory = try TemporaryDirectory()
        let usual = [
            "--instance-id=i-0a", "--region=eu-central-1", "--address=\(Self.here)", "--peer-port=7002",
            "--client-port=7003",
            "--status-listen=7004", "--data-dir=\(directory["data"])", "--hosted-zone=example.net",
        ]
        guard
            case .operate(let command, let configuration, let flags) = try parse(
                arguments + usual + ["--without-record=false"], aws.environment)
        else { throw NeverHappened(description: "a person's command") }
        let code = await runOperatorCommand(command, configuration, flags)
        #expect(!directory.exists("data"), "nothing is written there")
        return code
    }

    private func text(_ aws: StubAWS) throws -> ClusterRecord? {
        try aws.records(in: "Z0NET")[StoreStand.txt]?.first.map {
            try ClusterRecord(parsing: Route53.TXTValue.read($0))
        }
    }

    @Test func recoverAloneChangesNothing() async throws {
        let aws = try stand()
        #expect(try await run(aws, "recover") == 0)
        #expect(!aws.calls.contains("ChangeResourceRecordSets"))
        #expect(try text(aws) == record)
    }

    @Test func aDeclarationSaysWhoAndWhen() async throws {
        let aws = try stand()
        #expect(try await run(aws, "recover", "--declare-gone=i-0b", "--yes") == 1)
        #expect(try text(aws) == record)
        #expect(try await run(aws, "recover", "--declare-gone=i-0b", "--even-if-it-returns", "--yes") == 0)
        let gone = try #require(try text(aws)?.gone.first)
        #expect(gone.disk == DiskID("d-b") && gone.teller.hasSuffix(" on i-0a") && gone.time.hasSuffix("Z"))
        #expect(gone.evidence == "declared gone while EC2 called i-0b stopped")
        #expect(try text(aws)?.changes == 2)
    }

    @Test func withoutATerminalNothingIsDoneUnasked() async throws {
        let aws = try stand()
        #expect(try await run(aws, "recover", "--declare-gone=i-0b", "--even-if-it-returns") == 1)
        #expect(try text(aws) == record)
    }

    @Test func aRefusedChangeIsNoSuccess() async throws {
        let aws = try stand { world in
            world.fault = { call in
                guard call == "ChangeResourceRecordSets" else { return nil }
                return .error("AccessDenied", "Not you.", status: 403)
            }
        }
        #expect(try await run(aws, "recover", "--declare-gone=i-0b", "--even-if-it-returns", "--yes") == 70)
        #expect(try text(aws) == record)
    }

    @Test func aRecordThatIsNoneGoesWhereItsStoreIsNamed() async throws {
        let aws = try stand { $0.records["Z0NET"]?[StoreStand.txt] = ["\"v=spf1 -all\""] }
        #expect(try await run(aws, "recover") == 70)
        #expect(try await run(aws, "forget", "--yes") == 70)
        #expect(try await run(aws, "forget", "--store=route53:Z0OTHER", "--yes") == 1)
        #expect(try await run(aws, "forget", "--store=route53:Z0NET", "--yes") == 0)
        #expect(aws.records(in: "Z0NET")[StoreStand.txt] == nil)
    }

    @Test func forgetDropsTheRecordAndOurNamesAlone() async throws {
        let aws = try stand()
        #expect(try await run(aws, "forget", "--yes") == 0)
        #expect(aws.records(in: "Z0NET").keys.map(\.name) == ["www.example.net."])
        #expect(try await run(aws, "forget", "--yes") == 0)
    }

    @Test func adoptNeedsAClusterThatAnswers() async throws {
        let aws = try stand { $0.records["Z0NET"]?[StoreStand.txt] = nil }
        #expect(try await run(aws, "adopt", "--yes") == 1)
        #expect(!aws.calls.contains("ChangeResourceRecordSets"))
    }

    @Test func whoCanNotSeeTheGroupSaysSo() async throws {
        let aws = try stand { $0.fault = { $0 == "DescribeAutoScalingGroups" ? .error("Denied", status: 403) : nil } }
        for command in OperatorCommand.allCases { #expect(try await run(aws, command.rawValue, "--yes") == 70) }
    }
}
