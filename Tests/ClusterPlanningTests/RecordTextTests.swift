/// The record as text: what it looks like, that nothing is lost on the way there and back, and that nothing else is taken for one.

import ClusterPlanning
import Testing

private let peer = Endpoint(.http, "10.0.1.7", 2380)

private let example = ClusterRecord(
    owner: "arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/my group", generation: 2,
    token: "main-2-x", source: .member(MemberID(0x8e9e_05c5)),
    start: [.init(InstanceID("i-0a"), peer, disk: DiskID("m-0c"))],
    voters: [
        .init(InstanceID("i-0a"), peer, disk: DiskID("m-0c")),
        .init(InstanceID("i-0b"), Endpoint(.https, "fd00::7", 2380), disk: DiskID("0d"), isJoining: true),
    ],
    former: [.init(.init(InstanceID("i-09"), Endpoint(.http, "10.0.1.6", 2380), disk: nil), generation: 1)],
    gone: [
        .init(
            DiskID("0e"), evidence: "EC2 says: terminated, 100 %", time: "2026-01-31T12:00:00Z",
            teller: "Jane Doe | on call")
    ], changes: 7)

private let exampleText = """
    version=1 owner=arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:u:autoScalingGroupName/my%20group generation=2 \
    changes=7 token=main-2-x source=member:8e9e05c5 start=i-0a=http://10.0.1.7:2380#m-0c \
    voters=i-0a=http://10.0.1.7:2380#m-0c,+i-0b=https://[fd00::7]:2380#0d former=i-09=http://10.0.1.6:2380#?@1 \
    gone=0e|2026-01-31T12:00:00Z|Jane+Doe+%7C+on+call|EC2+says:+terminated%2C+100+%25
    """

/// The smallest record, and what a test puts in a field's place.
private func text(_ changes: [String: String] = [:]) -> String {
    let fields = [
        ("version", "1"), ("owner", "o"), ("generation", "1"), ("changes", "1"), ("token", "t"), ("source", "empty"),
        ("start", ""), ("voters", ""), ("former", ""), ("gone", ""),
    ]
    return fields.map { "\($0)=\(changes[$0] ?? $1)" }.joined(separator: " ")
}

@Suite struct RecordTextTests {
    @Test func aPersonCanReadIt() throws {
        #expect(try example.text() == exampleText)
        #expect(try ClusterRecord(parsing: exampleText) == example)
    }

    @Test(arguments: [
        ClusterRecord.Source.empty, .snapshot("backups/main/3-8e9e-100-2026-01-31T12:00:00Z.db"), .snapshot("a b,c=ä"),
        .member(MemberID(.max)), .member(MemberID(0)),
    ])
    func everySourceComesBack(_ source: ClusterRecord.Source) throws {
        let record = ClusterRecord(owner: "o", generation: 1, token: "t", source: source)
        #expect(try ClusterRecord(parsing: record.text()) == record)
    }

