/// The schedules of backups: how they are made, what is kept of them, and how the last one goes.

import ClusterPlanning

extension Schedule {
    static let ofBackups: [Schedule] = [
        Schedule("an idle cluster is backed up once") { world in
            try world.form(3)
            try world.reach("all is backed up") { world in world.revisionsSaved.last == world.writes }
            let newest = world.backups.first?.name
            world.run(for: .seconds(60))
            world.expect(world.backups.first?.name == newest, "and not again")
        }
        .withBackups(),
        Schedule("a backup before a voter goes") { world in
            try world.form(3)
            world.run(for: .seconds(90))
            world.write()
            let old = world.followers()[0]
            world.terminate(old, now: true)
            try world.reach("it is removed") { world in
                !world.members.isEmpty && !world.members.contains { $0.id == world.memberID(old) }
            }
            try world.reach("what was written is backed up", atMost: .seconds(15)) { world in
                world.revisionsSaved.last == world.writes
            }
        }
        .withBackups(BackupSettings(interval: .seconds(600))),
        Schedule("upload killed") { world in
            try world.form(3)
            world.write()
            try world.reach("a backup is on its way") { $0.uploader != nil }
            let (leader, count) = (world.uploader ?? 0, world.backups.count)
            world.kill(leader, for: .seconds(8))
            world.run(for: .seconds(6))
            world.expect(world.backups.count == count, "nothing of it is there")
            world.write()
            try world.reach("the next leader makes one") { world in world.backups.count > count }
            try world.rest()
        }
        .withBackups(),
        Schedule("the bucket is away") { world in
            world.bucket.isDownUntil = .seconds(120)
            world.setDesired(1)
            try world.hold("nobody founds before its list is read", for: .seconds(110)) { $0.record == nil }
            try world.rest()
            world.bucket.isDownUntil = world.now + .seconds(60)
            world.write(for: 60)
            try world.reach("then all is backed up") { world in world.revisionsSaved.last == world.writes }
            world.expect(world.ledger.recoveries == 0, "etcd is not disturbed")
        }
        .withBackups(),
        Schedule("neither follower can be saved") { world in
            try world.form(3)
            world.unsavable = Set(world.followers())
            world.write()
            try world.reach("the leader is, in the end", atMost: .seconds(90)) { world in
                world.revisionsSaved.last == world.writes
            }
        }
        .withBackups(),
        Schedule("every proof fails") { world in
            try world.form(3)
            try world.reach("there is a backup") { !$0.backups.isEmpty }
            world.proofsFailUntil = .never
            world.write(for: 200)
            let count = world.backups.count(where: \.isRefuted)
            world.expect((3...6).contains(count), "another is tried, and not in every turn: \(count)")
            world.proofsFailUntil = .zero
            try world.reach("then one is proven", atMost: .seconds(90)) { world in
                world.backups.first { !$0.isRefuted }?.isProven == true
            }
        }
        .withBackups(BackupSettings(interval: .seconds(60))),
        // Of what is old one is kept; the newest ones can't be proven.
        Schedule("what is kept") { world in
            try world.form(1)
            try world.reach("one is proven") { world in world.backups.contains(where: \.isProven) }
            var proven: Backup?
            for _ in 0..<200 {
                world.write(for: 1)
                proven = world.backups.first(where: \.isProven) ?? proven
                for backup in world.backups where !backup.isProven {
                    world.bucket.alter(backup.name) { $0.isSpoilt = true }
                }
            }
            world.expect(proven.map(world.backups.contains) == true, "the newest proven one is kept")
            world.expect((2...8).contains(world.backups.count), "and not all: \(world.backups.count)")
        }
        .withBackups(),
        Schedule("what is kept of an earlier generation") { world in
            try world.form(1)
            world.write(for: 20)
            let old = world.backups
            world.lose()
            try world.rest()
            world.write(for: 200)
            world.expect(old.allSatisfy(world.backups.contains), "all of it")
            world.expect(old.count > 1, "which are several")
        }
        .withBackups(),
        Schedule("last voter's drain, with a bucket", hasHooks: true) { world in
            try world.form(1)
            let writes = world.writes
            world.terminate(0)
            try world.rest()
            world.expect(world.ledger.recoveries == 0 && world.writes >= writes, "its data lives on")
        }
        .withBackups(),
        Schedule("weekend zero with backups", hasHooks: true) { world in
            try world.form(3)
            world.cloud.remembersFor = .seconds(30)
            world.setDesired(0)
            try world.empty()
            let writes = world.writes
            world.run(for: .seconds(60))
            world.setDesired(3)
            try world.rest(.seconds(400))
            world.expect(world.record?.generation == 2 && world.isRestored, "the backup is carried on")
            world.expect(world.writes >= writes, "with all that was written")
            world.expect(world.ledger.hooksExpired == 0, "no hook ran out")
        }
        .withBackups(),
        Schedule("weekend zero with backups, without hooks") { world in
            try world.form(3)
            try world.reach("all is backed up") { world in world.revisionsSaved.last == world.writes }
            let writes = world.writes
            world.cloud.remembersFor = .seconds(30)
            world.setDesired(0)
            world.run(for: .seconds(120))
            world.setDesired(3)
            try world.rest(.seconds(400))
            world.expect(world.isRestored && world.writes >= writes, "the last backup is carried on")
        }
        .withBackups(),
        Schedule("the bucket is away when the last one leaves", hasHooks: true) { world in
            try world.form(1)
            world.write()
            world.bucket.isDownUntil = world.now + .seconds(150)
            world.setDesired(0)
            try world.reach("it is to leave") { $0.machines[0].lifecycle == .terminatingWait }
            try world.hold("it is held, with heartbeats", for: .seconds(140)) { world in
                world.machines[0].lifecycle == .terminatingWait
            }
            try world.empty()
            world.expect(world.ledger.hooksExpired == 0, "no hook ran out")
        }
        .withBackups(),
        // Found by the random lives.
        Schedule("the record is away when the last one leaves", hasHooks: true) { world in
            try world.form(1)
            world.write()
            world.stores[0].isDownUntil = world.now + .seconds(30)
            world.setDesired(0)
            try world.reach("it is to leave") { $0.machines[0].lifecycle == .terminatingWait }
            try world.hold("it is held", for: .seconds(25)) { $0.machines[0].lifecycle == .terminatingWait }
            try world.empty()
        }
        .withBackups(),
        // Found by the random lives: between the end of its hook and its own it must not serve.
        Schedule("the last one is slow to go", hasHooks: true) { world in
            try world.form(1)
            world.setDesired(0)
            try world.reach("its hook is completed") { $0.machines[0].state == .shuttingDown }
            world.machines[0].changesAt = world.now + .seconds(30)
            try world.hold("it serves nobody", for: .seconds(28)) { world in
                world.writeSomething()
                return world.machines[0].process == nil
            }
            let writes = world.writes
            world.setDesired(1)
            try world.rest()
            world.expect(world.writes >= writes, "nothing is lost")
        }
        .withBackups(),
        // It has resumed by then, and taken writes that are in no backup.
        Schedule("saved, and restarted before its hook is completed", hasHooks: true) { world in
            try world.saveLast()
            let saved = world.writes
            world.kill(0, for: .seconds(1))
            try world.reach("it serves again") { $0.soleLeader() == 0 }
            world.write()
            let writes = world.writes
            world.expect(writes > saved, "there is more now")
            world.cloud.isDownUntil = .zero
            try world.empty()
            world.setDesired(1)
            try world.rest()
            world.expect(world.writes >= writes, "it is saved again")
        }
        .withBackups(),
        Schedule("saved, and wanted again", hasHooks: true) { world in
            try world.saveLast()
            let writes = world.writes
            world.cloud.desired = 1
            world.cloud.isDownUntil = .zero
            world.cloud.nextStepAt = world.now
            try world.rest()
            world.expect(world.ledger.recoveries == 0 && world.writes >= writes, "it is handed over")
        }
        .withBackups(),
    ]
}

