/// Looks at etcd: at our own member, at peers, at a whole cluster. Looks only; what follows is decided elsewhere.

import ClusterPlanning
import Etcd
import HTTP
import Synchronization

/// Asks etcd, and says what it answered in planning's words.
struct EtcdObserver: Sendable {
    private let clientHTTP: any HTTPClient
    private let peerHTTP: any HTTPClient
    let metricsHTTP: any HTTPClient
    private let known = KnownClients()

    /// - Parameters:
    ///   - clientHTTP: with the TLS settings of the client port.
    ///   - peerHTTP: with those of the peer port.
    ///   - metricsHTTP: without any: the listener is on the loopback interface.
    init(clientHTTP: any HTTPClient, peerHTTP: any HTTPClient, metricsHTTP: any HTTPClient) {
        self.clientHTTP = clientHTTP
        self.peerHTTP = peerHTTP
        self.metricsHTTP = metricsHTTP
    }

    /// The client for one endpoint; each asks its server's version once, so they are kept.
    func client(_ endpoint: ClusterPlanning.Endpoint) -> EtcdClient {
        known.clients.withLock { clients in
            if let client = clients[endpoint] { return client }
            if clients.count > 200 { clients = [:] }  // of instances long gone
            let client = EtcdClient(http: clientHTTP, endpoint: endpoint.description)
            clients[endpoint] = client
            return client
        }
    }

    /// What a peer port says; never throws, for no answer is an answer too.
    func askPeer(
        _ instance: InstanceID, _ endpoint: ClusterPlanning.Endpoint, deadline: Duration = .seconds(1)
    ) async throws(CancellationError) -> Peer {
        do {
            let list = try await EtcdPeer(http: peerHTTP, peerURL: endpoint.description).members(deadline: deadline)
            return Peer(instance, endpoint, .members(ClusterID(list.clusterID), try list.translated()))
        } catch let error as EtcdError where error.isConnectionRefused {
            return Peer(instance, endpoint, .refused)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return Peer(instance, endpoint, .silent("\(error)"))
        }
    }

    /// Every cluster that has a leader and a quorum, among those that the peers show.
    ///
    /// A forced cluster keeps its ID, so that what is left of an earlier generation may show the same one: peers whose
    /// supervisors tell different generations are asked apart.
    ///
    /// - Parameter facts: what supervisors report.
    func runningClusters(
        seenBy peers: [Peer], _ facts: Facts
    ) async throws(CancellationError) -> [RunningCluster] {
        var endpoints: [Lineage: Set<ClusterPlanning.Endpoint>] = [:]
        for peer in peers {
            guard case .members(let cluster, let members) = peer.answer else { continue }
            let lineage = Lineage(cluster: cluster, generation: facts.generation(on: peer.instance))
            endpoints[lineage, default: []].formUnion(members.flatMap(\.clientURLs))
        }
        var clusters: [RunningCluster] = []
        for (lineage, candidates) in endpoints.sorted(by: { $0.key < $1.key }) {
            guard var cluster = try await runningCluster(lineage.cluster, through: candidates.sorted()) else {
                continue
            }
            cluster.generation = facts.generation(of: cluster)
            if !clusters.contains(where: { $0.id == cluster.id && $0.leader == cluster.leader }) {
                clusters.append(cluster)
            }
        }
        return clusters
    }

    /// The cluster, if one of the endpoints knows a leader and a linearizable read through it succeeds.
    private func runningCluster(
        _ id: ClusterID, through endpoints: [ClusterPlanning.Endpoint]
    ) async throws(CancellationError) -> RunningCluster? {
        let statuses = try await inParallel(endpoints) { endpoint throws(CancellationError) in
            (endpoint, try await statusIfAny(endpoint))
        }
        let led = statuses.compactMap { endpoint, status -> (endpoint: ClusterPlanning.Endpoint, status: EtcdStatus)? in
            guard let status, status.leader != nil, ClusterID(status.clusterID) == id else { return nil }
            return (endpoint, status)
        }
        // The leader's own list first: nobody's is younger.
        for (endpoint, status) in led.sorted(by: { $0.status.isLeader && !$1.status.isLeader }) {
            guard let leader = status.leader else { continue }
            do {
                let members = try await client(endpoint).linearizableMembers().translated()
                let answers = try await answers(of: members, in: id)
                return RunningCluster(
                    id: id, leader: MemberID(leader), members: members, health: answers.mapValues(\.health))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                continue  // no quorum behind this one; the next may have it
            }
        }
        return nil
    }

