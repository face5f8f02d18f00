/// Where records are kept, and what becomes of a swap on its way there.

import ClusterPlanning

struct Store {
    let name: StoreName
    var record: ClusterRecord?
    var version = 0
    var isDownUntil = Duration.zero

    init(name: String) { self.name = StoreName(name) }

    var answer: StoreReading.Answer {
        record.map { .stored(StoreReading.Stored($0, version: "v\(version)")) } ?? .absent
    }
}

extension World {
    /// What the stores that this machine knows of say.
    func readRecord(_ index: Int) -> RecordReading {
        RecordReading(
            machines[index].stores.map { number in
                isDown(number, for: index)
                    ? StoreReading(stores[number].name, .unavailable("timeout"))
                    : StoreReading(stores[number].name, stores[number].answer)
            })
    }

    private func isDown(_ store: Int, for index: Int) -> Bool {
        stores[store].isDownUntil > now || machines[index].storesDownUntil > now
    }

    /// Sends a swap. False: it failed, or its answer did not come.
    func send(_ swap: RecordSwap, by index: Int) -> Bool {
        let fault = machines[index].actFault
        machines[index].actFault = nil
        guard let store = stores.firstIndex(where: { $0.name == swap.store }), !isDown(store, for: index) else {
            return false
        }
        switch fault {
        case .lost: return false
        case .late(let delay):
            lateActs.append(LateAct(dueAt: now + delay, act: .swap(swap)))
            return false
        case .replyLost:
            _ = apply(swap, by: index)
            return false
        case nil: return apply(swap, by: index)
        }
    }

    /// Compare-and-swap.
    func apply(_ swap: RecordSwap, by index: Int?) -> Bool {
        let teller = index.map { machines[$0].id.rawValue } ?? "late"
        guard let store = stores.firstIndex(where: { $0.name == swap.store }) else { return false }
        let held = stores[store].record == nil ? nil : "v\(stores[store].version)"
        guard held == swap.expected else {
            note("\(teller): swap for \(swap.reason) lost the race")
            return false
        }
        judgeSwap(swap, from: stores[store].record)
        stores[store].record = swap.record
        stores[store].version += 1
        note("\(teller): \(swap.reason): \(swap.record.brief)")
        return true
    }

    /// The record that rules, as a person would read it.
    var record: ClusterRecord? {
        stores.compactMap(\.record).max { $0.generation < $1.generation }
    }
}

extension ClusterRecord {
    var brief: String {
        func names(_ entries: [Entry]) -> String {
            entries.map { "\($0.instance)#\($0.disk?.rawValue ?? "?")\($0.isJoining ? "+" : "")" }
                .joined(separator: " ")
        }
        let former = former.map { "\($0.entry.instance)#\($0.entry.disk?.rawValue ?? "?")@\($0.generation)" }
        return "generation \(generation) from \(source), start \(names(start)), voters \(names(voters)), "
            + "former \(former.joined(separator: " "))"
    }
}
