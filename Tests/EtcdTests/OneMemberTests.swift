import Etcd
import HTTP
import Testing

/// A cluster of one real etcd: what every answer holds, and what each refusal reads as.
@Suite(.needsEtcd) struct OneMemberTests {
    @Test func etcdStartsWithTheFlagsThatItsVersionIsGiven() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            #expect(member.process.isRunning)
            let metrics = try await http.send(
                HTTPRequest("GET", member.urls.metrics + "/metrics"), deadline: .seconds(5))
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("etcd_server_has_leader 1"))
        }
    }

    @Test func statusAndListsTellOfTheSameMember() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            let (client, version) = (member.client, try RealEtcd.required().version)
            try await client.linearizableRead()
            let status = try await client.status()
            #expect(status.version == version)
            #expect(status.isLeader)
            #expect(status.revision == 1)
            #expect(status.raftTerm >= 2)
            #expect(status.raftIndex > 0)
            #expect(status.appliedIndex > 0)
            #expect(status.dbSize >= status.dbSizeInUse)
            #expect(status.dbSizeInUse > 0)
            #expect(!status.isLearner)
            #expect(status.errors.isEmpty)

            let list = EtcdMemberList(
                clusterID: status.clusterID,
                members: [
                    EtcdMember(
                        id: status.memberID, name: "m0", peerURLs: [member.urls.peer], clientURLs: [member.urls.client])
                ])
            #expect(try await client.members() == list)
            #expect(try await client.linearizableMembers() == list)
            #expect(try await member.peer.members() == list)
            #expect(try await client.version() == EtcdServerVersion(server: version, cluster: client.version().cluster))
            #expect(try await client.version().cluster?.isAtLeast(version.major, version.minor) == true)
            #expect(try await member.peer.version().server == version)
            #expect(try await client.health().isHealthy)
            #expect(try await client.alarms() == [])
        }
    }

    @Test func unknownMembersAreNotFound() async throws {
        try await TestCluster.with(1) { cluster in
            let (client, nobody) = (cluster.members[0].client, EtcdID(5))
            #expect(try await refusal { _ = try await client.removeMember(nobody) }.isMemberNotFound)
            #expect(try await refusal { _ = try await client.promoteMember(nobody) }.isMemberNotFound)
            let update = try await refusal {
                _ = try await client.updateMember(nobody, peerURLs: ["http://127.0.0.1:1"])
            }
            #expect(update.isMemberNotFound)
            #expect(update.code == .notFound)
            #expect(update.status == 404)
            let move = try await refusal { try await client.moveLeader(to: nobody) }
            #expect(move.isBadLeaderTransferee)
            #expect(!move.isMemberNotFound)
        }
    }

    @Test func aPeerURLIsAcceptedOnce() async throws {
        try await TestCluster.with(1) { cluster in
            let (client, member) = (cluster.members[0].client, cluster.members[0])
            let taken = try await refusal { _ = try await client.addLearner(peerURLs: [member.urls.peer]) }
            #expect(taken.isPeerURLExists)
            #expect(!taken.isMemberIDExists)
            #expect(try await client.members().members.count == 1)
        }
    }

    @Test func aLearnerIsAddedOnceAndPromotedOnlyInSync() async throws {
        try await TestCluster.with(1) { cluster in
            let client = cluster.members[0].client
            let (added, list) = try await client.addLearner(peerURLs: ["http://127.55.0.1:2380"])
            #expect(added.isLearner)
            #expect(!added.hasStarted)
            #expect(added.name == "")
            #expect(list.members.contains(added))
            #expect(try await client.linearizableMembers() == list)
            #expect(try await cluster.members[0].peer.members() == list)

            let second = try await refusal { _ = try await client.addLearner(peerURLs: ["http://127.55.0.2:2380"]) }
            #expect(second.isTooManyLearners)
            let early = try await refusal { _ = try await client.promoteMember(added.id) }
            #expect(early.isLearnerNotReady)
            #expect(!early.isNotLearner)
            let voter = try #require(list.members.first { !$0.isLearner })
            #expect(try await refusal { _ = try await client.promoteMember(voter.id) }.isNotLearner)
            #expect(try await refusal { try await client.moveLeader(to: added.id) }.isBadLeaderTransferee)

            let updated = try await client.updateMember(added.id, peerURLs: ["http://127.55.0.3:2380"])
            #expect(updated.members.first { $0.id == added.id }?.peerURLs == ["http://127.55.0.3:2380"])
            #expect(try await client.removeMember(added.id).members == [voter])
            #expect(try await refusal { _ = try await client.removeMember(added.id) }.isMemberNotFound)
        }
    }

    @Test func aSecondVoterThatNeverStartsTakesTheQuorum() async throws {
        try await TestCluster.with(1) { cluster in
            let client = cluster.members[0].client
            let (added, list) = try await client.addMember(peerURLs: ["http://127.55.0.1:2380"])
            #expect(!added.isLearner)
            #expect(list.members.count == 2)
            let error = try await refusal { try await client.linearizableRead(deadline: .seconds(1)) }
            #expect(error.isTimedOut || error.isNoLeader)
            await #expect(throws: EtcdError.self) { try await client.linearizableMembers(deadline: .seconds(1)) }
            #expect(try await client.members() == list)
        }
    }

    /// F21, and what the linearizable list is worth while every write is refused.
    @Test func alarmsAreRead() async throws {
        try await TestCluster.with(1) { cluster in
            let (client, id) = (cluster.members[0].client, try await cluster.members[0].client.status().memberID)
            let before = try await client.linearizableMembers()
            for (kind, name) in [(EtcdAlarm.Kind.noSpace, "NOSPACE"), (.corrupt, "CORRUPT")] {
                let alarm = #"{"action":"ACTIVATE","memberID":"\#(id.rawValue)","alarm":"\#(name)"}"#
                try await post(to: cluster.members[0], "/v3/maintenance/alarm", alarm)
                #expect(try await client.alarms().contains(EtcdAlarm(memberID: id, kind: kind)))
            }
            #expect(try await client.alarms().count == 2)
            #expect(try await !client.health().isHealthy)
            #expect(try await client.linearizableMembers() == before)
        }
    }

    @Test func withAuthenticationTheQuorumIsStillProven() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            let before = try await member.client.linearizableMembers()
            try await post(to: member, "/v3/auth/user/add", #"{"name":"root","password":"secret"}"#)
            try await post(to: member, "/v3/auth/user/grant", #"{"user":"root","role":"root"}"#)
            try await post(to: member, "/v3/auth/enable", "{}")
            try await member.client.linearizableRead()
            let add = try await refusal { _ = try await member.client.addLearner(peerURLs: ["http://127.55.0.1:1"]) }
            #expect(add.isUnauthenticated)
            #expect(!add.isMemberNotFound)
            #expect(try await member.peer.members() == before)
        }
    }
}

/// The `EtcdError` with which `call` fails.
func refusal(_ call: () async throws -> Void) async throws -> EtcdError {
    try await #require(throws: EtcdError.self) { try await call() }
}

/// Asks the gateway for what the client has no call for.
func post(to member: EtcdProcess, _ path: String, _ body: String) async throws {
    let request = HTTPRequest("POST", member.urls.client + path, body: .bytes(Array(body.utf8)))
    let answer = try await http.send(request, deadline: .seconds(10))
    try #require(answer.status == 200, "\(path): \(answer.text)")
}
