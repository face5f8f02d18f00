import Etcd
import Testing

/// One endpoint under two spellings was two members to older tools (F13b, F46).
@Suite struct CanonicalURLTests {
    @Test(arguments: [
        ("http://10.0.0.1:2380", "http://10.0.0.1:2380"),
        ("HTTPS://ETCD-1.Example.COM:2380", "https://etcd-1.example.com:2380"),
        ("http://etcd-1.example.com.:2380/", "http://etcd-1.example.com:2380"),
        ("http://etcd_1:02380", "http://etcd_1:2380"),
        ("http://[2001:DB8:0:0:0:0:0:1]:2380", "http://[2001:db8::1]:2380"),
        ("http://[2001:db8::0001]:2380/", "http://[2001:db8::1]:2380"),
        ("http://[::FFFF:10.0.0.1]:2380", "http://10.0.0.1:2380"),
        ("http://[::ffff:a00:1]:2380", "http://10.0.0.1:2380"),
        ("http://[::1]:65535", "http://[::1]:65535"),
    ])
    func spellsAnEndpointInOneWay(_ given: String, _ canonical: String) throws {
        #expect(try canonicalURL(given) == canonical)
        #expect(try canonicalURL(canonical) == canonical)
    }

    @Test(arguments: [
        ("", EtcdURLError.Reason.scheme), ("10.0.0.1:2380", .scheme), ("unix://a:1", .scheme), ("://a:1", .scheme),
        ("http:/a:1", .scheme), ("localhost:2380", .scheme), ("ftp://a:1", .scheme),
        ("http://a", .port), ("http://a:", .port), ("http://a:0", .port), ("http://a:65536", .port),
        ("http://a:+1", .port), ("http://a:-1", .port), ("http://a:1x", .port), ("http://[::1]", .port),
        ("http://a:1:2", .port), ("http://2001:db8::1:2380", .host),
        ("http://:2380", .host), ("http://.:1", .host), ("http://a..b:1", .host), ("http://-a:1", .host),
        ("http://a b:1", .host), ("http://a%41:1", .host), ("http://ä:1", .host), ("http://[::1:1", .host),
        ("http://[::1]x:1", .host), ("http://[fe80::1%25eth0]:1", .host), ("http://[]:1", .host),
        ("http://[10.0.0.1]:1", .host), ("http://10.0.0.256:1", .host), ("http://010.0.0.1:1", .host),
        ("http://10.1:1", .host), ("http://10.0.0.1.:1", .host), ("http://\0:1", .host),
        ("http://a:1/b", .path), ("http://a:1//", .path), ("http://a:1?", .path), ("http://a:1#b", .path),
        ("http://u:p@a:1", .userInformation), ("ftp://u:p@a", .userInformation),
    ])
    func refusesWhatIsNoEndpoint(_ url: String, _ reason: EtcdURLError.Reason) throws {
        let error = try #require(throws: EtcdURLError.self) { try canonicalURL(url) }
        #expect(error.reason == reason)
    }

    @Test(arguments: ["http://root:hunter2@10.0.0.1:2380", "root:hunter2@10.0.0.1", "http://a:1/?p=root:hunter2@b"])
    func doesNotRepeatAPassword(_ url: String) throws {
        let error = try #require(throws: EtcdURLError.self) { try canonicalURL(url) }
        #expect(!error.description.contains("hunter2"))
    }
}
