/// The schedules of lost disks beside backups: when a generation begins with one, with which, and what may go wrong then.

import ClusterPlanning

extension Schedule {
    static let ofRestores: [Schedule] =
        [
            Schedule("total loss with backups") { world in
                try world.form(3)
                try world.reach("all is backed up") { world in world.revisionsSaved.last == world.writes }
                let writes = world.writes
                world.lose()
                try world.rest()
                world.expect(world.record?.generation == 2 && world.isRestored, "the backup is carried on")
                world.expect(world.writes >= writes, "with all that is in it")
            }
            .withBackups(),
            // Nothing has been due yet but the first one.
            Schedule("total loss soon after the founding") { world in
                try world.form(3)
                world.lose()
                try world.rest()
                world.expect(world.isRestored, "the first backup is there")
            }
            .withBackups(BackupSettings(interval: .seconds(600))),
            Schedule("total loss, and the list of backups fails") { world in
                try world.form(3)
                try world.reach("there is a backup") { !$0.backups.isEmpty }
                world.bucket.isDownUntil = world.now + .seconds(100)
                world.lose()
                try world.hold("nothing empty begins", for: .seconds(95)) { $0.record?.generation == 1 }
                try world.rest()
                world.expect(world.isRestored, "the backup is carried on")
            }
            .withBackups(),
            Schedule("spoilt newest") { world in
                let newest = try world.loseWithSeveral { world in
                    let newest = world.backups[0]
                    world.spoil(newest.name)
                    return newest
                }
                try world.rest()
                world.expect(world.isRestored && world.record?.source != .snapshot(newest.name), "the next one is used")
            }
            .withBackups(),
            Schedule("every backup is spoilt") { world in
                _ = try world.loseWithSeveral { world in for backup in world.backups { world.spoil(backup.name) } }
                try world.reach("that is said", atMost: .seconds(200)) { world in
                    world.machines.indices.contains { world.isWaiting($0, "restored here") }
                }
                try world.hold("a person decides", for: .seconds(200)) { $0.isRestored && $0.soleLeader() == nil }
            }
            .withBackups(),
            // Good as it is: whoever had tried it had found it bad.
            Schedule("refuted newest") { world in
                let newest = try world.loseWithSeveral { world in
                    let newest = world.backups[0]
                    world.bucket.alter(newest.name) { $0.backup.verdict = .refuted }
                    return newest
                }
                try world.rest()
                world.expect(world.isRestored && world.record?.source != .snapshot(newest.name), "the next one is used")
            }
            .withBackups(),
            // What comes after a spoilt one is older: what is newer may have been passed over by a person.
            Schedule("refuted newest, and the others are spoilt") { world in
                let newest = try world.loseWithSeveral { world in
                    let newest = world.backups[0]
                    world.bucket.alter(newest.name) { $0.backup.verdict = .refuted }
                    for backup in world.backups.dropFirst() { world.spoil(backup.name) }
                    return newest
                }
                try world.reach("that is said", atMost: .seconds(200)) { world in
                    world.machines.indices.contains { world.isWaiting($0, "restored here") }
                }
                try world.hold("a person decides", for: .seconds(200)) { $0.record?.source != .snapshot(newest.name) }
            }
            .withBackups(),
            // Proving takes a while; what is in it is in no older one.
            Schedule("the newest was never proven") { world in
                let newest = try world.loseWithSeveral { world in
                    let newest = world.backups[0]
                    world.bucket.alter(newest.name) { $0.backup.verdict = .unproven }
                    return newest
                }
                try world.reach("it is used all the same") { $0.record?.source == .snapshot(newest.name) }
                try world.rest()
            }
            .withBackups(),
            // Two of three are terminated; the third's supervisor is down for long, its disk is not.
            Schedule("one of three disks unknown beside a backup") { world in
                try world.form(3)
                try world.reach("there is a backup") { !$0.backups.isEmpty }
                world.write()
                let writes = world.writes
                let silent = world.followers()[0]
                world.kill(silent, for: .seconds(150))
                for index in 0..<3 where index != silent { world.terminate(index, now: true) }
                try world.hold("its data may be newer", for: .seconds(145)) { $0.record?.generation == 1 }
                try world.rest()
                world.expect(world.isCarriedOn && world.writes >= writes - 1, "its data is carried on")
            }
            .withBackups(),
            Schedule("forget, then a new group with the old prefix") { world in
                try world.form(3)
                try world.reach("all is backed up") { world in world.revisionsSaved.last == world.writes }
                let writes = world.writes
                world.setDesired(0)
                try world.empty()
                world.stores[0].record = nil
                world.setDesired(3)
                try world.rest()
                world.expect(world.record?.generation == 2 && world.isRestored, "one above, from the backup")
                world.expect(world.writes >= writes, "with all that is in it")
            }
            .withBackups(),
            Schedule("starter dies in the middle of a restore") { world in
                try world.form(3)
                try world.reach("there is a backup") { !$0.backups.isEmpty }
                world.lose()
                let starter = try world.reachRestore(.raiseStamp)
                world.kill(starter)
                world.terminate(starter, now: true)
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 3 && world.isRestored, "the next generation, from it again")
            }
            .withBackups(),
            Schedule("going back by hand beside a living cluster") { world in
                try world.goBack()
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 2, "it has begun")
                world.expect(world.members.count == 3, "the others have joined")
            }
            .withBackups(),
            Schedule("going back by hand, and the starter is killed") { world in
                try world.goBack()
                for step in RestoreStep.allCases.dropFirst() {
                    let starter = try world.reachRestore(step)
                    world.kill(starter, for: .seconds(3))
                }
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 2 && world.isRestored, "it has begun")
            }
            .withBackups(),
            // What a person gave up has higher revisions than what came after it.
            Schedule("abandoned timeline") { world in
                try world.goBack()
                try world.rest(.seconds(400))
                try world.reach("the new one is backed up") { !$0.revisionsSaved.isEmpty }
                let highest = world.backups.max { $0.revision < $1.revision }
                world.expect(highest?.generation == 1, "the old one has the higher revision")
                world.lose()
                try world.rest(.seconds(400))
                world.expect(world.record?.generation == 3, "from the new one")
            }
            .withBackups(),
            // A person chose an older one, which turns out to be spoilt: the newer ones are what is not wanted.
            Schedule("going back by hand, to what is spoilt") { world in
                try world.form(3)
                try world.makeSeveral(3)
                world.spoil(world.backups[1].name)
                let unwanted = world.backups[0]
                try world.goBackByHand(to: .named(world.backups[1].name))
                try world.hold("never the newest", for: .seconds(100)) { $0.record?.source != .snapshot(unwanted.name) }
                try world.rest()
                world.expect(world.isRestored, "the next older one is used")
            }
            .withBackups(),
        ] + RestoreStep.allCases.dropFirst().map(restoreCrash)

    /// The starter's supervisor is killed before one of the steps, twice, and the store is away when it comes back.
    private static func restoreCrash(before step: RestoreStep) -> Schedule {
        Schedule("restore crashes, before \(step)") { world in
            try world.form(3)
            try world.reach("all is backed up") { world in world.revisionsSaved.last == world.writes }
            let writes = world.writes
            world.lose()
            for _ in 0..<2 {
                let starter = try world.reachRestore(step)
                world.kill(starter, for: .seconds(3))
                world.run(for: .seconds(2))
                world.stores[0].isDownUntil = world.now + .seconds(15)
                world.write(for: 14)
            }
            try world.rest(.seconds(400))
            world.expect(world.record?.generation == 2 && world.isRestored, "it is restored, once")
            world.expect(world.writes >= writes, "with all that is in it")
        }
        .withBackups()
    }
}

