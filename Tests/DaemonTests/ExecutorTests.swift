/// The steps of plans, against members that answer, refuse, or are gone, and an AWS that does.

import AWS
import ClusterPlanning
import Etcd
import StubServer
import Testing

@testable import Daemon

private func cluster(_ members: StubMember..., leader: UInt64 = 1, ill: Set<UInt64> = []) -> RunningCluster {
    RunningCluster(
        id: ClusterID(193), leader: MemberID(leader), members: members.map(\.member),
        health: Dictionary(
            uniqueKeysWithValues: members.map { member in
                (MemberID(member.id), ill.contains(member.id) ? MemberHealth.unhealthy("ill") : .healthy)
            }))
}

private func world() -> AWSWorld {
    var world = groupWorld(("i-9", "running", "10.0.0.9"))
    world.groups[0].instances[0].lifecycle = "Pending:Wait"
    return world
}

/// The executor, with patience: its deadlines are short, and the machine may be busy. Whoever did not tell its version or
/// status in time was asked for nothing else.
private struct PatientExecutor {
    let executor: Executor
    var records: RecordKeeper { executor.records }

    @discardableResult
    func perform(_ step: ReconcilePlan.Step, inTerm term: UInt64) async throws -> Executor.Outcome {
        try await patiently { try await executor.perform(step, inTerm: term) }
    }

    @discardableResult
    func perform(_ step: ReconcilePlan.Step, through cluster: RunningCluster) async throws -> Executor.Outcome {
        try await patiently { try await executor.perform(step, through: cluster) }
    }

