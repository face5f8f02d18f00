/// The person in front of us, or the script.

import Glibc
import Supervision

/// Standard output for what is, standard error for what went wrong, standard input for yes or no.
struct Terminal: Sendable {
    /// Whether somebody reads what we ask, and can answer.
    var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Whether what is said is seen at once: then waiting is worth a line now and then.
    var isWatched: Bool { isatty(STDOUT_FILENO) == 1 }

    func say(_ text: String) {
        print(text, terminator: "")
        fflush(nil)
    }

    func complain(_ text: String) { writeToStandardError("etcd-cluster: \(text)\n") }

    /// Anything but a yes is a no.
    func ask(_ question: String) async throws -> Bool {
        say(question)
        let answer = try await runBlocking { _ in readLine() }
        return ["y", "yes"].contains(answer?.lowercased() ?? "")
    }
}
