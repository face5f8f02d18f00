/// Why a child did not start. Each names the program, so that the line can stand alone in a log.
package enum SpawnError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No directory of the search path has an executable file of this name.
    case notFound(String, searchPath: String)
    /// The system refused, with this `errno`; `during` says what, where it was not the exec itself.
    case refused(String, code: Int32, during: String? = nil)
    /// The command can't be passed on as it is.
    case invalidCommand(String, String)
    /// Our own executable, started anew as the child-to-be, did not do its part: a mistake in how it was built or
    /// called, not in the command.
    case trampolineFailed(String, trampoline: String, why: String)

    package var description: String {
        switch self {
        case .notFound(let program, let searchPath):
            "cannot start \(program): not found in PATH (\(searchPath))"
        case .refused(let program, let code, nil):
            "cannot start \(program): \(systemMessage(for: code))"
        case .refused(let program, let code, let step?):
            "cannot start \(program): \(step): \(systemMessage(for: code))"
        case .invalidCommand(let program, let why):
            "cannot start \(program): \(why)"
        case .trampolineFailed(let program, let trampoline, let why):
            "cannot start \(program): \(trampoline): \(why)"
        }
    }
}
