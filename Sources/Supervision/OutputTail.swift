import Glibc
import Synchronization

/// A child's output and error on their way through us to our own error output, the last of them kept.
///
/// A child that has this in place of our own streams depends on us: what it writes waits in a pipe until it is read here,
/// and once we have ended it would be ended by its next line. A child of ours ends with us anyway; for one that runs for
/// months the plain streams are still the safer ones, so this is for short runs, and for a child whose last words are wanted.
package final class OutputTail: Sendable {
    /// What the spawner gets: the pipe's writing end, twice.
    package var streams: Spawner.Streams { .descriptors(output: output.writing, error: output.writing) }

    private let output: Pipe
    /// Carries nothing; that it closes is the message.
    private let stop: Pipe
    private let kept: KeptOutput
    /// Whether the two ends that are ours to close are closed.
    private let closed = Mutex((output: false, stop: false))
    private let isRead = OneShot<Void>()

    /// - Parameters:
    ///   - limit: how many bytes are kept, the last ones.
    ///   - isForwarded: whether what comes goes to our error output too.
    package init(keeping limit: Int = 256 << 10, isForwarded: Bool = true) throws(SystemError) {
        kept = KeptOutput(limit: limit)
        output = try Pipe()
        do throws(SystemError) { stop = try Pipe() } catch {
            output.closeBoth()
            throw error
        }
        do throws(SystemError) {
            try startForeignThread { [kept, isRead, output, stop] in
                passOn(output.reading, until: stop.reading, to: isForwarded ? STDERR_FILENO : -1, keeping: kept)
                isRead.resolve(())
            }
        } catch {
            // The writing ends close with this value.
            close(output.reading)
            close(stop.reading)
            throw error
        }
    }

    /// The lines that are kept by now; the first one may lack its beginning.
    package var lines: [String] { kept.lines }

    /// To be called when the child has been spawned, or has not.
    package func closeWritingEnd() {
        closed.withLock { closed in
            if !closed.output { close(output.writing) }
            closed.output = true
        }
    }

    /// All that was kept, once the child has ended. Who else may hold the pipe open is not waited for.
    package func finish() async throws(CancellationError) -> [String] {
        endReading()
        try await isRead.value()
        return kept.lines
    }

    private func endReading() {
        closed.withLock { closed in
            if !closed.stop { close(stop.writing) }
            closed.stop = true
        }
    }

    deinit {
        closeWritingEnd()
        endReading()
    }
}

extension Spawner {
    /// Starts the program with its output going through us. `finish` of the result is the caller's to call.
    ///
    /// - Throws: `SpawnError`; `SystemError` where there is no pipe or thread to be had.
    package func spawnKeepingOutput(
        _ command: Command, isForwarded: Bool = true, record: ChildRecord? = nil
    ) async throws -> (child: Child, output: OutputTail) {
        let tail = try OutputTail(isForwarded: isForwarded)
        do {
            defer { tail.closeWritingEnd() }
            return (try await spawn(command, streams: tail.streams, record: record), tail)
        } catch {
            // The error that counts is the spawner's; nothing was written, so nothing is lost with this one.
            _ = try? await tail.finish()
            throw error
        }
    }
}

/// The last bytes of a stream.
private final class KeptOutput: Sendable {
    private let limit: Int
    private let bytes = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    func append(_ chunk: ArraySlice<UInt8>) {
        bytes.withLock { bytes in
            bytes += chunk
            // Twice the limit before anything is moved: else each line would move all that is kept.
            if bytes.count > 2 * limit { bytes.removeFirst(bytes.count - limit) }
        }
    }

    var lines: [String] {
        let kept = bytes.withLock { Array($0.suffix(limit)) }
        return kept.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Passes on what comes, until the stream ends, or until `stop` closes and what is there then has been read. Closes both.
private func passOn(_ source: Int32, until stop: Int32, to destination: Int32, keeping kept: KeptOutput) {
    _ = fcntl(source, F_SETFL, O_NONBLOCK)  // only this end: the child's has flags of its own
    var isStopped = false
    while true {
        var entries = [source, isStopped ? -1 : stop].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&entries, nfds_t(entries.count), isStopped ? 0 : -1) >= 0 else { continue }
        if entries[1].revents != 0 { isStopped = true }
        guard entries[0].revents != 0 else {
            if isStopped { break }
            continue
        }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = read(source, &chunk, chunk.count)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        guard count > 0 else { break }
        kept.append(chunk[..<count])
        forward(chunk[..<count], to: destination)
    }
    close(source)
    if !isStopped { waitForClosing(of: stop) }
    close(stop)
}

/// A line that can't be passed on is dropped, as it would be if the child itself had failed to write it.
private func forward(_ bytes: ArraySlice<UInt8>, to destination: Int32) {
    guard destination >= 0 else { return }
    var rest = bytes
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(destination, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

private func waitForClosing(of stop: Int32) {
    var entries = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
    while poll(&entries, 1, -1) < 0 {}
}
