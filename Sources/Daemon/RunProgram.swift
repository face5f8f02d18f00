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
        case .backup(let configuration, let file): return await runBackup(configuration, to: file)
        case .backups(let configuration, let format): return await printBackups(configuration, format)
        case .operate(let command, let configuration, let flags):
            return await runOperatorCommand(command, configuration, flags)
        case .run(let configuration): return await runDaemon(configuration)
        }
        return 0
    } catch {
        let list = error.mistakes.map { "  \($0)\n" }.joined()
        writeToStandardError("etcd-cluster: nothing was started; the configuration is wrong:\n\(list)")
        return 64
    }
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
