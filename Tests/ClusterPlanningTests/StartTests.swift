import ClusterPlanning
import Testing

@Suite struct StartTests {
    @Test(arguments: startRows)
    func start(row: StartRow) {
        var memory = row.memory
        #expect(planStart(row.view, memory: &memory) == row.expected)
    }

    @Test func everyPlanAndEveryReasonToWaitHasARow() {
        let plans = Set(startRows.map { StartKind($0.expected) })
        #expect(plans == Set(StartKind.allCases), "missing: \(Set(StartKind.allCases).subtracting(plans))")
        let waits = Set(
            startRows.compactMap { if case .wait(let reason) = $0.expected { WaitKind(reason) } else { nil } })
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

    /// What `planAtOnce` decides without a look, the whole look would have decided too.
    @Test(arguments: startRows)
    func aDecisionAtOnceIsTheSameAsAfterALook(row: StartRow) {
        let atOnce = planAtOnce(row.view.identity, disk: row.view.disk, lastExit: row.view.lastExit)
        #expect(atOnce == nil || atOnce == row.expected)
    }

    @Test func ownDataIsResumedAtOnce() {
        for exit in [LastExit.none, .failure] {
            #expect(planAtOnce(identity(1), disk: .data(ours), lastExit: exit) == resume)
        }
        #expect(planAtOnce(identity(1), disk: .data(ours), lastExit: .unaskedSuccess) == nil)
        #expect(planAtOnce(identity(2), disk: .data(ours), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .data(nil), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .empty(ours), lastExit: .none) == nil)
        #expect(planAtOnce(identity(1), disk: .unusable("EIO"), lastExit: .none) == nil)
    }

    @Test func aReadingThatFailsInBetweenStartsOver() {
        var memory = StartMemory()
        #expect(planStart(view(), memory: &memory) == .wait(.groupMayChange(founders: founders(1, 2, 3))))
        #expect(planStart(view(group: .unavailable("503")), memory: &memory) == .wait(.groupNotRead("503")))
        #expect(planStart(view(), memory: &memory) == .wait(.groupMayChange(founders: founders(1, 2, 3))))
        #expect(planStart(view(), memory: &memory) == found(founders(1, 2, 3)))
    }

    @Test func aRemovalIsRememberedForTheAdditionAfterIt() {
        let lost = cluster([member(1), member(2), member(3)], ill: [1])
        let without = cluster([member(2), member(3)])
        var memory = StartMemory()
        #expect(
            planStart(view(clusters: [lost], now: .seconds(10)), memory: &memory)
                == .removeOwnEntry(member(1), from: lost))
        #expect(
            planStart(view(clusters: [without], now: .seconds(11)), memory: &memory)
                == .wait(.addTooSoon(after: .milliseconds(1100))))
        #expect(planStart(view(clusters: [without], now: .seconds(12)), memory: &memory) == .addSelf(to: without))
    }

    @Test func everyFounderNamesTheSameClusterWhoeverItIs() throws {
        var seen: Set<[String]> = []
        for number in 1...3 {
            var view = view(peers: [1, 2, 3].filter { $0 != number }.map(refused))
            view.identity = identity(number)
            var memory = remembering(founders(1, 2, 3))
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
            now: now, identity: identity, configuredName: configuredName, disk: disk, lastExit: lastExit, group: group,
            peers: peers.map { $0.shuffled(using: &random) }.shuffled(using: &random),
            clusters: clusters.map { $0.shuffled(using: &random) }.shuffled(using: &random), zone: zone,
            configuredSize: configuredSize)
        copy.group = group.mapped { $0.shuffled(using: &random) }
        copy.zone = zone.mapped { $0.shuffled(using: &random) }
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
            name: name, desiredCapacity: desiredCapacity, stackName: stackName,
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
        RunningCluster(id: id, leader: leader, members: members.shuffled(using: &random), health: health)
    }
}
