import AWS
import FoundationEssentials
import HTTP

// What signing and reading answers cost, as `name value unit` lines: the best of several runs, since on a shared machine
// only the fastest says something of the code.

/// The fastest of `runs` runs of `work`, in seconds.
func fastest(of runs: Int, _ work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    var best = Duration.seconds(Int64.max)
    for _ in 0..<runs { best = min(best, try clock.measure(work)) }
    return best / .seconds(1)
}

func report(_ name: String, _ value: Double, _ unit: String) {
    print("\(name) \(Int(value.rounded())) \(unit)")
}

func benchmarkSHA256() {
    let chunk = [UInt8](repeating: 0x5a, count: 1 << 20)
    let seconds = fastest(of: 5) {
        var hasher = SHA256()
        for _ in 0..<32 { hasher.update(chunk) }
        precondition(hasher.finalize().count == 32)
    }
    report("sha256", Double(32 * chunk.count) / 1e6 / seconds, "MB/s")
}

func benchmarkSigV4() throws {
    let signer = SigV4(region: "eu-central-1", service: "ec2")
    let credentials = Credentials(
        accessKeyID: "ASIAEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        sessionToken: Secret(String(repeating: "token/", count: 60)))
    let request = HTTPRequest(
        "POST", "https://ec2.eu-central-1.amazonaws.com/",
        headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
        body: .bytes(Array("Action=DescribeInstances&Version=2016-11-15&MaxResults=1000".utf8)))
    let count = 2000
    let seconds = try fastest(of: 5) {
        for second in 0..<count {
            let date = Date(timeIntervalSince1970: Double(second))
            let added = try signer.sign(request, with: credentials, at: date)
            precondition(added["Authorization"] != nil)
        }
    }
    report("sigv4", Double(count) / seconds, "signatures/s")
}

/// A page of DescribeInstances, cut down to what is looked up and a little more.
func instances(_ count: Int) -> [UInt8] {
    let items = (0..<count).map { number in
        """
        <item><instanceId>i-\(String(0x1000_0000 + number, radix: 16))</instanceId><imageId>ami-0abcdef</imageId>
        <instanceState><code>16</code><name>running</name></instanceState><privateIpAddress>10.0.0.1</privateIpAddress>
        <launchTime>2024-01-01T00:00:00.000Z</launchTime><tagSet><item><key>Name</key><value>a &amp; b</value></item>
        <item><key>aws:autoscaling:groupName</key><value>etcd-AppServerGroup</value></item></tagSet></item>
        """
    }
    return Array("<R xmlns=\"x\"><instancesSet>\(items.joined())</instancesSet></R>".utf8)
}

func benchmarkXML() throws {
    let page = instances(1000)
    let parsing = try fastest(of: 9) { _ = try XMLNode(parsing: page) }
    report("xml-parse", Double(page.count) / 1e6 / parsing, "MB/s")

    let reading = try fastest(of: 9) {
        var read = 0
        for item in try XMLNode(parsing: page).all("instancesSet", "item") {
            let texts = [
                try item.text("instanceId"), try item.text("instanceState", "name"), try item.text("privateIpAddress"),
            ]
            let tags = try item.all("tagSet", "item").map { (try $0.text("key"), try $0.text("value")) }
            read += texts.count + tags.count
        }
        precondition(read == 5000)
    }
    report("xml-read", Double(page.count) / 1e6 / reading, "MB/s")
}

benchmarkSHA256()
try benchmarkSigV4()
try benchmarkXML()
