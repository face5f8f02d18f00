/// The flags of `recover`, `adopt` and `forget`.

import ClusterPlanning
import Testing

@testable import Daemon

private let aBackup = "2-1a-7-20260131T120000Z.db"
private let noon = UTCTime(seconds: 1_769_860_800)

@Suite struct OperatorOptionTests {
    private static let kept = ["HOSTED_ZONE": "example.org", "ETCD_CLUSTER_WITHOUT_RECORD": "false"]

    private func flags(_ arguments: String...) throws -> OperatorFlags {
        guard case .operate(_, _, let flags) = try parse(arguments, Self.kept) else {
            throw NeverHappened(description: "a person's command")
        }
        return flags
    }

    private func wrong(_ arguments: String...) -> [String] {
        mistakes(arguments, environment: Self.kept)
    }

    @Test func aCommandAloneAsksForNothing() throws {
        for command in OperatorCommand.allCases {
            guard
                case .operate(command, let configuration, let flags) = try parse(
                    [command.rawValue], Self.kept)
            else { throw NeverHappened(description: command.rawValue) }
            var expected = OperatorFlags()
            if command == .restore { expected.recover.from = .snapshot(.newest) }
            #expect(flags == expected)
            #expect(configuration.hostedZone == .name("example.org"))
        }
    }