extension World {
    /// The best first.
    var backups: [Backup] { bucket.seen.backups }

    /// The revisions of the record's generation, the last one at the end.
    var revisionsSaved: [Int] {
        bucket.seen.of(record?.generation ?? 0).map { Int($0.revision) }.reversed()
    }

    /// Whoever has a backup on its way to the bucket.
    var uploader: Int? {
        machines.indices.first { index in
            if case .upload? = machines[index].supervisor?.backupJob?.step { true } else { false }
        }
    }

    /// Whether the generation began with a backup.
    var isRestored: Bool { if case .snapshot? = record?.source { true } else { false } }

    /// Every instance is terminated, at once.
    func lose() { for index in machines.indices { terminate(index, now: true) } }

    func empty() throws {
        try reach("all are gone", atMost: .seconds(200)) { world in
            world.machines.allSatisfy { !$0.isUp && $0.isTerminated }
        }
    }

    /// The only one of a group that is to be empty is saved; AWS is away, so that its hook is not completed.
    fileprivate func saveLast() throws {
        try form(1)
        setDesired(0)
        try reach("it is being saved") { world in
            if case .saving? = world.machines[0].supervisor?.start { true } else { false }
        }
        cloud.isDownUntil = .never
        try reach("it is saved") { $0.machines[0].supervisor?.savedRevision != nil }
        run(for: .seconds(5))
    }
}
