/// From the process's arguments to its exit code.

import Glibc
import Supervision

/// Does what the command line says.
///
/// - Parameters:
///   - arguments: without the program's name.
///   - environment: all of it.
/// - Returns: the exit code: 0, 1 where a person's command was refused or declined, 64 for a wrong configuration (sysexits.h, `EX_USAGE`), 70 where it can't go on.
package func runProgram(arguments: [String], environment: [String: String]) async -> Int32 {
    do throws(ConfigurationError) {
        switch try parseCommand(arguments: arguments, environment: environment) {
        case .help: print(helpText(), terminator: "")
        case .version: print("etcd-cluster \(version)")
        case .plan(let configuration, let format): return await printPlan(configuration, format)
        case .status(let configuration, let format): return await printStatus(configuration, format)
        case .backup(let configuration, let file):
            return await tidily { await runBackup(configuration, to: file) }
        case .backups(let configuration, let format): return await printBackups(configuration, format)
        case .operate(let command, let configuration, let flags):
            return await tidily { await runOperatorCommand(command, configuration, flags) }
        case .run(let configuration): return await runDaemon(configuration)
        }
        return 0
    } catch {
        let list = error.mistakes.map { "  \($0)\n" }.joined()
        writeToStandardError("etcd-cluster: nothing was started; the configuration is wrong:\n\(list)")
        return 64
    }
}

/// Runs a command that makes large things on the way. Told to end, it removes them first, and then ends by that very signal, as
/// the shell expects; told so twice, at once.
private func tidily(_ command: @escaping @Sendable () async -> Int32) async -> Int32 {
    // What whoever started us has had ignored, as nohup does, stays so.
    let signals = SignalSequence([Signal.terminate, .interrupt, .hangup].filter { !$0.isIgnored })
    let work = Task { await command() }
    let heeding = Task {
        var first: Signal?
        for await signal in signals {
            if first != nil { end(by: signal) }
            first = signal
            work.cancel()
        }
        return first
    }
    let code = await work.value
    heeding.cancel()
    if let signal = await heeding.value { end(by: signal) }
    return code
}

/// Nothing is flushed: what was said is written, and a thread that still waits for a line holds the lock on standard input.
private func end(by signal: Signal) -> Never {
    Glibc.signal(signal.rawValue, SIG_DFL)
    var alone = sigset_t()
    sigemptyset(&alone)
    sigaddset(&alone, signal.rawValue)
    pthread_sigmask(SIG_UNBLOCK, &alone, nil)
    // To this thread: one that is sent to the process may be given to another thread, and come after the exit below.
    raise(signal.rawValue)
    _exit(128 + signal.rawValue)
}

private func runDaemon(_ configuration: Configuration) async -> Int32 {
    let signals = SignalSequence()
    let logger = Logger(
        format: configuration.logFormat, least: configuration.logLevel,
        isJournal: standardErrorIsJournal(environment: configuration.environment))
    do {
        try await Daemon(configuration, logger: logger).run(signals)
        return 0
    } catch {
        logger.error("can't go on", ["error": "\(error)"])
        return 70
    }
}