extension World {
    /// Until somebody is about to take this step; who it is.
    fileprivate func reachRestore(_ step: RestoreStep) throws -> Int {
        func isAtIt(_ machine: Machine) -> Bool {
            if case .restoring(_, step, _)? = machine.supervisor?.start { true } else { false }
        }
        try reach("\(step) is next") { world in world.machines.contains(where: isAtIt) }
        return machines.firstIndex(where: isAtIt) ?? 0
    }

    fileprivate func makeSeveral(_ count: Int) throws {
        try reach("there are several backups") { world in
            world.writeSomething()
            return world.backups.count >= count && world.machines.allSatisfy { $0.supervisor?.backupJob == nil }
        }
    }

    /// All are lost when there are three backups, and something was done to them.
    fileprivate func loseWithSeveral<Value>(_ prepare: (World) -> Value) throws -> Value {
        try form(3)
        try makeSeveral(3)
        let value = prepare(self)
        lose()
        return value
    }

    /// A cluster of three goes back to its first backup, by an operator's word.
    fileprivate func goBack() throws {
        try form(3)
        try makeSeveral(3)
        write()
        guard let oldest = backups.last else { return }
        try goBackByHand(to: .named(oldest.name))
    }

    /// `restore`, on an instance of somebody who follows.
    fileprivate func goBackByHand(to choice: BackupChoice) throws {
        let index = followers()[0]
        guard let supervisor = machines[index].supervisor else { return }
        var view = startView(index, supervisor, readRecord(index), observedGroup(for: index))
        view.backups = listBackups()
        let readings = [StoreReading(stores[0].name, stores[0].answer)]
        let plan = planRecover(
            OperatorView(view, readings: readings),
            RecoverRequest(from: .snapshot(choice), acceptsLoss: true, teller: "test"))
        guard case .act(let steps, _) = plan, case .swapRecord(var swap)? = steps.last else {
            throw Disappointment(description: "the operator's plan swaps the record: \(plan)")
        }
        ledger.goesBack = true
        swap.reason = .byOperator("test")
        expect(apply(swap, by: nil), "it is swapped")
    }
}