    /// Whoever looks at it in an editor leaves a line feed behind, or breaks the line.
    @Test(arguments: ["\(text())\n", text().split(separator: " ").joined(separator: "\r\n"), "  \(text())  "])
    func blanksBetweenFieldsMeanNothing(_ text: String) throws {
        #expect(
            try ClusterRecord(parsing: text) == ClusterRecord(owner: "o", generation: 1, token: "t", source: .empty))
    }

    static let refused: [(text: String, because: String)] = [
        ("", "no record of etcd-cluster: ''"),
        ("heritage=external-dns", "no record of etcd-cluster: 'heritage=external-dns'"),
        ("x\u{0}ä" + text(), "no record of etcd-cluster: 'x??version=1 owner=o generation=1"),
        (text(["version": "2"]), "of version 2, which is another etcd-cluster's: this one reads 1"),
        ("version=3 members={}", "of version 3, which is another etcd-cluster's: this one reads 1"),
        (text(["version": ""]), "of version , which is another"),
        (text(["owner": ""]), "owner is empty"),
        (text(["owner": "a,b"]), "'a,b' in owner: a character that has to be escaped"),
        (text(["owner": "%4"]), "'%4' in owner: % begins no escape"),
        (text(["owner": "%GG"]), "'%GG' in owner: % begins no escape"),
        (text(["owner": "%FF"]), "'%FF' in owner: not UTF-8"),
        (text(["owner": "%C0%80"]), "'%C0%80' in owner: not UTF-8"),
        (text(["generation": "0"]), "generation=0 is no number above zero"),
        (text(["generation": "+1"]), "generation=+1 is no number above zero"),
        (text(["generation": "-1"]), "generation=-1 is no number above zero"),
        (text(["generation": "99999999999999999999"]), "generation=99999999999999999999 is no number above zero"),
        (text(["changes": "one"]), "changes=one is no number above zero"),
        (text(["token": ""]), "token is empty"),
        (text(["source": ""]), "source= is neither empty nor snapshot:KEY nor member:ID"),
        (text(["source": "snapshot:"]), "source=snapshot: is neither"),
        (text(["source": "member:"]), "source=member: is neither"),
        (text(["source": "member:-1"]), "source=member:-1 is neither"),
        (text(["source": "member:10000000000000000"]), "source=member:10000000000000000 is neither"),
        (text(["start": ","]), "'' is no entry: instance=peerURL#disk"),
        (text(["voters": "i-1"]), "'i-1' is no entry"),
        (text(["voters": "i-1=http://10.0.0.1:2380"]), "'i-1=http://10.0.0.1:2380' is no entry"),
        (text(["voters": "i-1=http://10.0.0.1:2380#"]), "is no entry"),
        (text(["voters": "i-1=http://10.0.0.1:2380#a#b"]), "is no entry"),
        (text(["voters": "i-1=http://10.0.0.1#a"]), "is no entry"),
        (text(["voters": "=http://10.0.0.1:2380#a"]), "is no entry"),
        (text(["voters": "++i-1=http://10.0.0.1:2380#a"]), "'+i-1' in an instance: a character that has to be"),
        (text(["voters": "i-1=http://10.0.0.1:2380#a@1"]), "'a@1' in a disk: a character that has to be escaped"),
        (text(["former": "i-1=http://10.0.0.1:2380#a"]), "is no former entry: instance=peerURL#disk@generation"),
        (text(["former": "i-1=http://10.0.0.1:2380#a@"]), "is no former entry"),
        (text(["former": "i-1=http://10.0.0.1:2380#a@b"]), "is no former entry"),
        (text(["gone": "a|b|c"]), "'a|b|c' is no lost disk: disk|time|teller|evidence"),
        (text(["gone": "|b|c|d"]), "'|b|c|d' is no lost disk"),
        (text() + " gone=", "nothing has to stand where 'gone=' is"),
        (text() + " x", "nothing has to stand where 'x' is"),
        (text().replacing("owner=o ", with: ""), "owner= has to stand where 'generation=1' is"),
        (text().replacing(" gone=", with: ""), "it ends where gone= has to stand"),
        (text(["owner": String(repeating: "x", count: 70_000)]), "longer than 65536 bytes"),
    ]

    @Test(arguments: refused) func anythingElseIsRefusedAndTold(_ text: String, because: String) {
        let error = #expect(throws: RecordTextError.self) { try ClusterRecord(parsing: text) }
        #expect(error?.description.contains(because) == true, "\(error?.description ?? "")")
        #expect((error?.description.utf8.count ?? 0) < 250)
    }

    /// A text that nobody could read would stop everybody.
    @Test func whatCouldNotBeReadBackIsNotWritten() {
        var record = example
        record.voters[0].instance = InstanceID("")
        #expect(throws: RecordTextError.self) { try record.text() }
        record = example
        record.voters[0].peerURL = Endpoint(.http, "10.0.0.1,x", 2380)
        #expect(throws: RecordTextError.self) { try record.text() }
        record = example
        record.generation = 0
        #expect(throws: RecordTextError.self) { try record.text() }
        record = example
        record.voters.reverse()
        #expect(throws: RecordTextError.self) { try record.text() }
    }

    /// Route 53 takes 4000 characters in a value; its quotes and blanks are two and one for every 255.
    @Test func nineVotersNineFormerAndNineStartersFit() throws {
        let arn =
            "arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:01234567-89ab-cdef-0123-456789abcdef:"
            + "autoScalingGroupName/production-etcd-AppServerGroup-1ABCDEFGHIJKL"
        func entry(_ number: Int) -> ClusterRecord.Entry {
            .init(
                InstanceID("i-0123456789abcde\(number + 10)"), Endpoint(.https, "10.123.123.\(100 + number)", 2380),
                disk: DiskID("m-0123456789abcd\(number + 10)"))
        }
        let disks = (0..<9).map(entry)
        let record = ClusterRecord(
            owner: arn, generation: 100, token: "production-100-0123456789abcdef", source: .member(MemberID(.max)),
            start: disks, voters: disks, former: (9..<18).map { .init(entry($0), generation: 99) },
            gone: (9..<18).map { number in
                .init(
                    DiskID("m-0123456789abcd\(number + 10)"), evidence: "EC2 says that it is terminated",
                    time: "2026-01-31T12:00:00Z", teller: "i-0123456789abcdef0")
            }, changes: 100_000)
        let length = try record.text().utf8.count
        let quoted = length + 3 * (length / 255 + 1)
        #expect(quoted < 3300, "\(quoted)")
        var withoutLosses = record
        withoutLosses.gone = []
        #expect(try withoutLosses.text().utf8.count < 2400)
    }
}

