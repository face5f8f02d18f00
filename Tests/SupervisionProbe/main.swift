import Glibc
import Supervision

/// A small supervisor for the tests to start, kill and put in strange places; also the trampoline of the children that
/// the test runner starts, since the runner's own `main` is not ours.
///
///     supervision-probe supervise RECORD PROGRAM ARGUMENT...   says `child PID`, then `ended ...`
///     supervision-probe first-process PROGRAM ARGUMENT...      as process 1: says how it ended, then `children N`
///     supervision-probe signals                                says `ready`, then each signal until SIGTERM
///     supervision-probe lock DIRECTORY                         says `held` and holds, or says why not
Trampoline.runIfAsked()
await Probe.run(Array(CommandLine.arguments.dropFirst()))

enum Probe {
    static func run(_ arguments: [String]) async {
        do {
            switch arguments.first {
            case "supervise": try await supervise(arguments[2...], record: arguments[1])
            case "first-process": try await superviseAsFirstProcess(arguments[1...])
            case "signals": await printSignals()
            case "lock": try await hold(arguments[1])
            default: say("what?")
            }
        } catch {
            say("failed: \(error)")
            exit(1)
        }
    }

    private static func supervise(_ words: ArraySlice<String>, record: String) async throws {
        let child = try await Spawner().spawn(command(words), record: ChildRecord(path: record))
        say("child \(child.pid)")
        say("ended: \(try await child.exit)")
    }

    /// Waits until every orphan has been reaped: then there is no process but this one.
    private static func superviseAsFirstProcess(_ words: ArraySlice<String>) async throws {
        try Reaper.reapOrphansIfFirstProcess()
        for _ in 1...3 {
            let child = try await Spawner().spawn(command(words))
            say("ended: \(try await child.exit)")
        }
        let deadline = ContinuousClock.now + .seconds(20)
        while processes() > 1, .now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        say("others: \(processes() - 1)")
    }

    private static func printSignals() async {
        let signals = SignalSequence()
        say("ready")
        for await signal in signals {
            say("\(signal)")
            if signal == .terminate { return }
        }
    }

    private static func hold(_ directory: String) async throws {
        let lock = try DirectoryLock(directory, name: "lock", holder: "probe")
        say("held")
        try await Task.sleep(for: .seconds(600))
        withExtendedLifetime(lock) {}
    }

    private static func command(_ words: ArraySlice<String>) -> Command {
        Command(words.first ?? "", Array(words.dropFirst()), environment: ["PATH": "/usr/bin:/bin"])
    }

    /// All that this PID namespace has, zombies too.
    private static func processes() -> Int {
        guard let directory = opendir("/proc") else { return -1 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            let first = UInt8(bitPattern: entry.pointee.d_name.0)
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { count += 1 }
        }
        return count
    }

    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
