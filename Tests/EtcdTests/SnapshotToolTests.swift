import Etcd
import HTTP
import Testing

/// What etcd's own programs are called with and what they answer, by version, as lists to read.
@Suite struct SnapshotToolTests {
    static let restoration = SnapshotTool.Restoration(
        file: "/s.db", dataDirectory: "/d", name: "i-0a", peerURL: "http://10.0.0.1:2380", token: "t",
        revisionBump: 1000)
    static let restore = [
        "snapshot", "restore", "/s.db", "--data-dir=/d", "--name=i-0a", "--initial-cluster=i-0a=http://10.0.0.1:2380",
        "--initial-cluster-token=t", "--initial-advertise-peer-urls=http://10.0.0.1:2380",
    ]
    static let bump = ["--bump-revision=1000", "--mark-compacted"]

    @Test(
        arguments: [
            ("3.3.27", .etcdctl, true, []), ("3.4.20", .etcdctl, true, []), ("3.4.23", .etcdctl, true, []),
            ("3.4.26", .etcdctl, true, []), ("3.4.27", .etcdctl, true, bump), ("3.5.9", .etcdctl, true, []),
            ("3.5.10", .etcdctl, true, []), ("3.6.0-rc.1", .etcdctl, false, []), ("3.6.0", .etcdctl, false, []),
            ("3.4.27", .etcdutl, false, []), ("3.5.9", .etcdutl, true, []), ("3.5.10", .etcdutl, true, bump),
            ("3.6.0", .etcdutl, true, bump), ("3.7.0", .etcdutl, true, bump),
        ] as [(String, SnapshotTool, Bool, [String])])
    func whichProgramDoesWhat(_ text: String, _ tool: SnapshotTool, _ handlesFiles: Bool, _ more: [String]) throws {
        let version = try #require(EtcdVersion(text))
        #expect(tool.handlesFiles(version) == handlesFiles)
        #expect(tool.bumpsRevisions(version) == !more.isEmpty)
        let arguments = tool.restoreArguments(Self.restoration, version: version)
        #expect(arguments == Self.restore + more)
        #expect(!arguments.contains { $0.contains("skip-hash-check") })
        var plain = Self.restoration
        for none in [nil, 0] as [UInt64?] {
            plain.revisionBump = none
            #expect(tool.restoreArguments(plain, version: version) == Self.restore)
        }
    }

