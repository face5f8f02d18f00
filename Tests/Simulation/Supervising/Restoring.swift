/// How a backup becomes the data of a disk, step by step.

import ClusterPlanning

/// The steps of a restore, in their order. A crash may come between any two.
enum RestoreStep: Int, CaseIterable {
    case download, announce, clear, place, raiseStamp
}

extension World {
    /// - Parameter entry: the log that was downloaded; 0 before it is.
    func restore(
        _ index: Int, _ supervisor: Supervisor, _ launch: Launch, _ step: RestoreStep, _ entry: EntryID = 0
    ) {
        var entry = entry
        switch step {
        case .download:
            supervisor.hasToLook = true
            guard let found = download(launch, index, supervisor) else { return }
            entry = found
        case .announce:
            alterDisk(index) { disk in
                disk.stamp?.carriedInto = launch.generation
                disk.stamp?.started = false
            }
        case .clear:
            alterDisk(index) { disk in
                if let replica = disk.replica { disk.aside.append(replica) }
                disk.replica = nil
                disk.isCorrupt = false
            }
        case .place: place(entry, index, launch)
        case .raiseStamp: raiseStamp(index, launch)
        }
        guard let next = RestoreStep(rawValue: step.rawValue + 1) else {
            supervisor.shown = nil
            supervisor.start = .looking
            supervisor.startAt = now
            return
        }
        supervisor.start = .restoring(launch, next, entry)
        supervisor.startAt = now + .milliseconds(random.number(20...800))
    }

    /// Nil where nothing comes of it: the bucket does not answer, or what it holds is no good.
    private func download(_ launch: Launch, _ index: Int, _ supervisor: Supervisor) -> EntryID? {
        guard case .restore(let name, _) = launch.kind else { return nil }
        supervisor.start = .looking
        supervisor.startAt = now + .seconds(1)
        guard bucket.isDownUntil <= now else { return nil }
        guard let object = bucket.object(name), !object.isSpoilt else {
            note("\(machines[index].id) finds \(name) spoilt")
            supervisor.spoiltBackups.insert(name)
            return nil
        }
        return object.entry
    }

    /// A cluster of one, whose keys are the backup's, whose log and members are its own.
    private func place(_ entry: EntryID, _ index: Int, _ launch: Launch) {
        guard case .restore(let name, let token) = launch.kind else { return }
        let machine = machines[index]
        let id = MemberID(stableHash("\(machine.peerURL) \(token)"))
        let member = Member(id, name: machine.id.rawValue, peerURLs: [machine.peerURL])
        let term = tree[entry].term + 1
        var replica = Replica(ClusterID(mixed(id.rawValue)), as: id)
        replica.begin(at: tree.append(.restore(member), after: entry, term: term), term: term)
        judgeRestore(index, launch, name, entry)
        alterDisk(index) { $0.replica = replica }
    }

    private func raiseStamp(_ index: Int, _ launch: Launch) {
        alterDisk(index) { disk in
            disk.stamp?.generation = launch.generation
            disk.stamp?.owner = launch.owner
            disk.stamp?.instance = machines[index].id
            disk.stamp?.started = true
            disk.stamp?.cluster = nil
            disk.stamp?.member = nil
            disk.stamp?.carriedInto = nil
        }
        note("\(machines[index].id): restored, the stamp says generation \(launch.generation ?? 0)")
    }
}
