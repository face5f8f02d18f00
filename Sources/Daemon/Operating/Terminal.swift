/// The person in front of us, or the script.

import Glibc
import Supervision

/// Standard output for what is, standard error for what went wrong, standard input for yes or no.
struct Terminal: Sendable {
    /// Whether somebody reads what we ask, and can answer.
    var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Whether what is said is seen at once: then waiting is worth a line now and then.
    var isWatched = isatty(STDOUT_FILENO) == 1

    /// Where it is said.
    var write: @Sendable (String) -> Void = { text in
        print(text, terminator: "")
        fflush(nil)
    }

    /// The same of standard error: then there may be a line that is taken back.
    var isErrorWatched = isatty(STDERR_FILENO) == 1

    /// Where it is said what went wrong, or what takes its time.
    var writeError: @Sendable (String) -> Void = writeToStandardError

    func say(_ text: String) { write(text) }

    func complain(_ text: String) { writeError("etcd-cluster: \(text)\n") }

    /// Anything but a yes is a no.
    ///
    /// - Throws: `CancellationError` at once, though the line is still being waited for: then nothing else is going to read one.
    func ask(_ question: String) async throws -> Bool {
        say(question)
        let (answers, continuation) = AsyncThrowingStream.makeStream(of: String.self)
        Task {
            do {
                continuation.yield(try await runBlocking { _ in readLine() } ?? "")
            } catch {
                continuation.finish(throwing: error)
            }
        }
        for try await answer in answers { return ["y", "yes"].contains(answer.lowercased()) }
        throw CancellationError()
    }
}
