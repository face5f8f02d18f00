/// What plans take as arguments, since they know neither time nor chance.

import FoundationEssentials

/// The time in UTC, as `2026-01-31T12:00:00Z`.
///
/// - Parameter offset: by how much AWS's clock is ahead of this machine's, as far as it is known.
func timeNow(_ offset: Duration = .zero) -> String {
    Date.now.addingTimeInterval(Double(offset.components.seconds)).formatted(.iso8601)
}

/// The time in whole seconds since 1970.
func secondsNow() -> Int { Int(Date.now.timeIntervalSince1970) }

/// Random bytes in hex, two digits each: never the same twice.
func randomHex(_ bytes: Int) -> String {
    (0..<bytes).map { _ in
        let digits = String(UInt8.random(in: 0 ... .max), radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}
