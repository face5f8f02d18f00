/// Observers of one instance at an AWS of the test's own, and supervisors that others would see.

import AWS
import ClusterPlanning
import Etcd
import Foundation
import HTTP
import StubServer
import Synchronization
import Testing

@testable import Daemon

/// A supervisor as others see it: its report, at an address of its own.
final class StubSupervisor: Sendable {
    let instance: InstanceID
    let address: String
    private let books: Books
    private let running = Mutex<Task<Void, any Error>?>(nil)

    init(_ instance: String, at address: String = loopbackAddress(), _ change: (inout Report) -> Void = { _ in }) throws
    {
        self.instance = InstanceID(instance)
        self.address = address
        var report = Report(InstanceID(instance), Endpoint(.http, address, 2380), holding: .none)
        report.owner = AWSWorld.Group("etcd-main", desired: 3, []).arn
        report.disk = DiskID("d-\(instance)")
        change(&report)
        books = Books(report)
        let server = try ReportServer(address: address, port: ReportServer.defaultPort)
        let books = books
        let task = Task { try await server.run(report: { books.answer(probingAWS: $0) }, asked: { _ in }) }
        running.withLock { $0 = task }
    }

    deinit { running.withLock { $0?.cancel() } }

    var report: Report { books.held.withLock { $0.report } }
    /// How often it was asked, and how often whether AWS answers it.
    var asked: (all: Int, forAWS: Int) { books.held.withLock { ($0.all, $0.forAWS) } }
    func change(_ change: (inout Report) -> Void) { books.held.withLock { change(&$0.report) } }

    private final class Books: Sendable {
        let held: Mutex<(report: Report, all: Int, forAWS: Int)>

        init(_ report: Report) { held = Mutex((report, 0, 0)) }

        func answer(probingAWS: Bool) -> Report {
            held.withLock { held in
                held.all += 1
                if probingAWS { held.forAWS += 1 }
                return held.report
            }
        }
    }
}

/// What the daemon of one instance looks with.
struct Stand {
    let aws: StubAWS
    let identity: Identity
    let place: TemporaryDirectory
    let directory: DataDirectory
    let group: GroupObserver
    let records: RecordKeeper
    let backups: BackupKeeper
    let zone: ZoneObserver?
    let ownReport: OwnReport
    let start: StartObserver
    let cluster: ClusterObserver

