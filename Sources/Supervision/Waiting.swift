import Glibc

/// Blocks until the descriptor can be read (its end counts) or the deadline has passed.
///
/// - Returns: whether it can be read.
func waitUntilReadable(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> Bool {
    while true {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Rounded up: rounded down, the last millisecond would be spent spinning.
        let milliseconds = Int32(
            clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
        let count = poll(&entry, 1, milliseconds)
        if count > 0 { return true }
        if count < 0, errno != EINTR { return false }
    }
}
