/// The fields of a report in JSON, and what they may be.

import ClusterPlanning
import FoundationEssentials

struct ReportFile: Codable {
    /// Another one is not read: its fields may mean something else.
    struct Form: Decodable {
        var report: Int
    }

    struct HeldFile: Codable {
        var cluster: String?
        var member: String?
        var generation: Int?
    }

    struct EtcdFile: Codable {
        var isRunning: Bool
        var leader: String?
        var members: [MemberFile]?
        var commitIndex: UInt64?
    }

    struct MemberFile: Codable {
        var id: String
        var name: String
        var peerURLs: [String]
        var clientURLs: [String]
        var isLearner: Bool
    }

    struct FounderFile: Codable {
        var name: String
        var peerURL: String
    }

    struct LeaderFile: Codable {
        var deferred: [String]
        var deferredCount: Int
        var failingBackup: FailingBackupFile?
    }

    struct FailingBackupFile: Codable {
        /// `2026-01-31T12:00:00Z`
        var since: String
        var times: Int
        var cause: String
    }

    static let version = 1

    var report = Self.version
    var nonce: String?
    var instance: String
    var peerURL: String
    var owner: String?
    var cluster: String?
    var stores: [String]
    var disk: String?
    var isMountPoint: Bool
    /// `none`, `data`, `unusable` or `unknown`.
    var holding: String
    /// Beside `data`.
    var held: HeldFile?
    /// Beside `unusable` and `unknown`.
    var cause: String?
    var etcd: EtcdFile
    var asksToJoin: Bool
    var waitingFor: String?
    /// `terminating` or `spot`.
    var leaving: String?
    var founders: [FounderFile]?
    var reachesAWS: Bool?
    /// Missing where its etcd does not lead, and from older supervisors.
    var asLeader: LeaderFile?
}

// MARK: Writing

extension ReportFile {
    init(_ report: Report, nonce: String?) {
        self.nonce = nonce
        instance = report.instance.rawValue
        peerURL = report.peerURL.description
        owner = report.owner
        cluster = report.cluster
        stores = report.stores.map(\.rawValue)
        disk = report.disk?.rawValue
        isMountPoint = report.isMountPoint
        (holding, held, cause) = report.holding.fields
        etcd = EtcdFile(report.etcd)
        asksToJoin = report.asksToJoin
        waitingFor = report.waitingFor.map { cut($0) }
        leaving = report.leaving?.word
        founders = report.founders?.map { FounderFile(name: $0.name, peerURL: $0.peerURL.description) }
        reachesAWS = report.reachesAWS
        asLeader = report.asLeader.map(LeaderFile.init)
    }
}

extension ReportFile.LeaderFile {
    fileprivate init(_ report: LeaderReport) {
        // Several of them: shorter than what stands alone.
        deferred = report.deferred.map { cut($0, to: 300) }
        deferredCount = report.deferredCount
        failingBackup = report.failingBackup.map {
            ReportFile.FailingBackupFile(since: $0.since.description, times: $0.times, cause: cut($0.cause))
        }
    }
}

extension Holding {
    fileprivate var fields: (String, ReportFile.HeldFile?, String?) {
        switch self {
        case .none: ("none", nil, nil)
        case .data(let data):
            (
                "data",
                .init(
                    cluster: data.cluster?.description, member: data.member?.description, generation: data.generation),
                nil
            )
        case .unusable(let cause): ("unusable", nil, cut(cause))
        case .unknown(let cause): ("unknown", nil, cut(cause))
        }
    }
}

extension ReportFile.EtcdFile {
    fileprivate init(_ etcd: EtcdState) {
        isRunning = etcd.isRunning
        leader = etcd.leader?.description
        members = etcd.members?.map { member in
            ReportFile.MemberFile(
                id: member.id.description, name: member.name, peerURLs: member.peerURLs.map(\.description),
                clientURLs: member.clientURLs.map(\.description), isLearner: member.isLearner)
        }
        commitIndex = etcd.commitIndex
    }
}

extension Departure {
    fileprivate var word: String {
        switch self {
        case .terminating: "terminating"
        case .spot: "spot"
        }
    }
}

/// Sentences are for people; what etcd said before it died may be longer than anybody reads.
private func cut(_ text: String, to length: Int = 500) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
}

// MARK: Reading

extension ReportFile {
    /// Longer than any name or ARN of AWS, and than any sentence that is sent.
    private static let textLimit = 2048
    /// etcd is slow with seven members, and with a hundred it is no more.
    private static let listLimit = 100

