/// The data of one disk becomes a cluster of one member, which the others then join: what a survivor's recovery comes to.

import ClusterPlanning
import Etcd
import FoundationEssentials
import Supervision

/// Copies the data, has etcd make a cluster of one of them, listening on loopback alone, and checks that it is one.
///
/// No etcd may run. All of it may be repeated from the beginning, wherever it broke off, until the caller has raised the
/// stamp's generation, which is what ends it.
struct ForcedStart: Sendable {
    let directory: DataDirectory
    let etcd: LoopbackEtcd
    var limit = Duration.seconds(1200)
    /// Called after each step, for the log; an error ends the attempt.
    var reached: @Sendable (Step, Child?) async throws -> Void = { _, _ in }

    enum Step: Equatable, Sendable, CustomStringConvertible {
        /// What was copied before counts too.
        case copied(to: String)
        case running
        case leading
        case removed(MemberID)
        case addressed
        case verified
        case stopped

        var description: String {
            switch self {
            case .copied(let place): "the data are copied to \(place)"
            case .running: "etcd runs, for us alone"
            case .leading: "it leads"
            case .removed(let member): "member \(member) is removed"
            case .addressed: "its peer URL is ours"
            case .verified: "it is the only member"
            case .stopped: "etcd is stopped"
            }
        }
    }

    /// - Parameters:
    ///   - launch: of the kind `force`, with its generation.
    ///   - time: seconds since 1970, for the copy's name.
    /// - Throws: `DataDirectoryError`, `ForcedStartError`, and as `LoopbackEtcd.run`. The copy stays, and so does what etcd
    ///   has done to the data until then.
    func run(_ launch: ClusterPlanning.Launch, time: Int = secondsNow()) async throws {
        guard case .force(let member) = launch.kind else { preconditionFailure("this is no forced start") }
        let label = "g\(launch.generation ?? 0)"
        let copy = try await runBlocking { [directory] isCancelled in
            try directory.copyData(label: label, time: time, unless: isCancelled)
        }
        try await reached(.copied(to: copy), nil)
        try await etcd.run(launch, within: limit) { etcd in
            try await reached(.running, etcd.child)
            try await makeAlone(member, at: launch.identity.peerURL, etcd)
        }
        try await reached(.stopped, nil)
    }

    private func makeAlone(
        _ member: MemberID, at peerURL: ClusterPlanning.Endpoint, _ etcd: RunningLoopbackEtcd
    ) async throws {
        let (own, list) = try await etcd.poll("it leads") { try await listIfLeading(etcd) }
        guard own == member.etcdID else { throw ForcedStartError.otherMember(own, wanted: member) }
        try await reached(.leading, etcd.child)
        // Some versions leave learners behind, and others: https://github.com/etcd-io/etcd/issues/20793
        for other in list.members where other.id != member.etcdID {
            try await remove(other.id, etcd)
            try await reached(.removed(MemberID(other.id)), etcd.child)
        }
        let address = [peerURL.description]
        if list.members.first(where: { $0.id == member.etcdID })?.peerURLs != address {
            // Whether it was done is read back below; a repetition does no harm.
            _ = try await etcd.poll("its peer URL is \(peerURL)") {
                try await etcd.client.updateMember(member.etcdID, peerURLs: address)
            }
        }
        try await reached(.addressed, etcd.child)
        let result = try await etcd.poll("the member list") { try await etcd.client.linearizableMembers() }
        guard result.members.map(\.id) == [member.etcdID], result.members.first?.peerURLs == address else {
            throw ForcedStartError.notAlone(result)
        }
        try await reached(.verified, etcd.child)
    }

    /// Its ID, and the list by a read through itself as the quorum; nil while it does not lead.
    private func listIfLeading(_ etcd: RunningLoopbackEtcd) async throws -> (EtcdID, EtcdMemberList)? {
        let status = try await etcd.client.status()
        guard status.isLeader else { return nil }
        return (status.memberID, try await etcd.client.linearizableMembers())
    }

    /// Removes a member; that it is no member any more is as good.
    private func remove(_ other: EtcdID, _ etcd: RunningLoopbackEtcd) async throws {
        _ = try await etcd.poll("member \(other) is removed") {
            do {
                _ = try await etcd.client.removeMember(other)
                return true
            } catch let error as EtcdError where error.isMemberNotFound {
                return true
            }
        }
    }
}

/// Why a forced start must not be gone on with.
enum ForcedStartError: Error, Equatable, CustomStringConvertible {
    /// The data are those of another member than was planned for.
    case otherMember(EtcdID, wanted: MemberID)
    case notAlone(EtcdMemberList)

    var description: String {
        switch self {
        case .otherMember(let found, let wanted): "the data are of member \(found), not of member \(wanted)"
        case .notAlone(let list):
            "after the forced start the members are \(list.members.map { "\($0.id) at \($0.peerURLs)" })"
        }
    }
}