    @Test func recoverTakesAllOfAPersonsWord() throws {
        let flags = try flags(
            "recover", "--declare-gone", "i-0a", "--declare-gone=i-0b", "--terminate", "--even-if-it-returns",
            "--from=empty", "--accept-data-loss", "--yes")
        #expect(
            flags.recover
                == RecoverRequest(
                    declaredGone: [InstanceID("i-0a"), InstanceID("i-0b")], from: .empty, terminates: true,
                    evenIfItReturns: true, acceptsLoss: true))
        #expect(flags.isAgreed)
    }

    @Test(arguments: [
        (["--from", "member"], Beginning.member(nil)), (["--from=member"], .member(nil)),
        (["--from", "member", "i-0a"], .member(InstanceID("i-0a"))), (["--from", "member", "--yes"], .member(nil)),
        (["--from=member", "i-0a"], .member(InstanceID("i-0a"))), (["--from", "snapshot"], .snapshot(.newest)),
        (["--from", "empty"], .empty), (["--from", "s3://other/etcd.db"], .snapshot(.named("s3://other/etcd.db"))),
        (["--from", aBackup], .snapshot(.named(aBackup))),
        // As the stem stands in a log or in a table.
        (["--from", "2-1a-7-20260131T120000Z"], .snapshot(.named("2-1a-7-20260131T120000Z"))),
        (["--from", aBackup + ".gz"], .snapshot(.named(aBackup + ".gz"))),
        (["--from", "./etcd.db"], .snapshot(.file("./etcd.db"))),
        (["--from", "snapshot", "--revision=7"], .snapshot(.upToRevision(7))),
        (["--time=2026-01-31T12:00:00Z", "--from=snapshot"], .snapshot(.upToTime(noon))),
    ])
    func theBeginningIsChosen(arguments: [String], from: Beginning) throws {
        guard case .operate(_, _, let flags) = try parse(["recover"] + arguments, Self.kept) else {
            throw NeverHappened(description: "recover")
        }
        #expect(flags.recover.from == from)
    }

    /// `restore` is about backups: nobody has to say so.
    @Test(arguments: [
        ([], BackupChoice.newest), (["--from=snapshot"], .newest), (["--revision", "7"], .upToRevision(7)),
        (["--time", "2026-01-31T12:00:00Z"], .upToTime(noon)), (["--time=20260131T120000Z"], .upToTime(noon)),
        (["--from=snapshot", "--revision=0"], .upToRevision(0)), (["--from", aBackup], .named(aBackup)),
        (["--from", "/backups/etcd.db"], .file("/backups/etcd.db")),
    ])
    func restoreTakesABackup(arguments: [String], choice: BackupChoice) throws {
        guard case .operate(.restore, _, let flags) = try parse(["restore"] + arguments, Self.kept) else {
            throw NeverHappened(description: "restore")
        }
        #expect(flags.recover == RecoverRequest(from: .snapshot(choice)))
        #expect(!flags.isAgreed)
    }

    @Test func aDescriptionOfABackupStandsAlone() {
        let twice = "one of --revision and --time is enough"
        #expect(wrong("restore", "--revision=7", "--time=2026-01-31T12:00:00Z") == ["--time: \(twice)"])
        #expect(wrong("restore", "--time=2026-01-31T12:00:00Z", "--revision=7") == ["--revision: \(twice)"])
        let unneeded = "--revision and --time: they choose among backups; say --from snapshot with them"
        for from in [aBackup, "s3://other/etcd.db", "/backups/etcd.db", "empty", "member"] {
            for command in ["recover", "restore"] {
                #expect(wrong(command, "--from", from, "--revision=7") == [unneeded], "\(command) \(from)")
            }
        }
        // A word that describes a backup, where nobody has said that one is to be gone back to.
        #expect(wrong("recover", "--revision=7") == [unneeded])
    }

    @Test func restoreTakesNothingElse() {
        for from in ["member", "empty", "member i-0a"] {
            #expect(
                wrong("restore", "--from", from) == [
                    "--from: `restore` takes a backup; for anything else there is `recover`"
                ])
        }
        #expect(wrong("restore", "--declare-gone=i-0a") == ["--declare-gone: only `recover` takes it"])
    }

    @Test func forgetTakesAStore() throws {
        let flags = try flags("forget", "--store", "s3:bucket/etcd/main.record", "--even-if-alive")
        #expect(flags.forget == ForgetRequest(store: StoreName("s3:bucket/etcd/main.record"), evenIfAlive: true))
    }

    @Test func everyMistakeIsNamed() {
        #expect(
            wrong("recover", "--from", "memory") == [
                "--from: 'memory' is none of member, member i-..., snapshot, empty, a backup's name, s3://bucket/key and a "
                    + "path (with a slash in it)"
            ])
        #expect(wrong("restore", "--revision=-1") == ["--revision: '-1' is no revision"])
        #expect(
            wrong("restore", "--time=yesterday") == [
                "--time: 'yesterday' is no time in UTC, as 2026-01-31T12:00:00Z is"
            ])
        #expect(wrong("adopt", "--revision=7") == ["--revision: only `recover`, `restore` take it"])
        #expect(
            wrong("recover", "--declare-gone", "web-1") == [
                "--declare-gone: 'web-1' is no instance ID, as i-0123456789abcdef0 is"
            ])
        #expect(wrong("recover", "--from") == ["--from: its value is missing"])
        #expect(wrong("recover", "--from=empty", "--from=member") == ["--from: given twice"])
        #expect(
            wrong("recover", "--from=empty", "i-0a") == [
                "'i-0a': a flag is expected here; etcd's own flags go behind --"
            ])
        #expect(
            wrong("forget", "--store=zone") == [
                "--store: 'zone' is no store, as route53:Z0123456789ABC or s3:bucket/key is"
            ])
        #expect(wrong("adopt", "--declare-gone=i-0a") == ["--declare-gone: only `recover` takes it"])
        #expect(wrong("run", "--yes") == ["--yes: only `recover`, `restore`, `adopt`, `forget` take it"])
        #expect(wrong("recover", "--yes=maybe") == ["--yes: 'maybe' is neither true nor false"])
    }

    @Test func thereHasToBeAPlaceForARecord() {
        for command in OperatorCommand.allCases {
            #expect(
                mistakes([command.rawValue], environment: ["ETCD_CLUSTER_WITHOUT_RECORD": "false"]) == [
                    "\(command.rawValue): neither --hosted-zone nor --backup-bucket is set, and so there is no record; "
                        + "set what `run` has here"
                ])
            #expect(
                mistakes([command.rawValue]) == [
                    "--without-record: `\(command.rawValue)` is about the record, and none is kept"
                ])
        }
    }

    @Test func noFlagIsTheNameOfASetting() {
        let names = OperatorOption.all.map(\.flag)
        #expect(Set(names).count == names.count && Set(names).isDisjoint(with: Option.all.map(\.flag)))
    }

    @Test func whoAsksIsNamedAsFarAsTheShellTells() {
        #expect(teller(InstanceID("i-0a"), ["SUDO_USER": "ada", "USER": "root"]) == "ada on i-0a")
        #expect(teller(InstanceID("i-0a"), ["USER": "root"]) == "root on i-0a")
        #expect(teller(InstanceID("i-0a"), [:]) == "somebody on i-0a")
    }
}
