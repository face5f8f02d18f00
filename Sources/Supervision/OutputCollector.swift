import Glibc

/// Reads a child's output and error as they come, on a thread of its own, until it is told to stop.
final class OutputCollector: Sendable {
    struct Output: Sendable {
        var standardOutput: [UInt8] = []
        var standardError: [UInt8] = []
        var isTooLarge = false
    }

    private let outputPipe: Pipe
    private let errorPipe: Pipe
    /// Carries nothing; that it closes is the message.
    private let stopPipe: Pipe
    private let collected = OneShot<Output>()

    /// - Parameter limit: bytes kept of each of the two; a stream that exceeds it is closed, which ends most writers.
    init(limit: Int) throws(SystemError) {
        var pipes: [Pipe] = []
        do throws(SystemError) {
            for _ in 0..<3 { pipes.append(try Pipe()) }
            (outputPipe, errorPipe, stopPipe) = (pipes[0], pipes[1], pipes[2])
            let ends = pipes.map(\.reading)
            try startForeignThread { [collected] in
                collected.resolve(collectOutput(ends[0], ends[1], until: ends[2], limit: limit))
            }
        } catch {
            for pipe in pipes { pipe.closeBoth() }
            throw error
        }
    }

    /// For the child; to be closed here, by `closeWritingEnds`, once it has them.
    var streams: Spawner.Streams { .descriptors(output: outputPipe.writing, error: errorPipe.writing) }

    func closeWritingEnds() {
        close(outputPipe.writing)
        close(errorPipe.writing)
    }

    /// Ends the reading after what is in the pipes now. To be called once.
    func stop() { close(stopPipe.writing) }

    /// All that was read; comes after `stop`.
    var output: Output {
        get async throws(CancellationError) { try await collected.value() }
    }
}

/// Reads both until the third has closed, and then what is left in them; closes all three.
private func collectOutput(
    _ output: Int32, _ error: Int32, until stop: Int32, limit: Int
) -> OutputCollector.Output {
    var sources = [OutputSource(output, limit: limit), OutputSource(error, limit: limit)]
    var isStopped = false
    while !isStopped {
        // A closed source is -1, which poll passes over.
        var entries = (sources.map(\.descriptor) + [stop]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
        isStopped = entries[2].revents != 0
        for index in sources.indices where entries[index].revents != 0 { _ = sources[index].readChunk() }
    }
    close(stop)
    for index in sources.indices {
        while sources[index].readChunk() {}
        sources[index].end()
    }
    return OutputCollector.Output(
        standardOutput: sources[0].bytes, standardError: sources[1].bytes,
        isTooLarge: sources.contains { $0.isTooLarge })
}

/// One stream while it is read.
private struct OutputSource {
    private(set) var descriptor: Int32
    private(set) var bytes: [UInt8] = []
    private(set) var isTooLarge = false
    private let limit: Int

    init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
        // Only this end: the child's has flags of its own.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// Reads what is there, up to 16 KiB; closes at the stream's end and at the limit.
    ///
    /// - Returns: whether there may be more at once.
    mutating func readChunk() -> Bool {
        guard descriptor >= 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &chunk, chunk.count)
        guard count >= 0 else { return errno == EINTR }
        isTooLarge = bytes.count + count > limit
        bytes += chunk.prefix(min(count, limit - bytes.count))
        if count == 0 || isTooLarge { end() }
        return descriptor >= 0
    }

    mutating func end() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}
