/// Which lives are lived: by default few, in the same order always; more by ETCD_CLUSTER_SIMULATION_SEEDS.

import Foundation

enum Seeds {
    static let count = ProcessInfo.processInfo.environment["ETCD_CLUSTER_SIMULATION_SEEDS"].flatMap { Int($0) } ?? 60

    static var all: [UInt64] { (1...count).map(UInt64.init) }

    /// Whether their number was asked for.
    static let areCounted = ProcessInfo.processInfo.environment["ETCD_CLUSTER_SIMULATION_SEEDS"] != nil

    /// In which a mutant has to be found out.
    static var forMutants: ClosedRange<UInt64> { 1...UInt64(max(count, 60)) }

    /// Three of four with a zone; one of four without etcd's own check.
    static func options(for seed: UInt64) -> World.Options {
        var options = World.Options()
        options.hasZone = seed % 4 != 3
        options.isStrict = seed % 4 != 0
        if !options.isStrict { options.longestDelay = .zero }
        return options
    }
}
