import Foundation
import HTTP
import StubServer
import Testing

/// The environment belongs to the whole process, so each of these runs in a process of its own.
@Suite struct ProxyTests {
    @Test func theEnvironmentsProxyIsUsed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try StubServer { request in .text("proxied \(request.target)") }
            setenv("http_proxy", proxy.url, 1)
            let client = CurlClient(loop: try CurlLoop(), proxy: .environment)
            let request = HTTPRequest("GET", "http://origin.invalid/a?b")
            #expect(try await client.send(request, deadline: patience).text == "proxied http://origin.invalid/a?b")
        }
    }

    @Test func noProxyNamesAreReachedDirectly() async {
        await #expect(processExitsWith: .success) {
            let proxy = try StubServer { _ in .text("proxied") }
            let origin = try StubServer(address: "127.77.1.1") { _ in .text("direct") }
            setenv("http_proxy", proxy.url, 1)
            let client = CurlClient(loop: try CurlLoop(), proxy: .environment)
            #expect(try await client.send(HTTPRequest("GET", origin.url), deadline: patience).text == "proxied")
            setenv("no_proxy", "169.254.169.254,127.77.1.1", 1)
            #expect(try await client.send(HTTPRequest("GET", origin.url), deadline: patience).text == "direct")
        }
    }

    /// Peers and the metadata service can't be reached through any proxy.
    @Test func withoutProxiesTheEnvironmentIsIgnored() async {
        await #expect(processExitsWith: .success) {
            let proxy = try StubServer { _ in .text("proxied") }
            let origin = try StubServer { _ in .text("direct") }
            for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
                setenv(name, proxy.url, 1)
            }
            let client = CurlClient(loop: try CurlLoop(), proxy: .none)
            #expect(try await client.send(HTTPRequest("GET", origin.url), deadline: patience).text == "direct")
            #expect(proxy.connections == 0)
        }
    }

    @Test func httpsGoesThroughATunnel() async {
        await #expect(processExitsWith: .success) {
            let certificates = try Certificates.shared.get()
            let server = try TLSServer(certificates)
            let proxy = try StubServer { _ in .tunnel(port: UInt16(server.port)) }
            setenv("https_proxy", proxy.url, 1)
            let tls = TLSSettings(caFile: certificates.path("ca.pem"))
            let client = CurlClient(loop: try CurlLoop(), tls: tls, proxy: .environment)
            let request = HTTPRequest("GET", "https://localhost:\(server.port)/path?query")
            let response = try await client.send(request, deadline: patience)
            #expect(response.text.contains("Cipher"))
            #expect(response.headers["X-Proxy"] == nil)
            // What the proxy saw: where to, and nothing else.
            #expect(proxy.requests.map(\.method) == ["CONNECT"])
            #expect(proxy.requests.map(\.target) == ["localhost:\(server.port)"])
        }
    }

    @Test func aProxyThatRefusesOrIsNotThereIsNamed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try StubServer { _ in .status(403) }
            let absent = try StubServer { _ in .close }
            absent.stop()
            let client = CurlClient(loop: try CurlLoop(), proxy: .environment)
            func kind(_ scheme: String, through url: String) async throws -> HTTPError.Kind {
                setenv("\(scheme)_proxy", url, 1)
                return try await failure(client, HTTPRequest("GET", "\(scheme)://origin.invalid/")).kind
            }
            #expect(try await kind("https", through: proxy.url) == .proxy)
            #expect(try await kind("https", through: absent.url) == .proxy)
            #expect(try await kind("http", through: absent.url) == .proxy)
            let unknown = "http://\(String(repeating: "a", count: 64)).invalid:3128"
            #expect(try await kind("http", through: unknown) == .proxy)
            // A proxy's own answer to a plain request can't be told from the origin's.
            setenv("http_proxy", proxy.url, 1)
            let request = HTTPRequest("GET", "http://origin.invalid/")
            #expect(try await client.send(request, deadline: patience).status == 403)
            // And who refuses us directly is no proxy.
            setenv("no_proxy", "127.0.0.1", 1)
            #expect(try await failure(client, HTTPRequest("GET", absent.url)).kind == .connectionRefused)
        }
    }
}
