/// What the stores say, taken together: a record found in either is the record.

/// One store's answer.
package struct StoreReading: Equatable, Sendable {
    /// A record with the store's own name of this very text, to be swapped from.
    package struct Stored: Equatable, Sendable {
        package var record: ClusterRecord
        package var version: String

        package init(_ record: ClusterRecord, version: String) {
            self.record = record
            self.version = version
        }
    }

    package enum Answer: Equatable, Sendable {
        /// No usable answer, or a text that is no record; never the same as absent (F33).
        case unavailable(String)
        case absent
        case stored(Stored)
    }

    package var store: StoreName
    package var answer: Answer

    package init(_ store: StoreName, _ answer: Answer) {
        self.store = store
        self.answer = answer
    }
}

/// The record as this look found it.
package enum RecordReading: Equatable, Sendable {
    /// Neither zone nor bucket: the instances' own reports are all there is.
    case notConfigured
    /// A store gave no good answer: wait.
    case unknown(String)
    /// Every store answered that there is none; the first one is where a new one goes.
    case absent(StoreName)
    case found(StoreReading.Stored, in: StoreName)
    /// Two that can't both be right: nothing but resume until a person says which one goes.
    case conflicting([StoreReading])

    package var record: ClusterRecord? {
        if case .found(let stored, _) = self { stored.record } else { nil }
    }

    /// Takes the stores' answers together.
    ///
    /// - Parameter readings: one for each configured store, the hosted zone first.
    package init(_ readings: [StoreReading]) {
        guard let first = readings.first else {
            self = .notConfigured
            return
        }
        for reading in readings {
            if case .unavailable(let cause) = reading.answer {
                self = .unknown("\(reading.store): \(cause)")
                return
            }
        }
        let found = readings.compactMap { reading -> (stored: StoreReading.Stored, store: StoreName)? in
            if case .stored(let stored) = reading.answer { (stored, reading.store) } else { nil }
        }
        let generations = found.map(\.stored.record.generation)
        guard let newest = found.max(by: { $0.stored.record.generation < $1.stored.record.generation }) else {
            self = .absent(first.store)
            return
        }
        let isAmbiguous =
            Set(found.map(\.stored.record.owner)).count > 1 || Set(generations).count < generations.count
        self = isAmbiguous ? .conflicting(readings) : .found(newest.stored, in: newest.store)
    }

    /// A change of the record that was found.
    package func swap(_ reason: RecordSwap.Reason, _ change: (inout ClusterRecord) -> Void) -> RecordSwap? {
        guard case .found(let stored, let store) = self else { return nil }
        return RecordSwap(
            reason, store: store, expected: stored.version, record: stored.record.changed(change))
    }
}
