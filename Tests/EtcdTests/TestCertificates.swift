import Etcd
import Foundation
import HTTP

/// An authority, a member's certificate and a client's, made by openssl for one test.
struct TestCertificates {
    private let directory: URL

    /// - Parameters:
    ///   - address: the member's.
    ///   - usages: the member's extended key usages, such as `serverAuth,clientAuth`.
    init(in directory: URL, address: String, usages: String) async throws {
        self.directory = directory
        try await run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=test authority", "-keyout", path("ca.key"), "-out", path("ca.pem"))
        try await issue("member", "subjectAltName=IP:\(address)\nextendedKeyUsage=\(usages)\n")
        // Without an address in it: the peer port takes a certificate that has one from that address alone.
        try await issue("client", "extendedKeyUsage=clientAuth\n")
    }

    /// For etcdctl, with the certificate that the member itself shows.
    var memberCredentials: SnapshotTool.Credentials {
        SnapshotTool.Credentials(
            caFile: path("ca.pem"), certificateFile: path("member.pem"), keyFile: path("member.key"))
    }

    /// Etcd's flags for TLS on both ports, with certificates demanded on both.
    var flags: [String] {
        ["", "peer-"].flatMap { port in
            [
                "--\(port)cert-file=\(path("member.pem"))", "--\(port)key-file=\(path("member.key"))",
                "--\(port)trusted-ca-file=\(path("ca.pem"))", "--\(port)client-cert-auth",
            ]
        }
    }

    /// One that shows its certificate and trusts the authority.
    var client: CurlClient {
        let settings = TLSSettings(
            caFile: path("ca.pem"), certificateFile: path("client.pem"), keyFile: path("client.key"))
        return CurlClient(loop: loop, tls: settings, proxy: .none)
    }

    /// One that trusts the authority and has nothing to show.
    var strangerClient: CurlClient {
        CurlClient(loop: loop, tls: TLSSettings(caFile: path("ca.pem")), proxy: .none)
    }

    private func issue(_ name: String, _ extensions: String) async throws {
        try Data(extensions.utf8).write(to: directory.appending(path: "\(name).ext"))
        try await run(
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=\(name)", "-keyout", path("\(name).key"), "-out", path("\(name).csr"))
        try await run(
            "openssl", "x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", path("ca.pem"), "-CAkey",
            path("ca.key"), "-CAcreateserial", "-extfile", path("\(name).ext"), "-out", path("\(name).pem"))
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }
}
