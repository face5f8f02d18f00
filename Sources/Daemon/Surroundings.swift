/// Where we are: who this instance is, and the clients for everything outside of it.

import AWS
import ClusterPlanning
import HTTP

/// Everything that is made once, before the first look.
struct Surroundings: Sendable {
    let identity: Identity
    let metadata: InstanceMetadata
    let group: GroupObserver
    let zone: ZoneObserver?
    let records: RecordKeeper
    let backups: BackupKeeper
    let etcd: EtcdObserver
    let reports: ReportObserver
    let aws: AWSClient
    /// For plain HTTP on this machine, past any proxy.
    let direct: CurlClient

    /// Finds out who we are, and makes the clients. Asks the metadata service only for what is not configured.
    ///
    /// - Throws: `MetadataError`, `EndpointError`, `CredentialError`, `HTTPSetupError`: the environment is not (yet) as
    ///   it should be; trying again is safe.
    init(_ configuration: Configuration, loop: CurlLoop) async throws {
        let environment = configuration.environment.values
        direct = CurlClient(loop: loop, proxy: .none)
        metadata = try InstanceMetadata(environment: environment, http: direct)
        var document: InstanceIdentity?
        if configuration.instanceID == nil || configuration.region == nil || configuration.address == nil {
            document = try await metadata.identityDocument()
        }
        let instance = InstanceID(try Self.choose(configuration.instanceID, document?.instanceID.text, "--instance-id"))
        let address = try Self.choose(configuration.address, document?.privateIP, "--address")
        let region = try Region(Self.choose(configuration.region, document?.region, "--region"))
        identity = Identity(instance: instance, address: address, configuration.etcdSettings)

        let endpoints = try Endpoints(region: region, environment: environment)
        let authorities = configuration.environment["AWS_CA_BUNDLE"]
        let outward = CurlClient(loop: loop, tls: TLSSettings(caFile: authorities), proxy: .environment)
        let userAgent = "etcd-cluster/\(version)"
        let chain = CredentialChain.standard(
            environment: environment, home: configuration.environment["HOME"] ?? "/root", http: outward, direct: direct,
            endpoints: endpoints, metadata: metadata, userAgent: userAgent)
        // What is large goes over a thread of its own: small calls don't wait behind it.
        let bulk = try configuration.backupBucket.map { _ in
            CurlClient(loop: try CurlLoop(), tls: TLSSettings(caFile: authorities), proxy: .environment)
        }
        aws = AWSClient(
            http: outward, bulk: bulk, endpoints: endpoints, credentials: chain, userAgent: userAgent)
        group = GroupObserver(
            aws: aws, own: instance, group: configuration.group, source: configuration.peersBy)
        let zone = configuration.hostedZone.map { [aws] name in
            ZoneObserver(aws: aws, zone: name, type: configuration.zoneType)
        }
        self.zone = zone
        records = RecordKeeper(
            aws: aws,
            places: RecordPlaces(
                zone: zone, bucket: configuration.backupBucket, prefix: configuration.backupKey,
                isWithoutRecord: configuration.isWithoutRecord))
        backups = BackupKeeper(configuration, aws: aws)
        reports = ReportObserver(http: direct, own: instance, port: configuration.statusPort)
        etcd = EtcdObserver(
            clientHTTP: CurlClient(loop: loop, tls: configuration.etcdSettings.clientTLS, proxy: .none),
            peerHTTP: CurlClient(loop: loop, tls: configuration.etcdSettings.peerTLS, proxy: .none),
            metricsHTTP: direct)
    }

    private static func choose(_ configured: String?, _ told: String?, _ flag: String) throws -> String {
        guard let choice = configured ?? told else {
            throw ObservationError("the metadata service does not tell; set \(flag)")
        }
        return choice
    }
}

extension Identity {
    fileprivate init(instance: InstanceID, address: String, _ settings: EtcdSettings) {
        self.init(
            instance: instance,
            peerURL: ClusterPlanning.Endpoint(settings.peerScheme, address, settings.peerPort),
            clientURL: ClusterPlanning.Endpoint(settings.clientScheme, address, settings.clientPort))
    }
}

extension EtcdSettings {
    /// As whom we speak to client ports: with the certificate that etcd itself shows there, in case it asks for one.
    fileprivate var clientTLS: TLSSettings {
        TLSSettings(caFile: trustedCAFile, certificateFile: certificateFile, keyFile: keyFile)
    }

    fileprivate var peerTLS: TLSSettings {
        TLSSettings(caFile: peerTrustedCAFile, certificateFile: peerCertificateFile, keyFile: peerKeyFile)
    }
}

extension Executor {
    init(_ surroundings: Surroundings) {
        self.init(
            identity: surroundings.identity, etcd: surroundings.etcd, records: surroundings.records,
            backups: surroundings.backups, zone: surroundings.zone, group: surroundings.group)
    }
}

/// What looks at the world, put together: for the daemon, and for the commands.
struct Observers: Sendable {
    let ownReport: OwnReport
    let start: StartObserver
    let cluster: ClusterObserver

    init(_ configuration: Configuration, _ surroundings: Surroundings, _ directory: DataDirectory) {
        let identity = surroundings.identity
        ownReport = OwnReport(
            identity: identity, directory: directory, etcd: surroundings.etcd, group: surroundings.group,
            metricsURL: configuration.etcdSettings.metricsURL)
        let facts = FactsObserver(
            identity: identity, group: surroundings.group, reports: surroundings.reports, ownReport: ownReport,
            clusterName: configuration.clusterName)
        start = StartObserver(
            identity: identity, configuration: configuration, group: surroundings.group, facts: facts,
            records: surroundings.records, backups: surroundings.backups, zone: surroundings.zone,
            etcd: surroundings.etcd, ownReport: ownReport)
        cluster = ClusterObserver(
            identity: identity, configuration: configuration, group: surroundings.group, facts: facts,
            records: surroundings.records, backups: surroundings.backups, zone: surroundings.zone,
            etcd: surroundings.etcd, ownReport: ownReport)
    }
}
