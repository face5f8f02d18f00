/// `recover`, `restore`, `adopt` and `forget`: look, show what would be done, ask, do it, and say what follows.

import AWS
import ClusterPlanning
import FoundationEssentials
import HTTP
import Supervision

/// Runs a person's command. Takes no lock, and writes nothing into the data directory.
///
/// - Parameter spawner: another one only where `main` is not ours, as in a test runner.
/// - Returns: the exit code: 0 where it is done or nothing is to be done, 1 where it is refused or declined, 70 where what
///   has to be seen can't be.
func runOperatorCommand(
    _ command: OperatorCommand, _ configuration: Configuration, _ flags: OperatorFlags, spawner: Spawner = Spawner()
) async -> Int32 {
    do {
        let loop = try CurlLoop()
        let longLook = LongLook(over: loop)
        let surroundings = try await longLook.during { try await Surroundings(configuration, loop: loop) }
        let directory = DataDirectory(configuration.dataDirectory, requiresMount: configuration.requiresMount)
        let observers = Observers(configuration, surroundings, directory)
        let workshop = BackupWorkshop(
            configuration, surroundings, directory, EtcdProgram(configuration: configuration, spawner: spawner),
            spawner,
            Logger(format: .logfmt, least: .warning, isJournal: false), isCommands: true)
        let run = OperatorRun(
            command: command, flags: flags, teller: teller(surroundings.identity.instance, configuration.environment),
            observer: OperatorObserver(start: observers.start, reports: surroundings.reports, directory: directory),
            longLook: longLook, executor: OperatorExecutor(surroundings, workshop), terminal: longLook.terminal)
        return try await run.run().code
    } catch is CancellationError {
        writeToStandardError("etcd-cluster: interrupted; `etcd-cluster status` shows what was done before\n")
        return 70
    } catch {
        writeToStandardError("etcd-cluster: \(command.rawValue) can't go on: \(error)\n")
        return 70
    }
}

/// Who asks, for the record: a name as far as the shell tells one, and from which instance.
func teller(_ instance: InstanceID, _ environment: Variables) -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    return "\(name ?? "somebody") on \(instance)"
}

/// One run of a command.
struct OperatorRun: Sendable {
    let command: OperatorCommand
    let flags: OperatorFlags
    let teller: String
    let observer: OperatorObserver
    let longLook: LongLook
    let executor: OperatorExecutor
    let terminal: Terminal

    enum Ending: Equatable, Sendable {
        case done, nothing, refused, declined, lost, blind

        var code: Int32 {
            switch self {
            case .done, .nothing: 0
            case .refused, .declined, .lost: 1
            case .blind: 70
            }
        }
    }

    /// Terminating, declaring and beginning are three stages; nothing takes more.
    private static let stageLimit = 4

    /// Goes on from stage to stage, each on a look of its own, until nothing is left to be done.
    func run() async throws -> Ending {
        var ending = Ending.nothing
        var generation: Int?
        for stage in 0..<Self.stageLimit {
            let view = try await longLook.during { try await observer.look() }
            if command == .recover || command == .restore, stage == 0 { terminal.say(sentences(situation(view))) }
            if stage > 0, let record = view.start.record.record, record.generation != generation {
                terminal.say("generation \(record.generation) has begun from \(record.source)\n")
                return .done
            }
            generation = view.start.record.record?.generation
            switch plan(view) {
            case .refuse(let refusal):
                terminal.complain("\(stage == 0 ? "" : "not to the end: ")\(refusal)")
                return refusal.isBlind ? .blind : .refused
            case .nothing(let why):
                terminal.say("nothing to do: \(why)\n")
                return ending
            case .act(let steps, let then):
                ending = try await act(steps, then)
                guard ending == .done, isStaged else { return ending }
            }
        }
        return ending
    }

    /// Only where disks are declared gone there may be anything to do after the first stage.
    private var isStaged: Bool { command == .recover && !flags.recover.declaredGone.isEmpty }

    private func plan(_ view: OperatorView) -> OperatorPlan {
        switch command {
        case .recover, .restore:
            var request = flags.recover
            request.teller = teller
            if case .snapshot(.file(let path)) = request.from { request.from = .snapshot(.file(absolute(path))) }
            return planRecover(view, request)
        case .adopt: return planAdopt(view)
        case .forget: return planForget(view, flags.forget)
        }
    }

    private func act(_ steps: [OperatorStep], _ then: [String]) async throws -> Ending {
        terminal.say(sentences(steps.map { ("would", "\($0)") } + then.map { ("then", $0) }))
        guard try await isAgreed() else { return .declined }
        for step in steps {
            guard try await executor.perform(step, telling: terminal) else {
                terminal.complain("somebody else has changed it first; look again: nothing of \"\(step)\" was done")
                return .lost
            }
            terminal.say("done: \(step)\n")
        }
        return .done
    }

    private func isAgreed() async throws -> Bool {
        if flags.isAgreed { return true }
        guard terminal.canAsk else {
            terminal.complain("nothing was done: there is no terminal to ask on; say --yes to agree")
            return false
        }
        if try await terminal.ask("Do this? [y/N] ") { return true }
        terminal.complain("nothing was done")
        return false
    }
}

/// Paths go to programs that would take one with a hyphen in front for a flag.
func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
}
