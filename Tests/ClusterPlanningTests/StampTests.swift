import ClusterPlanning
import Testing

@Suite struct StampTests {
    static let us = identity(1)

    static let before: [(name: String, launch: Launch, stamp: Stamp?, expected: Stamp)] = [
        (
            "a founding is started and knows no IDs yet", Launch(.found(token: "t"), us, initialCluster: founders(1)),
            nil,
            Stamp(instance: 1, started: true)
        ),
        (
            "a founding forgets an entry of another cluster",
            Launch(.found(token: "t"), us, initialCluster: founders(1)),
            Stamp(instance: 1, cluster: 7, member: 9), Stamp(instance: 1, started: true)
        ),
        (
            "a join takes the IDs of its entry", Launch(.join(0xc1, 5), us, initialCluster: founders(1, 2)),
            Stamp(instance: 1, cluster: 0xc1, member: 5), Stamp(instance: 1, cluster: 0xc1, member: 5, started: true)
        ),
        (
            "a resume keeps what is known", Launch(.resume, us, initialCluster: founders(1)),
            Stamp(instance: 1, cluster: 0xc1, member: 5, started: true),
            Stamp(instance: 1, cluster: 0xc1, member: 5, started: true)
        ),
        (
            "a resume stamps data that has no stamp", Launch(.resume, us, initialCluster: founders(1)), nil,
            Stamp(instance: 1, started: true)
        ),
    ]

    @Test(arguments: before)
    func stampBeforeAStart(name: String, launch: Launch, stamp: Stamp?, expected: Stamp) {
        #expect(Stamp.before(launch, stamp: stamp) == expected, "\(name)")
    }

    @Test func aDirectoryKnowsTheClusterThatItIsToJoin() {
        #expect(Stamp.entering(0xc1, 1) == Stamp(instance: 1, cluster: 0xc1))
        #expect(Stamp.entering(0xc1, as: 7, 1) == Stamp(instance: 1, cluster: 0xc1, member: 7))
    }

    @Test func whatIsSetAsideIsNotForgotten() {
        #expect(
            Stamp.afterSettingAside(.removedFromCluster(0xc1), 1) == Stamp(instance: 1, cluster: 0xc1, started: true))
    }

    /// `started` is taken back only where etcd certainly never ran under its ID.
    @Test(arguments: [false, true], [false, true])
    func stampAfterAnEnd(isFirst: Bool, hasLog: Bool) {
        for hasAnswered in [false, true] {
            let stamp = Stamp(instance: 1, cluster: 0xc1, member: 5, started: true)
            let after = stamp.afterExit(isFirst: isFirst, hasLog: hasLog, hasAnswered: hasAnswered)
            #expect(after.started == !(isFirst && !hasLog && !hasAnswered))
            #expect(after.member == 5, "a start that failed is still meant for its entry")
        }
    }
}
