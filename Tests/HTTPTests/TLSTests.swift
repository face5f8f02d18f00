import Foundation
import HTTP
import StubServer
import Testing

/// Peer and host are verified always; nothing but a right certificate gets an answer.
@Suite struct TLSTests {
    let certificates: Certificates

    init() throws { certificates = try Certificates.shared.get() }

    private func settings(ca: String = "ca", certificate: String? = nil) -> TLSSettings {
        TLSSettings(
            caFile: certificates.path("\(ca).pem"), certificateFile: certificate.map { certificates.path("\($0).pem") },
            keyFile: certificate.map { certificates.path("\($0).key") })
    }

    private func get(_ server: TLSServer, host: String = "127.0.0.1", _ settings: TLSSettings) async throws -> String {
        let request = HTTPRequest("GET", "https://\(host):\(server.port)/")
        return try await makeClient(tls: settings).send(request, deadline: patience).text
    }

    private func failureKind(_ server: TLSServer, _ settings: TLSSettings) async throws -> HTTPError.Kind {
        let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/?secret")
        let error = try await failure(makeClient(tls: settings), request)
        #expect(error.request == "GET https://127.0.0.1:\(server.port)/")
        return error.kind
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func aRightCertificateGetsAnAnswer(host: String) async throws {
        let page = try await get(TLSServer(certificates), host: host, settings())
        #expect(page.contains("Cipher"))
    }

    @Test(arguments: ["other-host", "common-name-only", "expired"])
    func aWrongCertificateIsRefused(certificate: String) async throws {
        #expect(try await failureKind(TLSServer(certificates, certificate), settings()) == .tls)
    }

    @Test func anotherAuthorityIsRefused() async throws {
        #expect(try await failureKind(TLSServer(certificates), settings(ca: "other-ca")) == .tls)
    }

    @Test func theSystemDoesNotKnowOurAuthority() async throws {
        #expect(try await failureKind(TLSServer(certificates), .system) == .tls)
    }

    /// Each on the same loop, so through the same cache of connections and of authorities.
    @Test func oneClientsAuthorityIsNotAnothers() async throws {
        let server = try TLSServer(certificates)
        let loop = try CurlLoop()
        let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/")
        for _ in 0..<3 {
            let right = CurlClient(loop: loop, tls: settings(), proxy: .none)
            #expect(try await right.send(request, deadline: patience).status == 200)
            let wrong = CurlClient(loop: loop, tls: settings(ca: "other-ca"), proxy: .none)
            #expect(try await failure(wrong, request).kind == .tls)
            let system = CurlClient(loop: loop, proxy: .none)
            #expect(try await failure(system, request).kind == .tls)
        }
    }

    @Test func aReplacedFileOfAuthoritiesTakesEffectAtOnce() async throws {
        let server = try TLSServer(certificates)
        let directory = try TemporaryDirectory()
        let bundle = directory.file("bundle.pem")
        let client = try makeClient(tls: TLSSettings(caFile: bundle))
        let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/")
        for (authority, isRight) in [("ca", true), ("other-ca", false), ("ca", true)] {
            let content = try Data(contentsOf: URL(fileURLWithPath: certificates.path("\(authority).pem")))
            try content.write(to: URL(fileURLWithPath: bundle))
            if isRight {
                #expect(try await client.send(request, deadline: patience).status == 200)
            } else {
                #expect(try await failure(client, request).kind == .tls)
            }
        }
    }

    @Test func aMissingFileIsNamedAndNothingIsTrusted() async throws {
        let server = try TLSServer(certificates)
        for settings in [
            TLSSettings(caFile: "/absent/ca.pem"), TLSSettings(caFile: settings().caFile, certificateFile: "/absent/c"),
        ] {
            let request = HTTPRequest("GET", "https://127.0.0.1:\(server.port)/")
            let error = try await failure(makeClient(tls: settings), request)
            #expect(error.kind == .tls)
            #expect(error.detail.contains("/absent/c"))
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func mutualTLSNeedsOurCertificate(version: String) async throws {
        let arguments = [version, "-Verify", "1", "-verify_return_error", "-CAfile", certificates.path("ca.pem")]
        let server = try TLSServer(certificates, "server", arguments)
        #expect(try await failureKind(server, settings()) == .tls)
        #expect(try await failureKind(server, settings(certificate: "other-client")) == .tls)
        #expect(try await get(server, settings(certificate: "client")).contains("Cipher"))
    }

    @Test func theCertificatesFileMayHoldTheKeyToo() async throws {
        let arguments = ["-Verify", "1", "-verify_return_error", "-CAfile", certificates.path("ca.pem")]
        let server = try TLSServer(certificates, "server", arguments)
        let directory = try TemporaryDirectory()
        let both = try ["client.pem", "client.key"].map {
            try String(contentsOfFile: certificates.path($0), encoding: .utf8)
        }
        try both.joined().write(toFile: directory.file("both.pem"), atomically: true, encoding: .utf8)
        let settings = TLSSettings(caFile: certificates.path("ca.pem"), certificateFile: directory.file("both.pem"))
        #expect(try await get(server, settings).contains("Cipher"))
    }

    /// A plain server where TLS was expected, and the other way round.
    @Test func whoSpeaksNoTLSIsToldApart() async throws {
        let plain = try StubServer(greeting: Array("220 mail.example\r\n".utf8)) { _ in .status(200) }
        let url = "https://127.0.0.1:\(plain.port)/"
        #expect(try await failure(makeClient(), HTTPRequest("GET", url)).kind == .tls)
        let server = try TLSServer(certificates)
        let error = try await failure(makeClient(), HTTPRequest("GET", "http://127.0.0.1:\(server.port)/"))
        #expect(error.kind == .brokenOff)
    }
}
