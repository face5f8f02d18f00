/// Which version may follow which on the same data (F22), and what all members together can do.

import ClusterPlanning
import Etcd
import Testing

@testable import Daemon

@Suite struct NewerDataTests {
    @Test(arguments: [
        ("3.4.23", nil, false), ("3.4.23", "3.4", false), ("3.5.0", "3.4", false), ("3.6.0-rc.1", "3.5", false),
        ("3.4.99", "3.5", true), ("3.5.16", "3.6", true), ("3.9.0", "3.10", true), ("3.10.0", "3.9", false),
        ("3.6.0", "4.0", true), ("4.0.0", "3.6", false),
        ("3.4.23", "", false), ("3.4.23", "3", false), ("3.4.23", "3.5.1", false), ("3.4.23", "new.est", false),
        ("3.4.23", "3..5", false),
    ])
    func anOlderOneIsRefused(_ version: String, _ newest: String?, _ isRefused: Bool) throws {
        let refusal = try #require(EtcdVersion(version)).refusal(toFollow: newest)
        #expect((refusal != nil) == isRefused)
    }

    @Test func inWords() throws {
        let version = try #require(EtcdVersion("3.4.23"))
        #expect(version.minorText == "3.4")
        #expect(
            version.refusal(toFollow: "3.5") == """
                etcd 3.5 has run on this data, and the program here is etcd 3.4.23, which is older: install etcd 3.5 or \
                later, or set the data aside
                """)
    }

    @Test(arguments: [
        ([], true, false), (["3.4.23"], true, false), (["3.5.30", "3.6.11"], true, true),
        (["3.5.30", "3.4.23"], true, false), (["3.5.30", "3.5.19"], false, false),
    ])
    func theWeakestCounts(_ versions: [String], _ sound: Bool, _ beside: Bool) {
        let abilities = EtcdAbilities(oldestOf: versions.compactMap { EtcdVersion($0) })
        #expect(abilities == EtcdAbilities(learnersAreSound: sound, addsBesideDeadVoters: beside))
    }
}