    private func patiently(_ body: () async throws -> Executor.Outcome) async throws -> Executor.Outcome {
        for _ in 1...20 {
            do {
                return try await body()
            } catch let error as EtcdError where error.isTimedOut && !error.call.hasPrefix("POST /v3/cluster") {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        return try await body()
    }
}

private func stand(_ own: StubMember) throws -> (Stand, PatientExecutor) {
    let identity = Identity(
        instance: InstanceID("i-9"), peerURL: Endpoint(.http, "10.0.0.9", 2380), clientURL: own.endpoint)
    let stand = try Stand(identity, world(), hasZone: true)
    let executor = Executor(
        identity: identity, etcd: .plain, records: stand.records, backups: stand.backups,
        zone: stand.zone, group: stand.group)
    return (stand, PatientExecutor(executor: executor))
}

private let two = Member(MemberID(2), name: "i-2", peerURLs: [Endpoint(.http, "10.0.0.2", 2380)])
private let removal = ReconcilePlan.Step.removeMember(two, because: .diskGone(.instanceTerminated(InstanceID("i-2"))))
private let addition = ReconcilePlan.Step.addMember(
    InstanceID("i-9"), peerURL: Endpoint(.http, "10.0.0.9", 2380), asLearner: false)

@Suite struct ExecutorTests {
    /// Each step of etcd's, and exactly what is asked for it.
    @Test(
        arguments: [
            (removal, #"member/remove {"ID":"2"}"#), (addition, #"member/add {"peerURLs":["http://10.0.0.9:2380"]}"#),
            (
                .addMember(InstanceID("i-9"), peerURL: Endpoint(.http, "10.0.0.9", 2380), asLearner: true),
                #"member/add {"isLearner":true,"peerURLs":["http://10.0.0.9:2380"]}"#
            ), (.promote(two), #"member/promote {"ID":"2"}"#),
            (
                .updatePeerURL(two, to: Endpoint(.http, "10.0.0.8", 2380)),
                #"member/update {"ID":"2","peerURLs":["http://10.0.0.8:2380"]}"#
            ), (.moveLeader(to: two, because: .blindToAWS), #"maintenance/transfer-leadership {"targetID":"2"}"#),
        ] as [(ReconcilePlan.Step, String)])
    func aLeadersStepIsTakenInItsTerm(_ step: ReconcilePlan.Step, _ asked: String) async throws {
        let own = try StubMember(1)
        let (_, executor) = try stand(own)
        #expect(try await executor.perform(step, inTerm: 5) == .done)
        #expect(own.changes == [asked])
        // F27: a plan is as old as the leadership that it was made in.
        for (leader, term, now) in [
            (UInt64(3), UInt64(5), "member 3 leads in term 5"), (1, 6, "member 1 leads in term 6"),
            (0, 5, "nobody leads in term 5"),
        ] {
            own.follow(leader, term: term)
            let error = try await #require(throws: ObservationError.self) {
                try await executor.perform(step, inTerm: 5)
            }
            #expect(error.description == "this was planned as the leader of term 5, and now \(now)")
        }
        #expect(own.changes.count == 1)
    }

    @Test func whatWasRemovedAlreadyIsRemoved() async throws {
        let refusal = StubReply.refusal("etcdserver: member not found", code: 5, status: 404)
        let own = try StubMember(1, change: refusal)
        let (_, executor) = try stand(own)
        #expect(try await executor.perform(removal, inTerm: 5) == .done)
        // But not found is no success of anything else.
        for step in [addition, .promote(two), .updatePeerURL(two, to: two.peerURLs[0])] {
            await #expect(throws: EtcdError.self) { try await executor.perform(step, inTerm: 5) }
        }
    }

    /// F12: a learner that lags is no failure.
    @Test func aLearnerThatLagsIsNotYetPromoted() async throws {
        let text = "etcdserver: can only promote a learner member which is in sync with leader"
        let own = try StubMember(1, change: .refusal(text, code: 9, status: 412))
        let (_, executor) = try stand(own)
        #expect(
            try await executor.perform(.promote(two), inTerm: 5) == .notYet("learner i-2 (2) has not caught up yet"))
        let voter = try StubMember(
            1, change: .refusal("etcdserver: can only promote a learner member", code: 9, status: 412))
        let (_, other) = try stand(voter)
        await #expect(throws: EtcdError.self) { try await other.perform(.promote(two), inTerm: 5) }
    }

    @Test(arguments: [
        StubReply.refusal("etcdserver: unhealthy cluster", code: 14, status: 503), .close, .hang, .text("<html>"),
    ])
    func whatWasRefusedOrIsNotKnownIsThrown(_ reply: StubReply) async throws {
        let own = try StubMember(1, change: reply)
        let (_, executor) = try stand(own)
        await #expect(throws: EtcdError.self) { try await executor.perform(removal, inTerm: 5) }
    }

    // MARK: The record, DNS and hooks need no leadership: each has a guard of its own.

    @Test func theRecordIsSwappedFromWhatWasRead() async throws {
        let own = try StubMember(1, leader: 3)
        let (stand, executor) = try stand(own)
        guard case .absent(let store) = try await stand.records.read(for: "etcd-main").reading else {
            Issue.record("there is a record")
            return
        }
        let founding = RecordSwap(
            .founding, store: store, expected: nil, record: groupRecord(("i-9", "10.0.0.9", "d9")))
        #expect(try await executor.perform(.swapRecord(founding), inTerm: 5) == .done)
        #expect(try await stand.records.read(for: "etcd-main").reading.record == founding.record)
        // Whoever comes second has lost, and must look again.
        await #expect(throws: LostRace()) { try await executor.perform(.swapRecord(founding), inTerm: 5) }
        #expect(own.server.requests.isEmpty)
    }

    @Test func theZoneAndTheHooksAreAWSsBusiness() async throws {
        let own = try StubMember(1, leader: 3)
        let (stand, executor) = try stand(own)
        let record = RecordSet("etcd-main.example.net.", .a, timeToLive: 60, values: ["10.0.0.9"])
        try await executor.perform(.changeDNS([.upsert(record)]), inTerm: 5)
        #expect(stand.aws.records(in: "Z0NET")[.init(name: "etcd-main.example.net.", type: "A")] == ["10.0.0.9"])
        _ = try await stand.group.group()
        try await executor.perform(.heartbeat(hook: "hello", InstanceID("i-9")), inTerm: 5)
        try await executor.perform(.completeHook(hook: "hello", InstanceID("i-9")), inTerm: 5)
        #expect(
            stand.aws.takeActions() == [
                "RecordLifecycleActionHeartbeat etcd-main hello i-9",
                "CompleteLifecycleAction etcd-main hello i-9 CONTINUE",
            ])
        #expect(own.server.requests.isEmpty)
    }

    // MARK: For ourselves, through any member

    @Test func theLeaderIsAskedFirst() async throws {
        let (one, two, three) = (try StubMember(1), try StubMember(2), try StubMember(3))
        try await stand(one).1.perform(addition, through: cluster(one, two, three, leader: 2))
        #expect(two.changes == [#"member/add {"peerURLs":["http://10.0.0.9:2380"]}"#])
        #expect(one.changes + three.changes == [])
    }

    @Test func whoWasNotReachedHasDoneNothing() async throws {
        let (one, two) = (try StubMember(1, at: loopbackAddress()), try StubMember(2))
        one.server.stop()
        try await stand(two).1.perform(addition, through: cluster(one, two))
        #expect(two.changes.count == 1)
    }

    /// F10: whoever broke off may have done it.
    @Test(arguments: [
        StubReply.close, .reset, .text("<html>"),
        .refusal("etcdserver: unhealthy cluster", code: 14, status: 503),
    ])
    func whoDidAnswerIsTheLastToBeAsked(_ reply: StubReply) async throws {
        let (one, two) = (try StubMember(1, change: reply), try StubMember(2))
        let executor = try stand(one).1
        await #expect(throws: EtcdError.self) { try await executor.perform(addition, through: cluster(one, two)) }
        #expect(one.changes.count == 1)
        #expect(two.changes == [])
    }

    @Test func theIllAndTheRemovedAreNotAsked() async throws {
        let (one, two, three) = (try StubMember(1), try StubMember(2), try StubMember(3))
        let step = ReconcilePlan.Step.removeMember(
            one.member, because: .diskGone(.replaced(InstanceID("i-1"), by: DiskID("d-x"))))
        try await stand(one).1.perform(step, through: cluster(one, two, three, leader: 1, ill: [2]))
        #expect(three.changes == [#"member/remove {"ID":"1"}"#])
        #expect(one.changes + two.changes == [])
    }

    @Test func withoutAHealthyMemberNobodyIsAsked() async throws {
        let one = try StubMember(1)
        let executor = try stand(one).1
        let error = try await #require(throws: ObservationError.self) {
            try await executor.perform(addition, through: cluster(one, ill: [1]))
        }
        #expect(error.description == "no healthy member of cluster c1 to ask")
        // What concerns no member needs none.
        try await executor.perform(.swapRecord(try await founding(executor)), through: cluster(one, ill: [1]))
    }

    private func founding(_ executor: PatientExecutor) async throws -> RecordSwap {
        guard case .absent(let store) = try await executor.records.read(for: "etcd-main").reading else {
            throw NeverHappened(description: "an absent record")
        }
        return RecordSwap(.founding, store: store, expected: nil, record: groupRecord(("i-9", "10.0.0.9", "d9")))
    }
}
