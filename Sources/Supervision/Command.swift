/// What to run, complete: nothing about it is inherited except what is said here.
package struct Command: Sendable, Equatable, CustomStringConvertible {
    /// A path, or a name that is looked up in the `PATH` of `environment`.
    package var executable: String
    /// Without the program's own name, which the child sees as `executable`.
    package var arguments: [String]
    /// All of the child's environment.
    package var environment: [String: String]
    /// An absolute path; nil: ours.
    package var workingDirectory: String?

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// The program and its arguments, without the environment, which may hold secrets.
    package var description: String { ([executable] + arguments).joined(separator: " ") }

    /// `NAME=value`, in the order of the names.
    var environmentStrings: [String] {
        environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    /// C strings end at the first NUL and names at the first `=`: what holds one would arrive as something else.
    func validate() throws(SpawnError) {
        let strings = [executable] + arguments + [workingDirectory ?? "/"] + environmentStrings
        guard !strings.contains(where: { $0.utf8.contains(0) }) else {
            throw .invalidCommand(executable, "a NUL in an argument or in the environment")
        }
        guard !environment.keys.contains(where: { $0.isEmpty || $0.contains("=") }) else {
            throw .invalidCommand(executable, "a variable's name is empty or holds an '='")
        }
        guard workingDirectory?.hasPrefix("/") ?? true else {
            throw .invalidCommand(executable, "the working directory is not an absolute path")
        }
    }
}
