/// From a launch to etcd's flags of membership. The words `new` and `existing` are written here and nowhere else.

extension Launch {
    /// etcd's flags `--name` and `--initial-*`, in a fixed order.
    ///
    /// A resume says `existing` although etcd ignores it beside a write-ahead log: should the log be gone by then, etcd
    /// fails for lack of peers, where `new` would found a cluster of one.
    package var arguments: [String] {
        var arguments = [
            "--name", identity.instance.rawValue,
            "--initial-advertise-peer-urls", identity.peerURL.description,
            "--initial-cluster", initialCluster.map(\.description).joined(separator: ","),
        ]
        switch kind {
        case .found(let token):
            arguments += ["--initial-cluster-state", "new", "--initial-cluster-token", token]
        case .resume, .join, .inspect, .force, .restore, .save:
            arguments += ["--initial-cluster-state", "existing"]
        }
        return arguments
    }
}