    /// What our own etcd shows: through its client port, or, as after a restart without a quorum, on its peer port and its
    /// metrics.
    ///
    /// - Parameter metricsURL: of the listener that we have it open on the loopback interface.
    /// - Returns: what could be read; its list and index are nil where they could not.
    func ownState(_ identity: Identity, metricsURL: String) async throws(CancellationError) -> EtcdState {
        do {
            return try await ownStateAtOnce(identity, metricsURL)
        } catch {
            throw CancellationError()  // nothing else is thrown by what it asks
        }
    }

    /// All at once, and briefly: who asks for our report waits for this. Without a quorum etcd takes clients' connections and
    /// answers none.
    private func ownStateAtOnce(_ identity: Identity, _ metricsURL: String) async throws -> EtcdState {
        async let status = statusIfAny(identity.clientURL, deadline: Self.moment)
        async let index = appliedIndex(metricsURL)
        let peer = try await askPeer(identity.instance, identity.peerURL, deadline: Self.moment)
        let (told, applied) = (try await status, try await index)
        var state = EtcdState(isRunning: true, leader: told?.leader.map(MemberID.init))
        if case .members(_, let members) = peer.answer { state = state.showing(members) }
        state.commitIndex = told?.raftIndex ?? applied
        return state
    }

    /// How long our own etcd may take to tell about itself, on this very machine.
    private static let moment = Duration.milliseconds(500)

    private func appliedIndex(_ url: String) async throws(CancellationError) -> UInt64? {
        do {
            return try await EtcdMetrics(http: metricsHTTP, url: url).read(deadline: Self.moment).appliedIndex
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return nil  // no answer is no answer: the index stays unknown
        }
    }

    /// Nil where there is no good answer: who does not answer knows no leader either, as far as we are concerned.
    private func statusIfAny(
        _ endpoint: ClusterPlanning.Endpoint, deadline: Duration = .seconds(1)
    ) async throws(CancellationError) -> EtcdStatus? {
        do {
            return try await client(endpoint).status(deadline: deadline)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return nil
        }
    }

    /// What a member answered, and which version it runs, where it told.
    struct MemberAnswer: Sendable {
        var health: MemberHealth
        var version: EtcdVersion?
    }

    /// Asks each member how it is, all at once.
    func answers(
        of members: [Member], in cluster: ClusterID
    ) async throws(CancellationError) -> [MemberID: MemberAnswer] {
        let answers = try await inParallel(members) { member throws(CancellationError) in
            (member.id, try await answer(of: member, in: cluster))
        }
        return Dictionary(answers, uniquingKeysWith: { first, _ in first })
    }

    private func answer(of member: Member, in cluster: ClusterID) async throws(CancellationError) -> MemberAnswer {
        var complaints: [String] = member.isStarted ? [] : ["it has not started"]
        for endpoint in member.clientURLs {
            do {
                let status = try await client(endpoint).status(deadline: .seconds(2))
                if MemberID(status.memberID) != member.id || ClusterID(status.clusterID) != cluster {
                    complaints.append("\(endpoint) answers as member \(status.memberID) of cluster \(status.clusterID)")
                } else if status.leader == nil {
                    complaints.append("\(endpoint) knows no leader")
                } else {
                    return MemberAnswer(health: .healthy, version: status.version)
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                complaints.append("\(error)")
            }
        }
        return MemberAnswer(health: .unhealthy(complaints.joined(separator: "; ")), version: nil)
    }
}

/// One life of a cluster's data, as far as a peer tells.
private struct Lineage: Hashable, Comparable {
    var cluster: ClusterID
    var generation: Int?

    static func < (left: Self, right: Self) -> Bool {
        (left.cluster, left.generation ?? 0) < (right.cluster, right.generation ?? 0)
    }
}

extension EtcdError {
    fileprivate var isConnectionRefused: Bool {
        if case .notAnswered(let error) = reason { error.kind == .connectionRefused } else { false }
    }
}

/// One client for each endpoint, shared by the copies of an observer.
private final class KnownClients: Sendable {
    let clients = Mutex<[ClusterPlanning.Endpoint: EtcdClient]>([:])
}

/// How many are asked at once: enough for any cluster, and no burden in a group of a thousand.
private let atOnce = 32

/// Runs `body` for every item, many at once, and gives the results in the items' order.
func inParallel<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) async throws(CancellationError) -> Result
) async throws(CancellationError) -> [Result] {
    do {
        return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results: [(Int, Result)] = []
            for (index, item) in items.enumerated() {
                if index >= atOnce, let result = try await group.next() { results.append(result) }
                group.addTask { (index, try await body(item)) }
            }
            for try await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    } catch {
        throw CancellationError()  // nothing else is thrown by the bodies
    }
}
