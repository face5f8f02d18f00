/// One place that keeps the record of a cluster, and changes it only from exactly what was read.

import ClusterPlanning

/// A store of the record. Whatever it throws says nothing about what is there: a swap or a removal that has thrown may have
/// been carried out, so it is read again before anything else.
protocol RecordStore: Sendable {
    /// The same on every instance that reads this store.
    var name: StoreName { get async }

    /// What is there, by a call that sees every change which was made before it; nil: nothing.
    ///
    /// - Throws: whenever that is not certain, and where something is there that is no record.
    func read() async throws -> StoreReading.Stored?

    /// Writes the record, if there still is what the swap expects.
    func swap(_ swap: RecordSwap) async throws -> SwapOutcome

    /// Removes what is there, be it a record or not.
    ///
    /// - Parameter version: nil: whatever is there now; else only that.
    func remove(ifStill version: String?) async throws -> SwapOutcome
}

/// How a swap ended.
enum SwapOutcome: Equatable, Sendable {
    case won
    /// Nothing was written. Somebody else was faster: read again, and follow what is there.
    case lost
}
