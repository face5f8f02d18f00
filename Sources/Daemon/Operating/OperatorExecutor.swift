/// Carries out the steps of a person's command, and decides nothing.

import AWS
import ClusterPlanning

/// Performs steps against EC2, the stores of the record, and the hosted zone.
struct OperatorExecutor: Sendable {
    let aws: AWSClient
    let group: GroupObserver
    let records: RecordKeeper
    let reports: ReportObserver
    let backups: BackupKeeper
    let workshop: BackupWorkshop
    let zone: ZoneObserver?
    /// How long EC2 may take to end an instance.
    var terminationLimit = Duration.seconds(600)
    var pollInterval = Duration.seconds(5)

    init(_ surroundings: Surroundings, _ workshop: BackupWorkshop) {
        aws = surroundings.aws
        group = surroundings.group
        records = surroundings.records
        reports = surroundings.reports
        backups = surroundings.backups
        self.workshop = workshop
        zone = surroundings.zone
    }

    /// - Returns: false where somebody else was faster, and nothing was written.
    /// - Throws: where the step failed, or it is not known whether it was made: look again.
    func perform(_ step: OperatorStep, telling terminal: Terminal) async throws -> Bool {
        switch step {
        case .terminate(let instance, let state): try await terminate(instance, state, terminal)
        case .swapRecord(let swap):
            guard try await records.swap(swap) == .won else { return false }
            try await tellEverybody()
        case .removeRecord(let store, let version):
            return try await records.remove(from: store, ifStill: version) == .won
        case .changeDNS(let changes):
            guard let zone else { preconditionFailure("a DNS change was planned without a zone") }
            try await zone.change(changes)
        case .checkBackup(let name): try await check(name, terminal)
        case .importSnapshot(let file, let name): try await bring(file, as: name, terminal)
        }
        return true
    }

    /// The leader of a cluster at rest reads the record seldom.
    private func tellEverybody() async throws(CancellationError) {
        // Where the group can't be listed, they hear of it when they look for themselves.
        let seen = try await observed { try await group.groupWithInstances() }
        let instances = (seen.value?.instances ?? []).compactMap { instance in
            instance.address.map { ReportObserver.Asked(instance: instance.id, address: $0) }
        }
        try await reports.tellOfRecord(instances)
    }

    /// Reads it as whoever restores it will.
    private func check(_ name: String, _ terminal: Terminal) async throws {
        let bar = ProgressBar("reading \(name)", terminal)
        try await workshop.check(name, in: try await backups.store()) { bar.show($0, of: $1) }
        bar.end()
    }

    /// Only what could be restored is brought.
    private func bring(_ file: String, as name: String, _ terminal: Terminal) async throws {
        _ = try await workshop.tools.verify(file)
        let bar = ProgressBar("bringing \(file) into the bucket", terminal)
        try await backups.store().upload(file, as: name) { bar.show($0, of: $1) }
        bar.end()
    }

    private func terminate(_ id: InstanceID, _ state: Instance.State, _ terminal: Terminal) async throws {
        if state != .shuttingDown { try await order(id) }
        let end = ContinuousClock.now + terminationLimit
        while true {
            let state = try await group.ask([id]).first?.state ?? .unclear
            if state == .terminated || state == .unknownToEC2 { return }
            guard ContinuousClock.now < end else {
                throw ObservationError(
                    "EC2 still calls \(id) \(state) after \(terminationLimit); run this again once it is terminated")
            }
            if terminal.isWatched { terminal.say("waiting: EC2 calls \(id) \(state)\n") }
            try await ContinuousClock().sleep(for: pollInterval)
        }
    }

    private func order(_ id: InstanceID) async throws {
        do {
            _ = try await aws.send(.terminateInstances([EC2.InstanceID(id.rawValue)]))
        } catch let error as AWSError where error.status == 403 {
            throw ObservationError(
                "\(error); terminate \(id) yourself, then run this again: the instances' role need not be able to")
        }
    }
}
