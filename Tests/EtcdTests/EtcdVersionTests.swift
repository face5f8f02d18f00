import Etcd
import Testing

@Suite struct EtcdVersionTests {
    @Test(arguments: [
        ("3.4.23", EtcdVersion(3, 4, 23)), ("v3.5.1", EtcdVersion(3, 5, 1)), ("3.10.0", EtcdVersion(3, 10, 0)),
        ("3.6.0-rc.1", EtcdVersion(3, 6, 0, preRelease: "rc.1")), ("3.5.0+git", EtcdVersion(3, 5, 0)),
        ("3.7.0-alpha.0+abc-d", EtcdVersion(3, 7, 0, preRelease: "alpha.0")),
    ])
    func readsAVersion(_ text: String, _ version: EtcdVersion) {
        #expect(EtcdVersion(text) == version)
    }

    @Test(arguments: [
        "", "3", "3.4", "3.4.", "3..4", "3.4.x", "3.4.2.1", "3.4.23-", "-1.2.3", "3.+4.5", "not_decided", "3.4.23 ",
        "99999999999999999999.0.0",
    ])
    func refusesWhatIsNoVersion(_ text: String) {
        #expect(EtcdVersion(text) == nil)
    }

    @Test(arguments: [
        ("etcd Version: 3.4.23\nGit SHA: Not provided\nGo Version: go1.19.8\nGo OS/Arch: linux/amd64\n", "3.4.23"),
        ("a warning first\netcd Version: 3.6.0-rc.0\nGit SHA: 1a2b3c\n", "3.6.0-rc.0"),
        ("etcd Version: 2.3.8\r\nGit SHA: 7e4fc7e\r\n", "2.3.8"),
    ])
    func readsWhatTheBinaryPrints(_ output: String, _ version: String) {
        #expect(EtcdVersion(versionOutput: output)?.description == version)
    }

    @Test(arguments: ["", "etcdctl version: 3.4.23\nAPI version: 3.4\n", "etcd Version:", "etcd Version: unknown\n"])
    func refusesWhatAnotherBinaryPrints(_ output: String) {
        #expect(EtcdVersion(versionOutput: output) == nil)
    }

    @Test func ordersAsSemanticVersionsAre() throws {
        // The chain of https://semver.org/#spec-item-11, among neighbours.
        let ascending = [
            "3.5.99", "3.6.0-alpha", "3.6.0-alpha.1", "3.6.0-alpha.beta", "3.6.0-beta", "3.6.0-beta.2",
            "3.6.0-beta.11", "3.6.0-rc.1", "3.6.0", "3.6.1", "3.10.0", "4.0.0-pre",
        ]
        let versions = try ascending.map { try #require(EtcdVersion($0)) }
        #expect(versions.reversed().sorted() == versions)
        for (index, version) in versions.enumerated() {
            #expect(versions.map { $0 < version } == versions.indices.map { $0 < index })
        }
    }

    @Test(arguments: [
        ("3.0.17", "/v3alpha"), ("3.2.32", "/v3alpha"), ("3.3.27", "/v3beta"), ("3.3.0-rc.4", "/v3beta"),
        ("3.4.0", "/v3"), ("3.4.23", "/v3"), ("3.6.0", "/v3"), ("4.0.0", "/v3"),
    ])
    func servesTheGatewayUnderThePathOfItsTime(_ text: String, _ prefix: String) throws {
        #expect(try #require(EtcdVersion(text)).gatewayPrefix == prefix)
    }
}