// MARK: Random records and texts

extension RecordTextTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func everyRecordComesBackAsItWas(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<250 {
            let record = random.record()
            let text = try record.text()
            #expect(try ClusterRecord(parsing: text) == record)
            #expect(text.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(text)")
        }
    }

    /// Whatever the text: an error, or a record that can be written and read again.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func damagedTextsNeverTrap(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<500 {
            let damaged = random.damaged(random.below(2) == 0 ? exampleText : try random.record().text())
            do throws(RecordTextError) {
                let record = try ClusterRecord(parsing: damaged)
                accepted += 1
                #expect(try ClusterRecord(parsing: record.text()) == record, "\(damaged)")
            } catch {
                refused += 1
                #expect(!error.description.isEmpty && error.description.utf8.count < 250)
            }
        }
        #expect(accepted > 5 && refused > 100, "\(accepted) \(refused)")
    }

    @Test func noiseIsNoRecord() {
        var random = SplitMix64(seed: 9)
        for _ in 0..<500 {
            let noise = String(decoding: (0..<random.below(200)).map { _ in random.byte() }, as: UTF8.self)
            #expect(throws: RecordTextError.self) { try ClusterRecord(parsing: noise) }
            // Behind a good beginning, too.
            #expect(throws: RecordTextError.self) { try ClusterRecord(parsing: "version=1 owner=\(noise)") }
        }
    }
}

extension SplitMix64 {
    fileprivate mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
    fileprivate mutating func byte() -> UInt8 { UInt8.random(in: .min ... .max, using: &self) }
    fileprivate mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

    /// Any text, of at least `shortest` characters: with every mark that means something in a record.
    fileprivate mutating func word(_ shortest: Int = 1) -> String {
        let marks: [Character] = [
            "a", "Z", "0", "-", " ", "+", "=", ",", "#", "@", "?", "|", "%", "\"", "\\", "\n", "\r\n", "\u{0}", "ä",
            "e\u{301}",
            "\u{301}", "😀", "/", ":", "'",
        ]
        return String((0..<shortest + below(6)).map { _ in pick(marks) })
    }

    private mutating func entry() -> ClusterRecord.Entry {
        let hosts = ["10.0.0.1", "fd00::7", "fe80::1%eth0", "ip-10-0-0-1.ec2.internal", "x_y"]
        return .init(
            InstanceID(below(3) == 0 ? word() : "i-\(below(20))"),
            Endpoint(pick([.http, .https]), pick(hosts), 1 + below(65535)),
            disk: below(3) == 0 ? nil : DiskID(below(3) == 0 ? word() : "m-\(below(20))"), isJoining: below(3) == 0)
    }

    private mutating func entries() -> [ClusterRecord.Entry] { (0..<below(4)).map { _ in entry() } }

    fileprivate mutating func record() -> ClusterRecord {
        let sources: [ClusterRecord.Source] = [.empty, .snapshot(word()), .member(MemberID(next()))]
        return ClusterRecord(
            owner: word(), generation: 1 + below(1000), token: word(), source: pick(sources), start: entries(),
            voters: entries(), former: entries().map { .init($0, generation: below(1000)) },
            gone: (0..<below(3)).map { _ in
                .init(DiskID(word()), evidence: word(0), time: word(0), teller: word(0))
            }, changes: 1 + below(1000))
    }

    /// One to three changes: bytes changed, cut out, repeated, or a mark put in.
    fileprivate mutating func damaged(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for _ in 0...below(3) where !bytes.isEmpty {
            let start = below(bytes.count)
            let end = min(bytes.count, start + 1 + below(30))
            switch below(6) {
            case 0: bytes[start] = byte()
            case 1: bytes[start] ^= 1 << UInt8(below(8))
            case 2: bytes.removeSubrange(start..<end)
            case 3: bytes.insert(contentsOf: bytes[start..<end], at: end)
            case 4:
                bytes.insert(
                    contentsOf: pick(["=", ",", "#", "@", "+", "|", "%", " ", "\n", "version=1"]).utf8, at: start)
            default: bytes[start] = UInt8(ascii: "a") + UInt8(below(26))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
