import ClusterPlanning
import Testing

@Suite struct EndpointTests {
    static let readable: [(text: String, canonical: String)] = [
        ("http://10.0.1.7:2380", "http://10.0.1.7:2380"),
        ("https://10.0.1.7:2380/", "https://10.0.1.7:2380"),
        ("HTTP://Node.Example.ORG:2380", "http://node.example.org:2380"),
        ("http://[fd00::7]:2380", "http://[fd00::7]:2380"),
        ("http://[FD00::7]:2380/", "http://[fd00::7]:2380"),
        ("https://[fe80::1%25eth0]:2380", "https://[fe80::1%25eth0]:2380"),
        ("http://etcd_1:65535", "http://etcd_1:65535"),
        ("http://10.0.1.7:02380", "http://10.0.1.7:2380"),
    ]

    @Test(arguments: readable)
    func onePlaceHasOneSpelling(text: String, canonical: String) throws {
        let endpoint = try #require(Endpoint(parsing: text))
        #expect(endpoint.description == canonical)
        #expect(Endpoint(parsing: canonical) == endpoint)
    }

    @Test(arguments: [
        "", "10.0.1.7:2380", "http://", "http://10.0.1.7", "http://10.0.1.7:", "http://:2380", "ftp://10.0.1.7:2380",
        "http://10.0.1.7:0", "http://10.0.1.7:65536", "http://10.0.1.7:-1", "http://10.0.1.7:+2380",
        "http://10.0.1.7:2380/path", "http://user@10.0.1.7:2380", "http://10.0.1.7:2380?a=b", "http://fd00::7:2380",
        "http://[fd00::7:2380", "http://[]:2380", "http://10.0.1.7:2380//", "unix://10.0.1.7:2380",
        "http:/10.0.1.7:2380",
        "http://10.0.1.7:99999999999999999999", "http://höst:2380", "http://10.0.1.7 :2380", "://10.0.1.7:2380",
    ])
    func whatIsNoSuchURLIsRefused(text: String) {
        #expect(Endpoint(parsing: text) == nil)
    }

    @Test(arguments: [
        ("10.0.1.7", true), ("255.255.255.255", true), ("10.0.1", false), ("10.0.1.256", false), ("10.0.1.7.8", false),
        ("fd00::7", false), ("node.example.org", false), ("10..1.7", false),
    ])
    func onlyFourSmallNumbersAreAnIPv4Address(host: String, expected: Bool) {
        #expect(Endpoint(.http, host, 2380).isIPv4 == expected)
    }

    @Test func schemeAndPortTellPlacesApart() {
        #expect(Endpoint(.http, "a", 1) != Endpoint(.https, "a", 1))
        #expect(Endpoint(.http, "a", 1) != Endpoint(.http, "a", 2))
        #expect(Endpoint(.http, "A", 1) == Endpoint(.http, "a", 1))
    }
}
