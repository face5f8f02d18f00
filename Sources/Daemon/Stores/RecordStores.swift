/// All stores of the record that are configured, the hosted zone first.

import ClusterPlanning

/// Reads every store, and changes the one that a plan names.
struct RecordStores: Sendable {
    private let stores: [any RecordStore]

    /// - Parameter stores: the hosted zone first: there a new record goes.
    init(_ stores: [any RecordStore]) { self.stores = stores }

    /// Of every store, for the report: founding and recovery need instances that read the same ones. Sorted.
    var names: [StoreName] {
        get async {
            var names: [StoreName] = []
            for store in stores { names.append(await store.name) }
            return names.sorted()
        }
    }

    /// What each store says now, in their order.
    func read() async throws(CancellationError) -> [StoreReading] {
        try await inParallel(stores) { store throws(CancellationError) in
            let answer = try await answer(of: store)
            // The zone's own name is known only once it has been found.
            return StoreReading(await store.name, answer)
        }
    }

    private func answer(of store: any RecordStore) async throws(CancellationError) -> StoreReading.Answer {
        do {
            return try await store.read().map(StoreReading.Answer.stored) ?? .absent
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return .unavailable("\(error)")
        }
    }

    /// - Throws: where it is not known whether the record was written: read again before anything else.
    func swap(_ swap: RecordSwap) async throws -> SwapOutcome {
        try await store(swap.store).swap(swap)
    }

    /// Removes what one store holds.
    ///
    /// - Parameter version: nil: whatever is there now, readable or not; else only that.
    /// - Returns: `lost` where there was nothing to remove, or something else.
    func remove(from name: StoreName, ifStill version: String? = nil) async throws -> SwapOutcome {
        try await store(name).remove(ifStill: version)
    }

    private func store(_ name: StoreName) async throws -> any RecordStore {
        for store in stores where await store.name == name { return store }
        throw ObservationError("no store \(name) is configured (any more)")
    }
}
