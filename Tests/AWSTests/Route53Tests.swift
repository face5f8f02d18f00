import HTTP
import Testing

@testable import AWS

struct Route53Tests {
    let zone = Route53.ZoneID("/hostedzone/Z0PRIVATE")
    let kit = OperationTests()

    @Test func findsTheZonesOfOneName() throws {
        let operation = Operation.listHostedZones(named: "Example.org")
        #expect(try kit.sent(operation) == "GET /2013-04-01/hostedzonesbyname?dnsname=Example.org")
        let page = try kit.read(operation, "ListHostedZonesByName.xml")
        // Two zones share the name (F42); what follows them in the alphabet is not asked for.
        #expect(page.items.map(\.id.text) == ["Z0PUBLIC", "Z0PRIVATE"])
        #expect(page.items.map(\.isPrivate) == [false, true])
        #expect(page.items.map(\.name) == ["example.org.", "example.org."])
        #expect(page.next == nil)
    }

    @Test func goesOnWhileZonesOfTheNameFollow() throws {
        let operation = Operation.listHostedZones(named: "zzz.example.org")
        let page = try kit.read(operation, "ListHostedZonesByName.xml")
        #expect(page.items.isEmpty)
        #expect(
            try kit.following(page, of: operation)
                == "GET /2013-04-01/hostedzonesbyname?dnsname=zzz.example.org.&hostedzoneid=Z0LATER")
    }

    @Test func readsAZone() throws {
        let operation = Operation.getHostedZone(zone)
        #expect(try kit.sent(operation) == "GET /2013-04-01/hostedzone/Z0PRIVATE")
        #expect(
            try kit.read(operation, "GetHostedZone.xml")
                == Route53.HostedZone(id: zone, name: "example.org.", isPrivate: true))
    }

    @Test func encodesWhateverIsGivenAsAZoneID() throws {
        #expect(try kit.sent(.getHostedZone(Route53.ZoneID("Z1?a=b"))) == "GET /2013-04-01/hostedzone/Z1%3Fa%3Db")
    }

    @Test func listsRecordSets() throws {
        let operation = Operation.listRecordSets(in: zone)
        #expect(try kit.sent(operation) == "GET /2013-04-01/hostedzone/Z0PRIVATE/rrset?maxitems=300")
        let page = try kit.read(operation, "ListResourceRecordSets.xml")
        #expect(
            page.items == [
                Route53.RecordSet(name: "main.example.org.", type: "A", ttl: 60, values: ["10.0.1.7", "10.0.2.9"]),
                Route53.RecordSet(
                    name: "_etcd-cluster.main.example.org.", type: "TXT", ttl: 60,
                    values: [#""owner=a&b" "\042second\042""#]),
                Route53.RecordSet(
                    name: "_etcd-server._tcp.main.example.org.", type: "SRV", ttl: 60,
                    values: ["1 1 2380 i-0123456789abcdef0.main.example.org"]),
                Route53.RecordSet(
                    name: "*.main.example.org.", type: "CNAME", ttl: 300, values: ["elsewhere.example.org"],
                    setIdentifier: "blue"),
                Route53.RecordSet(
                    name: "www.main.example.org.", type: "A", ttl: nil, values: [],
                    aliasTarget: "dualstack.lb-1.eu-central-1.elb.amazonaws.com."),
            ])
        #expect(
            try kit.following(page, of: operation)
                == "GET /2013-04-01/hostedzone/Z0PRIVATE/rrset?maxitems=300&name=%5C052.xyz.main.example.org."
                + "&type=CNAME&identifier=blue")
    }

    @Test func listsOnlyWhatIsBelowAName() throws {
        let operation = Operation.listRecordSets(in: zone, under: "main.example.org")
        #expect(
            try kit.sent(operation)
                == "GET /2013-04-01/hostedzone/Z0PRIVATE/rrset?maxitems=300&name=main.example.org")
        let page = try kit.read(operation, "ListResourceRecordSets.xml")
        #expect(page.items.count == 5)
        #expect(
            try kit.following(page, of: operation)
                == "GET /2013-04-01/hostedzone/Z0PRIVATE/rrset?maxitems=300&name=%5C052.xyz.main.example.org."
                + "&type=CNAME&identifier=blue")
        let narrow = try kit.read(
            .listRecordSets(in: zone, under: "_tcp.main.example.org."), "ListResourceRecordSets.xml")
        #expect(narrow.items.map(\.type) == ["SRV"])
        #expect(narrow.next == nil)
    }

    @Test func changesRecordSets() throws {
        let old = Route53.RecordSet(name: "_r.example.org", type: "TXT", ttl: 60, values: [#""a<b>&"c""#])
        let new = Route53.RecordSet(name: "_r.example.org", type: "TXT", ttl: 60, values: [#""x""#, "'\r\n'"])
        let operation = Operation.changeRecordSets(
            [Route53.Change(.delete, old), Route53.Change(.create, new)], in: zone, comment: "swap <1> & 2")
        let body = """
            <?xml version="1.0" encoding="UTF-8"?>
            <ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>\
            <Comment>swap &lt;1&gt; &amp; 2</Comment><Changes>\
            <Change><Action>DELETE</Action><ResourceRecordSet><Name>_r.example.org</Name><Type>TXT</Type><TTL>60</TTL>\
            <ResourceRecords><ResourceRecord><Value>&quot;a&lt;b&gt;&amp;&quot;c&quot;</Value></ResourceRecord>\
            </ResourceRecords></ResourceRecordSet></Change>\
            <Change><Action>CREATE</Action><ResourceRecordSet><Name>_r.example.org</Name><Type>TXT</Type><TTL>60</TTL>\
            <ResourceRecords><ResourceRecord><Value>&quot;x&quot;</Value></ResourceRecord>\
            <ResourceRecord><Value>'&#13;\n'</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>\
            </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>
            """
        #expect(try kit.sent(operation) == "POST /2013-04-01/hostedzone/Z0PRIVATE/rrset/ " + body)
        #expect(
            try kit.read(operation, "ChangeResourceRecordSets.xml")
                == Route53.ChangeInfo(id: "/change/C2682N5HXP0BZ4", status: "PENDING"))
        // What was written is what an XML reader sees.
        let request = try XMLNode(parsing: Array(body.utf8))
        let changes = try request.all("ChangeBatch", "Changes", "Change")
        let sets = try changes.map { try Route53.RecordSet($0.child("ResourceRecordSet")) }
        #expect(sets == [old, new])
    }

    @Test(arguments: [
        ([Route53.Change.Action.upsert], true), ([.upsert, .upsert], true), ([.create], false), ([.delete], false),
        ([.upsert, .delete], false),
    ])
    func repeatsOnlyUpserts(actions: [Route53.Change.Action], isIdempotent: Bool) {
        let set = Route53.RecordSet(name: "a.example.org", type: "A", ttl: 60, values: ["10.0.0.1"])
        let operation = Operation.changeRecordSets(
            actions.map { Route53.Change($0, set) }, in: zone, comment: "")
        #expect(operation.isIdempotent == isIdempotent)
    }

    @Test(arguments: [
        (#"\052.example.org."#, "*.example.org."), (#"a\100b.org."#, "a@b.org."), (#"a\056b.org."#, #"a\056b.org."#),
        (#"a\134b.org."#, #"a\134b.org."#), (#"a\040b.org."#, #"a\040b.org."#), (#"a\344b.org."#, #"a\344b.org."#),
        (#"a\05"#, #"a\05"#), (#"a\0x2b"#, #"a\0x2b"#), (#"a\+52b"#, #"a\+52b"#), ("plain.org.", "plain.org."),
        (#"\052"#, "*"),
    ])
    func resolvesOctalEscapes(escaped: String, resolved: String) {
        #expect(DNSEscapes.resolve(escaped) == resolved)
    }

    @Test(arguments: [
        ("example.org", "example.org.", true), ("example.org.", "a.EXAMPLE.org", true),
        ("example.org", "b.a.example.org.", true), ("example.org", "badexample.org", false),
        ("a.example.org", "example.org", false), ("example.org", "example.org.evil", false),
    ])
    func knowsWhatIsBelowAName(ancestor: String, name: String, isBelow: Bool) {
        #expect(DNSName.contains(ancestor, name) == isBelow)
    }

    @Test(arguments: [
        ("main.example.org", "main.example.org.", false), ("main.example.org", "a.MAIN.example.org.", false),
        ("main.example.org.", "main-x.example.org.", false), ("main.example.org", "next.example.org.", true),
        ("main.example.org", "example.org.", true),
    ])
    func knowsWhereAListHasLeftAName(ancestor: String, next: String, isPast: Bool) {
        #expect(DNSName.isPast(ancestor, next) == isPast)
    }
}
