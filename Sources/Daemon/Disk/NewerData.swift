/// Data that a newer etcd has run on, and an older one must not (F22).

import ClusterPlanning
import Etcd

extension EtcdVersion {
    /// As a stamp has it: releases that differ in the patch alone have one form of data.
    var minorText: String { "\(major).\(minor)" }

    /// Why an etcd of this version must not be started on data on which `newest` has run; nil: it may.
    ///
    /// etcd itself refuses only where the whole cluster has moved on, and some versions do so after they have begun to write.
    ///
    /// - Parameter newest: as a stamp has it; nil, or what is no such version, forbids nothing.
    func refusal(toFollow newest: String?) -> String? {
        guard let newest else { return nil }
        let numbers = newest.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        guard (self.major, self.minor) < (major, minor) else { return nil }
        return """
            etcd \(newest) has run on this data, and the program here is etcd \(self), which is older: install etcd \
            \(newest) or later, or set the data aside
            """
    }
}

extension EtcdAbilities {
    /// What every member can do. Where none tells its version, what most can.
    init(oldestOf versions: [EtcdVersion]) {
        self.init()
        guard !versions.isEmpty else { return }
        learnersAreSound = versions.allSatisfy(\.learnersAreSound)
        addsBesideDeadVoters = versions.allSatisfy(\.addsBesideDeadVoters)
    }
}
