/// etcd's own programs for snapshots: which of them does what, from which version on, and with which arguments.
///
/// Pure. An unknown flag is fatal to them too, so each version must be the one that the program itself reports.
/// https://etcd.io/docs/v3.5/op-guide/recovery/
package enum SnapshotTool: String, Sendable, Hashable, CaseIterable {
    /// Talks to a running etcd, and up to 3.5 handles files as well.
    case etcdctl
    /// Handles files; there from 3.5 on.
    case etcdutl

    /// Has the program print its version.
    package static let versionArguments = ["version"]

    /// Reads what `etcdctl version` and `etcdutl version` print: a line such as `etcdctl version: 3.4.23` among others;
    /// nil where none is there, as of another program.
    package func version(inOutput output: String) -> EtcdVersion? {
        for line in output.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == rawValue, words[1] == "version:" else { continue }
            return EtcdVersion(String(words[2]))
        }
        return nil
    }

    /// What the program has to find in its environment to know these commands: up to 3.3 etcdctl speaks to etcd 2 unless it
    /// is told otherwise, and from 3.6 on it warns of the variable.
    ///
    /// - Parameter version: nil while it is still to be asked for.
    package func environment(for version: EtcdVersion?) -> [String: String] {
        guard self == .etcdctl, version?.isAtLeast(3, 4) != true else { return [:] }
        return ["ETCDCTL_API": "3"]
    }

    /// Whether this one tells the status of a snapshot and restores it. etcdctl's commands for that are deprecated in 3.5 and
    /// gone in 3.6 (https://github.com/etcd-io/etcd/blob/main/CHANGELOG/CHANGELOG-3.6.md).
    package func handlesFiles(_ version: EtcdVersion) -> Bool {
        switch self {
        case .etcdctl: !version.isAtLeast(3, 6)
        case .etcdutl: version.isAtLeast(3, 5)
        }
    }

    /// Whether a restore can raise the revisions, so that no watcher sees one twice: from 3.4.27 and 3.5.10 on.
    /// https://github.com/etcd-io/etcd/pull/16029
    package func bumpsRevisions(_ version: EtcdVersion) -> Bool {
        switch (self, version.major, version.minor) {
        case (.etcdctl, 3, 4): version.patch >= 27
        case (.etcdctl, _, _): false
        case (.etcdutl, 3, 5): version.patch >= 10
        case (.etcdutl, _, _): version.isAtLeast(3, 6)
        }
    }
}

/// What such a program is called with. Paths have to be absolute: one that begins with a hyphen would be a flag.
extension SnapshotTool {
    /// As whom etcdctl speaks to a client port, by paths; nil: as nobody, and by what the system trusts.
    package struct Credentials: Sendable, Equatable {
        package var caFile: String?
        package var certificateFile: String?
        package var keyFile: String?

        package init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
            self.caFile = caFile
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }

        fileprivate var arguments: [String] {
            let flags = [("cacert", caFile), ("cert", certificateFile), ("key", keyFile)]
            return flags.compactMap { name, path in path.map { "--\(name)=\($0)" } }
        }
    }

    /// For etcdctl: streams the database of the member at `endpoint` to `file`, by way of `file.part`.
    ///
    /// One endpoint exactly, since a snapshot is one member's.
    ///
    /// - Parameter seconds: how long all of it may take. Without that, etcdctl waits for ever for a member that is gone.
    package static func saveArguments(
        endpoint: String, to file: String, within seconds: Int, as credentials: Credentials = Credentials()
    ) -> [String] {
        ["snapshot", "save", file] + connection(endpoint, within: seconds, as: credentials)
    }

    private static func connection(_ endpoint: String, within seconds: Int, as credentials: Credentials) -> [String] {
        ["--endpoints=\(endpoint)", "--dial-timeout=5s", "--command-timeout=\(seconds)s"] + credentials.arguments
    }

    /// For etcdctl, from 3.3 on: what `EtcdHashKV` reads. Through the gateway it can't be had below 3.5.10, where its path is
    /// that of another call (https://github.com/etcd-io/etcd/pull/16464).
    ///
    /// - Parameters:
    ///   - revision: up to which revision; zero: the last.
    ///   - seconds: how long etcd may take, which reads all keys for it.
    package static func hashArguments(
        endpoint: String, revision: Int64, within seconds: Int, as credentials: Credentials = Credentials()
    ) -> [String] {
        ["endpoint", "hashkv", "--rev=\(revision)", "--write-out=json"]
            + connection(endpoint, within: seconds, as: credentials)
    }

    /// For the one that handles files: what `SnapshotStatus` reads.
    package static func statusArguments(of file: String) -> [String] {
        ["snapshot", "status", file, "--write-out=json"]
    }

    /// A cluster of one member to be made of a snapshot.
    package struct Restoration: Sendable, Equatable {
        package var file: String
        /// Must not exist.
        package var dataDirectory: String
        package var name: String
        package var peerURL: String
        /// Makes the cluster's ID its own.
        package var token: String
        /// By how much the revisions are raised, with all before marked as compacted; nil: they stay.
        package var revisionBump: UInt64?

        package init(
            file: String, dataDirectory: String, name: String, peerURL: String, token: String,
            revisionBump: UInt64? = nil
        ) {
            self.file = file
            self.dataDirectory = dataDirectory
            self.name = name
            self.peerURL = peerURL
            self.token = token
            self.revisionBump = revisionBump
        }
    }

    /// For the one that handles files. The hash at the snapshot's end is always checked.
    ///
    /// - Parameter version: the program's own. Where it can't raise revisions, they stay: see `bumpsRevisions`.
    package func restoreArguments(_ restoration: Restoration, version: EtcdVersion) -> [String] {
        var arguments = [
            "snapshot", "restore", restoration.file, "--data-dir=\(restoration.dataDirectory)",
            "--name=\(restoration.name)", "--initial-cluster=\(restoration.name)=\(restoration.peerURL)",
            "--initial-cluster-token=\(restoration.token)", "--initial-advertise-peer-urls=\(restoration.peerURL)",
        ]
        if let bump = restoration.revisionBump, bump > 0, bumpsRevisions(version) {
            arguments += ["--bump-revision=\(bump)", "--mark-compacted"]
        }
        return arguments
    }
}
