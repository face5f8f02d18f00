import Etcd
import Testing

@Suite struct EtcdAbilitiesTests {
    @Test(arguments: [
        // version, learners, sound ones, additions beside dead voters, updates that keep a learner one
        ("3.2.32", false, false, false, false),
        ("3.3.27", false, false, false, false),
        ("3.4.0", true, true, false, false),
        ("3.4.23", true, true, false, false),
        ("3.4.99", true, true, false, false),
        ("3.5.0", true, false, false, false),
        ("3.5.19", true, false, false, false),
        ("3.5.20", true, true, false, false),
        ("3.5.29", true, true, false, false),
        ("3.5.30", true, true, true, false),
        ("3.5.31", true, true, true, true),
        ("3.6.0-rc.1", true, true, false, false),
        ("3.6.10", true, true, false, false),
        ("3.6.11", true, true, true, false),
        ("3.6.12", true, true, true, true),
        ("3.7.0-alpha.0", true, true, true, true),
        ("4.0.0", true, true, true, true),
    ])
    func byVersion(_ text: String, _ learners: Bool, _ sound: Bool, _ beside: Bool, _ keeps: Bool) throws {
        let version = try #require(EtcdVersion(text))
        #expect(version.addsLearners == learners)
        #expect(version.learnersAreSound == sound)
        #expect(version.addsBesideDeadVoters == beside)
        #expect(version.updateKeepsLearners == keeps)
    }
}
