/// A generator whose numbers are the same on every run. https://prng.di.unimi.it/splitmix64.c (public domain)
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mixed(state)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// True once in `total`, on average.
    mutating func once(in total: Int) -> Bool { number(1...total) == 1 }

    mutating func pick<Item>(_ items: [Item]) -> Item? {
        items.isEmpty ? nil : items[number(0...items.count - 1)]
    }

    mutating func duration(_ seconds: ClosedRange<Double>) -> Duration {
        let portion = Double(next() >> 11) / Double(1 << 53)
        return .seconds(seconds.lowerBound + portion * (seconds.upperBound - seconds.lowerBound))
    }
}

/// A hash that does not change from process to process, as Swift's own does.
func mixed(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
}

func stableHash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { mixed($0 ^ UInt64($1)) }
}
