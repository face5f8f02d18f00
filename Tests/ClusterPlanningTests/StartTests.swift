import Testing

@testable import ClusterPlanning

@Suite struct StartTests {
    @Test(arguments: startRows)
    func start(row: StartRow) {
        var memory = row.memory
        #expect(planStart(row.view, memory: &memory) == row.expected)
    }

    @Test func everyPlanAndEveryReasonToWaitHasARow() {
        let running = runningRows.compactMap { if case .stay(let reason) = $0.expected { reason } else { nil } }
        let plans = Set(startRows.map { StartKind($0.expected) })
        #expect(plans == Set(StartKind.allCases), "missing: \(Set(StartKind.allCases).subtracting(plans))")
        let waits = Set(
            startRows.compactMap { if case .wait(let reason) = $0.expected { WaitKind(reason) } else { nil } }
                + running.map(WaitKind.init))
        #expect(waits == Set(WaitKind.allCases), "missing: \(Set(WaitKind.allCases).subtracting(waits))")
    }

    @Test(arguments: startRows)
    func theOrderOfInputsDoesNotMatter(row: StartRow) {
        var random = SplitMix64(seed: 1)
        for _ in 0..<5 {
            var memory = row.memory
            #expect(planStart(row.view.shuffled(using: &random), memory: &memory) == row.expected)
        }
    }

    /// What is decided at once needs nothing but the disk; a later look may stop it again.
    @Test(arguments: startRows)
    func aDecisionAtOnceIsToResumeOurOwnData(row: StartRow) {
        guard
            let atOnce = planAtOnce(row.view.identity, disk: row.view.disk, lastExit: row.view.etcd.lastExit)
        else { return }
        #expect(atOnce == resume)
        #expect(row.view.disk.stamp?.instance == 1)
    }

    @Test func ownDataIsResumedAtOnce() {
        for exit in [LastExit.none, .failure] {
            #expect(planAtOnce(identity(1), disk: .data(ours), lastExit: exit) == resume)
        }
        #expect(planAtOnce(identity(1), disk: .data(ours), lastExit: .unaskedSuccess) == nil)
        #expect(planAtOnce(identity(1), disk: .data(ours), lastExit: .corruptData("crc")) == nil)
        #expect(planAtOnce(identity(2), disk: .data(ours), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .data(nil), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .empty(ours), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .unusable("EIO"), lastExit: .none) == nil)
    }

    @Test func aReadingThatFailsInBetweenChangesNothing() {
        var memory = StartMemory()
        let unread = Facts(owner: ourGroup, group: .unavailable("503"))
        #expect(planStart(view(), memory: &memory) == .wait(.groupMayChange(founders: founders(1, 2, 3))))
        #expect(planStart(view(unread), memory: &memory) == .wait(.groupNotRead("503")))
        #expect(planStart(view(), memory: &memory) == founding([1, 2, 3]))
    }

    @Test func patienceWithAFoundingLastsOverLooksThatFail() {
        var memory = StartMemory()
        let half = facts(.seen(group([1, 2])), [blank(1), blank(2)])
        let unread = Facts(owner: ourGroup, group: .unavailable("503"))
        #expect(planStart(view(half, now: .zero), memory: &memory) == .wait(.groupIncomplete(running: 2, wanted: 3)))
        #expect(planStart(view(unread, now: .seconds(150)), memory: &memory) == .wait(.groupNotRead("503")))
        #expect(
            planStart(view(half, now: .seconds(300)), memory: &memory)
                == .wait(.groupMayChange(founders: founders(1, 2))))
        #expect(planStart(view(half, now: .seconds(301)), memory: &memory) == founding([1, 2]))
    }

    /// F10, F16: what stands in our place goes, and no sooner than etcd's second is over we are added anew.
    @Test func aRemovalIsRememberedForTheAdditionAfterIt() {
        let lost = cluster(members(1, 2, 3), ill: [1], generation: nil)
        let without = cluster(members(2, 3), generation: nil)
        let disk = Disk.empty(fresh(1, disk(11)))
        var memory = StartMemory()
        func look(_ cluster: RunningCluster, _ second: Int) -> StartPlan {
            let facts = facts([blank(1, ClusterPlanningTests.disk(11))], silent: [2, 3])
            let view = view(
                disk: disk, facts, record: .notConfigured, clusters: [cluster], now: .seconds(second))
            return planStart(view, memory: &memory)
        }
        let first = look(lost, 0)
        #expect(first == .wait(.askedToJoin(0xc1)))
        let loss = Loss.replaced(1, by: ClusterPlanningTests.disk(11))
        let plans = [look(lost, 10), look(without, 11), look(without, 12)]
        #expect(
            plans == [
                .act(.removeMember(member(1), because: .diskGone(loss)), on: lost),
                .wait(.addTooSoon(after: .milliseconds(1100))),
                .act(.addMember(1, peerURL: peerURL(1), asLearner: false), on: without),
            ])
    }

    @Test func everyFounderNamesTheSameClusterWhoeverItIs() {
        var seen: Set<[String]> = []
        for number in 1...3 {
            var view = view(disk: .empty(fresh(number)), record: found(claimed(1, 2, 3)))
            view.identity = identity(number)
            var memory = StartMemory()
            guard case .start(let launch) = planStart(view, memory: &memory) else {
                Issue.record("instance \(number) does not found")
                continue
            }
            seen.insert(Array(launch.arguments.drop { $0 != "--initial-cluster" }))
        }
        #expect(seen.count == 1)
    }
}

extension StartView {
    func shuffled(using random: inout some RandomNumberGenerator) -> StartView {
        var copy = StartView(
            now: now, time: time, salt: salt, identity: identity, settings: settings, disk: disk,
            isMountPoint: isMountPoint, etcd: etcd, facts: facts, record: record, stores: stores, backups: backups,
            peers: peers.map { $0.shuffled(using: &random) }.shuffled(using: &random),
            clusters: clusters.map { $0.shuffled(using: &random) }.shuffled(using: &random), zone: zone,
            abilities: abilities, programFault: programFault, spoiltBackups: spoiltBackups)
        copy.facts = facts.shuffled(using: &random)
        copy.zone = zone.mapped { $0.shuffled(using: &random) }
        return copy
    }
}

extension Facts {
    func shuffled(using random: inout some RandomNumberGenerator) -> Facts {
        var copy = self
        copy.group = group.mapped { $0.shuffled(using: &random) }
        copy.asked = asked.mapped { $0.shuffled(using: &random) }
        return copy
    }
}

extension Observed {
    func mapped(_ transform: (Value) -> Value) -> Self {
        if case .seen(let value) = self { .seen(transform(value)) } else { self }
    }
}

extension Group {
    func shuffled(using random: inout some RandomNumberGenerator) -> Group {
        Group(
            name: name, owner: owner, desiredCapacity: desiredCapacity, stackName: stackName,
            instances: instances.shuffled(using: &random))
    }
}

extension Zone {
    func shuffled(using random: inout some RandomNumberGenerator) -> Zone {
        Zone(domain: domain, records: records.shuffled(using: &random))
    }
}

extension Peer {
    func shuffled(using random: inout some RandomNumberGenerator) -> Peer {
        guard case .members(let cluster, let members) = answer else { return self }
        return Peer(instance, endpoint, .members(cluster, members.shuffled(using: &random)))
    }
}

extension RunningCluster {
    func shuffled(using random: inout some RandomNumberGenerator) -> RunningCluster {
        RunningCluster(
            id: id, generation: generation, leader: leader, members: members.shuffled(using: &random), health: health)
    }
}
