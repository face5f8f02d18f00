import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct SignalSequenceTests {
    @Test func signalsArriveInOrder() async throws {
        let listener = try await Talker(Command(Built.probe, ["signals"]))
        #expect(try await listener.line() == "ready")
        for signal in [Signal.hangup, .interrupt, .hangup, .terminate] {
            listener.child.send(signal)
            #expect(try await listener.line() == "\(signal)")
        }
        #expect(try await listener.child.exit == .exited(0))
        await listener.end()
    }

    @Test func noSignalIsLostRightAfterTheStart() async throws {
        for _ in 0..<20 {
            let listener = try await Talker(Command(Built.probe, ["signals"]))
            #expect(try await listener.line() == "ready")
            listener.child.send(.terminate)
            #expect(try await listener.line() == "SIGTERM")
            #expect(try await listener.child.exit == .exited(0))
            await listener.end()
        }
    }
}
