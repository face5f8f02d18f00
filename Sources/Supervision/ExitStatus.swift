/// How a child ended.
package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    /// It ended by itself, with this code: 0 to 255.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Signal)

    /// Reads what `waitpid` stores: the low seven bits are the signal, the next byte but one the code (wait(2)).
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(Signal(rawValue: signal))
    }

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signalled(let signal): "ended by \(signal)"
        }
    }
}