    @Test func whatTheOthersAreCalledWith() {
        #expect(SnapshotTool.statusArguments(of: "/s.db") == ["snapshot", "status", "/s.db", "--write-out=json"])
        let credentials = SnapshotTool.Credentials(caFile: "/ca", certificateFile: "/c", keyFile: "/k")
        let save = [
            "snapshot", "save", "/s.db", "--endpoints=https://10.0.0.1:2379", "--dial-timeout=5s",
            "--command-timeout=90s",
        ]
        #expect(SnapshotTool.saveArguments(endpoint: "https://10.0.0.1:2379", to: "/s.db", within: 90) == save)
        #expect(
            SnapshotTool.saveArguments(endpoint: "https://10.0.0.1:2379", to: "/s.db", within: 90, as: credentials)
                == save + ["--cacert=/ca", "--cert=/c", "--key=/k"])
        #expect(
            SnapshotTool.hashArguments(
                endpoint: "http://e", revision: 7, within: 60, as: SnapshotTool.Credentials(caFile: "/ca"))
                == [
                    "endpoint", "hashkv", "--rev=7", "--write-out=json", "--endpoints=http://e", "--dial-timeout=5s",
                    "--command-timeout=60s", "--cacert=/ca",
                ])
    }

    @Test(
        arguments: [
            (.etcdctl, nil, true), (.etcdctl, "3.3.27", true), (.etcdctl, "3.4.0", false), (.etcdctl, "3.6.0", false),
            (.etcdutl, nil, false), (.etcdutl, "3.5.0", false),
        ] as [(SnapshotTool, String?, Bool)])
    func onlyOldOnesAreToldTheAPI(_ tool: SnapshotTool, _ version: String?, _ isTold: Bool) {
        let environment = tool.environment(for: version.flatMap { EtcdVersion($0) })
        #expect(environment == (isTold ? ["ETCDCTL_API": "3"] : [:]))
    }

    @Test(
        arguments: [
            (.etcdctl, "etcdctl version: 3.3.27\nAPI version: 3.3\n", "3.3.27"),
            (.etcdctl, "etcdctl version: 3.4.23\nAPI version: 3.4\n", "3.4.23"),
            (.etcdutl, "etcdutl version: 3.6.0-rc.1\r\nAPI version: 3.6\r\n", "3.6.0-rc.1"),
            (.etcdctl, "etcdutl version: 3.5.9\nAPI version: 3.5\n", nil),
            (.etcdutl, "etcd Version: 3.5.9\n", nil), (.etcdctl, "etcdctl version: new\n", nil), (.etcdctl, "", nil),
            (.etcdctl, "No help topic for 'version'", nil),
        ] as [(SnapshotTool, String, String?)])
    func theirVersions(_ tool: SnapshotTool, _ output: String, _ version: String?) {
        #expect(tool.version(inOutput: output)?.description == version)
    }

    @Test func statusIsReadStrictly() throws {
        let old = #"{"hash":358305411,"revision":7,"totalKey":12,"totalSize":20480}"#
        let status = SnapshotStatus(hash: 358_305_411, revision: 7, totalKey: 12, totalSize: 20480)
        #expect(try SnapshotStatus(json: Array(old.utf8)) == status)
        let new = #"{"hash":1,"revision":7,"totalKey":12,"totalSize":20480,"version":"3.6.0"}"#
        #expect(try SnapshotStatus(json: Array(new.utf8)).version == "3.6.0")
        let unnamed = #"{"hash":1,"revision":7,"totalKey":12,"totalSize":20480,"version":""}"#
        #expect(try SnapshotStatus(json: Array(unnamed.utf8)).version == nil)
    }

    @Test(arguments: [
        "", "{}", "[]", "358305411, 7, 12, 20 kB", #"{"hash":1,"revision":7,"totalKey":12}"#,
        #"{"hash":-1,"revision":7,"totalKey":12,"totalSize":20480}"#,
        #"{"hash":1,"revision":-7,"totalKey":12,"totalSize":20480}"#,
        #"{"hash":1,"revision":7,"totalKey":-1,"totalSize":20480}"#,
        #"{"hash":1,"revision":7,"totalKey":12,"totalSize":0}"#,
        #"{"hash":1,"revision":7.5,"totalKey":12,"totalSize":20480}"#,
        #"{"hash":4294967296,"revision":7,"totalKey":12,"totalSize":20480}"#,
        #"{"hash":1,"revision":"7","totalKey":12,"totalSize":20480}"#,
        #"{"hash":1,"revision":7,"totalKey":12,"totalSize":20480} more"#,
    ])
    func whatIsNoStatusIsRefused(_ json: String) {
        #expect(throws: ToolOutputError.self) { try SnapshotStatus(json: Array(json.utf8)) }
    }

    @Test func hashesAreReadStrictly() throws {
        let header = #""header":{"cluster_id":17064401624602276120,"member_id":3,"revision":7,"raft_term":2}"#
        func read(_ json: String) throws -> EtcdHashKV { try EtcdHashKV(json: Array(json.utf8)) }
        let one = #"{"Endpoint":"http://e","HashKV":{\#(header),"hash":4269135540,"compact_revision":4}}"#
        #expect(
            try read("[\(one)]") == EtcdHashKV(hash: 4_269_135_540, compactRevision: 4, currentRevision: 7))
        let later = #"[{"HashKV":{\#(header),"hash":1,"compact_revision":-1,"hash_revision":6}}]"#
        #expect(try read(later) == EtcdHashKV(hash: 1, compactRevision: -1, currentRevision: 7))
        for other in ["", "[]", "{}", "[\(one),\(one)]", #"[{"Endpoint":"http://e"}]"#, #"[{"HashKV":{"hash":1}}]"#] {
            #expect(throws: ToolOutputError.self, "\(other)") { try read(other) }
        }
    }
}

/// What the installed programs make of these arguments.
@Suite(.needsEtcd) struct SnapshotToolsOfEtcdTests {
    @Test func keysAreCountedNowAndThen() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            #expect(try await member.client.keyCount() == 0)
            for key in ["YQ==", "Yg==", "AA==", "//8=", "YQ=="] {
                try await member.post("/v3/kv/put", #"{"key":"\#(key)","value":"dg=="}"#)
            }
            #expect(try await member.client.keyCount() == 4)
            #expect(try await member.client.keyCount(revision: 3) == 2)
            #expect(try await member.client.status().revision == 6)
            try await member.post("/v3/kv/compaction", #"{"revision":"5","physical":true}"#)
            #expect(try await refusal { _ = try await member.client.keyCount(revision: 3) }.isCompacted)
            #expect(try await member.client.keyCount(revision: 5) == 4)
        }
    }

    @Test func etcdctlHashesWhatTheGatewayDoesNot() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            for value in ["MQ==", "Mg==", "Mw=="] {
                try await member.post("/v3/kv/put", #"{"key":"YQ==","value":"\#(value)"}"#)
            }
            let version = try #require(SnapshotTool.etcdctl.version(inOutput: try await run("etcdctl", "version")))
            #expect(version == RealEtcd.version)
            func hash(_ revision: Int64) async throws -> EtcdHashKV {
                let arguments = SnapshotTool.hashArguments(
                    endpoint: member.urls.client, revision: revision, within: 10)
                return try EtcdHashKV(json: Array(try runBlocking(["etcdctl"] + arguments).utf8))
            }
            let last = try await hash(0)
            #expect(last.currentRevision == 4)
            #expect(try await hash(4) == last)
            #expect(try await hash(3).hash != last.hash)
        }
    }
}

extension EtcdProcess {
    fileprivate func post(_ path: String, _ body: String) async throws {
        let request = HTTPRequest(
            "POST", urls.client + path, headers: ["Content-Type": "application/json"], body: .bytes(Array(body.utf8)))
        let answer = try await http.send(request, deadline: .seconds(10))
        try #require(answer.status == 200, "\(answer.text)")
    }
}
