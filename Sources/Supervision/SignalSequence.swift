import Dispatch
import Glibc

/// The signals that ask something of this process, as a sequence that never ends, for one consumer.
///
/// To be made first in `main`, and held: until then SIGTERM kills us, and as process 1 of a container is ignored.
package struct SignalSequence: AsyncSequence, Sendable {
    package typealias Element = Signal
    package typealias Failure = Never

    private let stream: AsyncStream<Signal>

    /// Returns when the handlers are in place: a signal that comes later is in the sequence.
    ///
    /// Nothing is ignored or blocked for it, so there is nothing that a child could inherit.
    package init(_ signals: [Signal] = [.terminate, .interrupt, .hangup]) {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
        self.stream = stream
        // Dispatch sources may be used from any thread; they are only not declared so.
        nonisolated(unsafe) let sources = signals.map { signal in
            let source = DispatchSource.makeSignalSource(signal: signal.rawValue, queue: .global())
            let installed = DispatchSemaphore(value: 0)
            source.setEventHandler { continuation.yield(signal) }
            source.setRegistrationHandler { installed.signal() }
            source.resume()
            installed.wait()
            return source
        }
        // Also what keeps the sources: Dispatch ends one that nobody holds.
        continuation.onTermination = { _ in for source in sources { source.cancel() } }
    }

    package func makeAsyncIterator() -> AsyncStream<Signal>.Iterator { stream.makeAsyncIterator() }

    /// A write to a connection that the peer has closed fails with `EPIPE` from now on, instead of ending us.
    /// Children get the default back (`Spawner`).
    package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}
