import Glibc

/// What a short command said and how it ended.
package struct CapturedOutput: Sendable, Equatable {
    package let status: ExitStatus
    package let standardOutput: [UInt8]
    package let standardError: [UInt8]

    /// What it wrote to its output, as text; bytes that are not UTF-8 are replaced.
    package var text: String { String(decoding: standardOutput, as: UTF8.self) }
}

/// Why a command that was started gave no usable output.
package enum CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
    case timedOut(Command, after: Duration)
    /// It wrote more than this many bytes to its output or its error.
    case outputTooLarge(Command, limit: Int)

    package var description: String {
        switch self {
        case .timedOut(let command, let limit): "\(command): still running after \(limit), killed"
        case .outputTooLarge(let command, let limit): "\(command): more than \(limit) bytes of output"
        }
    }
}

extension Spawner {
    /// Runs a short command to its end and returns what it wrote.
    ///
    /// - Parameters:
    ///   - deadline: how long it may take; then it is killed.
    ///   - limit: how many bytes it may write to its output, and as many to its error; then both are closed to it.
    /// - Throws: `SpawnError`; `CaptureError`; `SystemError` where there is no pipe or thread to be had;
    ///   `CancellationError`, with the command killed. A status other than 0 is no error here.
    package func capture(
        _ command: Command, deadline: Duration, limit: Int = 1 << 20
    ) async throws -> CapturedOutput {
        let collector = try OutputCollector(limit: limit)
        let status = try await runToEnd(command, writingTo: collector, deadline: deadline)
        let output = try await collector.output
        guard !output.isTooLarge else { throw CaptureError.outputTooLarge(command, limit: limit) }
        return CapturedOutput(
            status: status, standardOutput: output.standardOutput, standardError: output.standardError)
    }

    /// The child's end is the end of its output: what it wrote is in the pipes by then, and whoever else holds them
    /// open is not waited for.
    private func runToEnd(
        _ command: Command, writingTo collector: OutputCollector, deadline: Duration
    ) async throws -> ExitStatus {
        defer { collector.stop() }
        let child: Child
        do {
            defer { collector.closeWritingEnds() }
            child = try await spawn(command, streams: collector.streams)
        }
        do {
            if let status = try await child.exit(within: deadline) { return status }
        } catch {
            await child.terminate([])
            throw error
        }
        await child.terminate([])
        throw CaptureError.timedOut(command, after: deadline)
    }
}