    /// - Parameters:
    ///   - hasZone: whether the zone `Z0NET` is configured.
    ///   - hasBucket: whether the bucket `backups` is.
    init(
        _ identity: Identity, _ world: AWSWorld, hasZone: Bool = false, hasBucket: Bool = false,
        peersBy source: PeerSource = .group, metricsURL: String = "http://127.0.0.1:1",
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws {
        self.identity = identity
        aws = try StubAWS(world)
        let client = try aws.client()
        var configuration = Configuration()
        if hasBucket {
            configuration.backupBucket = "backups"
            configuration.backupKey = "etcd"
        }
        change(&configuration)
        place = try TemporaryDirectory()
        directory = DataDirectory(place["data"])
        group = GroupObserver(aws: client, own: identity.instance, group: nil, source: source)
        zone = hasZone ? ZoneObserver(aws: client, zone: .id("Z0NET"), type: nil) : nil
        records = RecordKeeper(
            aws: client,
            places: RecordPlaces(
                zone: zone, bucket: hasBucket ? "backups" : nil, prefix: "etcd", isWithoutRecord: false))
        backups = BackupKeeper(configuration, aws: client)
        ownReport = OwnReport(
            identity: identity, directory: directory, etcd: .plain, group: group, metricsURL: metricsURL)
        let facts = FactsObserver(
            identity: identity, group: group,
            reports: ReportObserver(
                http: http, own: identity.instance, port: ReportServer.defaultPort, deadline: .seconds(5)),
            ownReport: ownReport, clusterName: configuration.clusterName)
        start = StartObserver(
            identity: identity, configuration: configuration, group: group, facts: facts, records: records,
            backups: backups, zone: zone, etcd: .plain, ownReport: ownReport)
        cluster = ClusterObserver(
            identity: identity, configuration: configuration, group: group, facts: facts, records: records,
            backups: backups, zone: zone, etcd: .plain, ownReport: ownReport)
    }

    /// The look before a start, at an empty disk.
    func look(_ disk: Disk = .empty(nil)) async throws -> StartView {
        try await start.look(disk: disk, own: OwnEtcd(lastExit: .failure), now: .seconds(7))
    }

    /// The same, as soon as a machine that may be busy lets the cluster's etcd answer in time.
    func lookAtCluster() async throws -> StartView {
        var last = try await look()
        try await eventually("a cluster is seen") {
            if !last.clusters.isEmpty { return true }
            last = try await look()
            return false
        }
        return last
    }

    /// The pulse, as soon as a machine that may be busy lets etcd answer in time.
    func beat() async throws -> ClusterObserver.Beat {
        var last: ClusterObserver.Beat?
        try await eventually("etcd answers within a second") {
            do {
                last = try await cluster.beat()
            } catch let error as EtcdError where error.isTimedOut {
                return false
            }
            return true
        }
        return try #require(last)
    }

    /// The leader's view after `beat`.
    func view(
        _ beat: ClusterObserver.Beat, now: Duration = .zero, generation: Int? = nil, readsRecord: Bool = true,
        probesAWS: Bool = false
    ) async throws -> ClusterView {
        try #require(
            try await cluster.view(
                beat, now: now, generation: generation, readsRecord: readsRecord, probesAWS: probesAWS))
    }

    /// Puts a record where the cluster's own would be, past every observer.
    func put(_ record: ClusterRecord, named name: String = "etcd-main", inBucket: Bool = false) throws {
        let text = try record.text()
        let value = try Route53.TXTValue.write(text)
        aws.change { world in
            if inBucket {
                world.buckets["backups"]?["etcd/\(name).record"] = Array(text.utf8)
            } else {
                world.records["Z0NET"]?[.init(name: "_etcd-cluster.\(name).example.net.", type: "TXT")] = [value]
            }
        }
    }
}

/// A group `etcd-main` of these instances, all in service, and an empty zone and bucket.
func groupWorld(_ instances: (id: String, state: String, address: String?)...) -> AWSWorld {
    var world = AWSWorld()
    world.groups = [.init("etcd-main", desired: 3, instances.map { ($0.id, "InService") })]
    for instance in instances { world.instances[instance.id] = .init(state: instance.state, address: instance.address) }
    world.zones = [.init(id: "Z0NET", name: "example.net.", isPrivate: false)]
    world.records["Z0NET"] = [:]
    world.buckets["backups"] = [:]
    return world
}

/// A record of that group.
func groupRecord(
    generation: Int = 1, source: ClusterRecord.Source = .empty,
    _ entries: (id: String, address: String, disk: String)...
) -> ClusterRecord {
    let entries = entries.map {
        ClusterRecord.Entry(InstanceID($0.id), Endpoint(.http, $0.address, 2380), disk: DiskID($0.disk))
    }
    return ClusterRecord(
        owner: AWSWorld.Group("etcd-main", desired: 3, []).arn, generation: generation, token: "t", source: source,
        start: entries, voters: entries)
}

/// Who an instance is at an address of the loopback interface.
func identityOf(_ instance: String = "i-0a", at address: String = "127.0.0.1") -> Identity {
    Identity(
        instance: InstanceID(instance), peerURL: Endpoint(.http, address, 2380),
        clientURL: Endpoint(.http, address, 2379))
}

func unavailable<Value>(_ part: Observed<Value>) -> String? {
    if case .unavailable(let cause) = part { cause } else { nil }
}