    func translated() throws(ReportTextError) -> Report {
        Report(
            InstanceID(try text(instance, "instance")), try endpoint(peerURL, "peerURL"),
            owner: try optionalText(owner, "owner"), cluster: try optionalText(cluster, "cluster"),
            stores: try list(stores, "stores") { name throws(ReportTextError) in
                StoreName(try text(name, "stores"))
            }, disk: try optionalText(disk, "disk").map(DiskID.init(_:)), isMountPoint: isMountPoint,
            holding: try translatedHolding(), etcd: try translatedEtcd(), asksToJoin: asksToJoin,
            waitingFor: try waitingFor.map { text throws(ReportTextError) in try words(text, "waitingFor") },
            leaving: try translatedDeparture(),
            founders: try founders.map { founders throws(ReportTextError) in
                try list(founders, "founders") { founder throws(ReportTextError) in
                    InitialMember(try text(founder.name, "name"), try endpoint(founder.peerURL, "peerURL"))
                }
            }, reachesAWS: reachesAWS, asLeader: try translatedLeader())
    }

    private func translatedLeader() throws(ReportTextError) -> LeaderReport? {
        guard let asLeader else { return nil }
        let deferred = try list(asLeader.deferred, "deferred") { text throws(ReportTextError) in
            try words(text, "deferred")
        }
        return LeaderReport(
            deferred: deferred, of: try count(asLeader.deferredCount),
            failingBackup: try asLeader.failingBackup.map { file throws(ReportTextError) in
                guard let since = UTCTime(file.since) else { throw ReportTextError("its time is none") }
                return FailingBackup(
                    since: since, times: try count(file.times), cause: try words(file.cause, "cause"))
            })
    }

    private func translatedHolding() throws(ReportTextError) -> Holding {
        switch (holding, held, cause) {
        case ("none", nil, nil): return .none
        case ("data", let held?, nil):
            if let generation = held.generation, !ClusterRecord.counts.contains(generation) {
                throw ReportTextError("its generation is none")
            }
            return .data(
                HeldData(
                    cluster: try held.cluster.map(id).map(ClusterID.init(rawValue:)),
                    member: try held.member.map(id).map(MemberID.init(rawValue:)), generation: held.generation))
        case ("unusable", nil, let cause?): return .unusable(try words(cause, "cause"))
        case ("unknown", nil, let cause?): return .unknown(try words(cause, "cause"))
        default: throw ReportTextError("what it holds can't be told")
        }
    }

    private func translatedEtcd() throws(ReportTextError) -> EtcdState {
        EtcdState(
            isRunning: etcd.isRunning, leader: try etcd.leader.map(id).map(MemberID.init(rawValue:)),
            members: try etcd.members.map { members throws(ReportTextError) in
                try list(members, "members") { member throws(ReportTextError) in try translated(member) }
            }, commitIndex: etcd.commitIndex)
    }

    private func translated(_ member: MemberFile) throws(ReportTextError) -> Member {
        func endpoints(_ urls: [String]) throws(ReportTextError) -> [Endpoint] {
            try list(urls, "members") { url throws(ReportTextError) in try endpoint(url, "members") }
        }
        return Member(
            MemberID(try id(member.id)), name: try words(member.name, "members"),
            peerURLs: try endpoints(member.peerURLs),
            clientURLs: try endpoints(member.clientURLs), isLearner: member.isLearner)
    }

    private func translatedDeparture() throws(ReportTextError) -> Departure? {
        switch leaving {
        case nil: nil
        case "terminating": .terminating
        case "spot": .spot
        default: throw ReportTextError("why it leaves can't be told")
        }
    }

    // MARK: -

    private func text(_ text: String, _ field: String) throws(ReportTextError) -> String {
        guard !text.isEmpty else { throw ReportTextError("its \(field) is empty") }
        return try words(text, field)
    }

    /// What may be empty.
    private func words(_ text: String, _ field: String) throws(ReportTextError) -> String {
        guard text.utf8.count <= Self.textLimit else { throw ReportTextError("its \(field) is too long") }
        return text
    }

    private func optionalText(_ text: String?, _ field: String) throws(ReportTextError) -> String? {
        try text.map { text throws(ReportTextError) in try self.text(text, field) }
    }

    private func endpoint(_ url: String, _ field: String) throws(ReportTextError) -> Endpoint {
        guard let endpoint = Endpoint(parsing: try text(url, field)) else {
            throw ReportTextError("its \(field) has a URL that is none")
        }
        return endpoint
    }

    private func count(_ number: Int) throws(ReportTextError) -> Int {
        guard number >= 0 else { throw ReportTextError("a number is none") }
        return number
    }

    private func id(_ hex: String) throws(ReportTextError) -> UInt64 {
        guard !hex.hasPrefix("+"), let number = UInt64(hex, radix: 16) else { throw ReportTextError("an ID is none") }
        return number
    }

    private func list<Item, Result>(
        _ items: [Item], _ field: String, _ translate: (Item) throws(ReportTextError) -> Result
    ) throws(ReportTextError) -> [Result] {
        guard items.count <= Self.listLimit else { throw ReportTextError("its \(field) are too many") }
        var results: [Result] = []
        for item in items { results.append(try translate(item)) }
        return results
    }
}
