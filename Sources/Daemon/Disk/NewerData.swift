/// Data that a newer etcd has run on, and an older one must not (F22).

import ClusterPlanning
import Etcd

/// Why an etcd of this version must not be started on data with this stamp; nil: it may. etcd itself refuses only some of
/// the cases, and others after it has begun to write.
func refusal(toRun version: EtcdVersion, on stamp: Stamp) -> String? {
    guard let newest = stamp.etcdVersion, let series = Series(newest), Series(version) < series else { return nil }
    return """
        etcd \(newest) has run on this data, and the program here is etcd \(version), which is older: install etcd \(newest) \
        or later, or set the data aside
        """
}

extension Stamp {
    /// What the stamp has to say once an etcd of this version has run. The newest one counts, whatever ran since.
    func noting(_ version: EtcdVersion) -> Stamp {
        var next = self
        let series = Series(version)
        if let known = etcdVersion.flatMap({ Series($0) }), series < known { return next }
        next.etcdVersion = series.description
        return next
    }
}

/// Releases that share one form of data: `3.5`.
private struct Series: Comparable, CustomStringConvertible {
    var major: Int
    var minor: Int

    init(_ version: EtcdVersion) { (major, minor) = (version.major, version.minor) }

    /// Nil where it is none: what can't be compared forbids nothing.
    init?(_ text: String) {
        let numbers = text.split(separator: ".").map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        (self.major, self.minor) = (major, minor)
    }

    static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
    var description: String { "\(major).\(minor)" }
}
