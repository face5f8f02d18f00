import Foundation
import Testing

/// Authorities and certificates made by the `openssl` command, once, in a directory of their own.
struct Certificates: Sendable {
    static let shared: Result<Certificates, any Error> = Result {
        // Nothing else ends the life of a static.
        atexit { removeSharedCertificates() }
        return try Certificates()
    }

    fileprivate let directory: TemporaryDirectory

    func path(_ name: String) -> String { directory.file(name) }

    private init() throws {
        directory = try TemporaryDirectory()
        for authority in ["ca", "other-ca"] {
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(authority)", "-keyout", path("\(authority).key"), "-out", path("\(authority).pem"))
        }
        let here = "subjectAltName=IP:127.0.0.1,DNS:localhost"
        try issue("server", by: "ca", here)
        try issue("other-host", by: "ca", "subjectAltName=IP:127.0.0.2,DNS:elsewhere.example")
        try issue("common-name-only", by: "ca", "keyUsage=digitalSignature", subject: "/CN=localhost")
        try issue("expired", by: "ca", here, days: -1)
        try issue("client", by: "ca", "extendedKeyUsage=clientAuth")
        try issue("other-client", by: "other-ca", "extendedKeyUsage=clientAuth")
    }

    private func issue(
        _ name: String, by authority: String, _ extensions: String, subject: String? = nil, days: Int = 2
    ) throws {
        let (key, request, list) = (path("\(name).key"), path("\(name).csr"), path("\(name).ext"))
        try extensions.write(toFile: list, atomically: true, encoding: .utf8)
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            subject ?? "/CN=\(name)", "-keyout", key, "-out", request)
        try openssl(
            "x509", "-req", "-in", request, "-CA", path("\(authority).pem"), "-CAkey", path("\(authority).key"),
            "-CAcreateserial", "-days", "\(days)", "-extfile", list, "-out", path("\(name).pem"))
    }
}

private func removeSharedCertificates() {
    if case .success(let certificates) = Certificates.shared { certificates.directory.remove() }
}

/// A TLS server that is not ours: `openssl s_server`, which answers every request with a page about the connection.
final class TLSServer: Sendable {
    private let process: Process
    let port: Int

    /// - Parameters:
    ///   - certificate: the name of one of `certificates`.
    ///   - arguments: more of `openssl s_server`'s.
    init(_ certificates: Certificates, _ certificate: String = "server", _ arguments: [String] = []) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            [
                "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
                certificates.path("\(certificate).pem"), "-key", certificates.path("\(certificate).key"),
            ] + arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        port = try portOfListener(output.fileHandleForReading)
    }

    /// By SIGKILL, as a child started on a thread of the task pool has SIGTERM blocked. Not waited for, as
    /// `waitUntilExit` returns only on the thread that started the process.
    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}

/// Reads up to the line `ACCEPT 127.0.0.1:PORT`.
private func portOfListener(_ output: FileHandle) throws -> Int {
    var text = ""
    while true {
        let data = output.availableData
        text += String(decoding: data, as: UTF8.self)
        for line in text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1) where line.hasPrefix("ACCEPT ") {
            return try #require(line.split(separator: ":").last.flatMap { Int($0) })
        }
        guard !data.isEmpty else { throw OpenSSLFailure(arguments: ["s_server"], output: text) }
    }
}

struct OpenSSLFailure: Error {
    var arguments: [String]
    var output: String
}

private func openssl(_ arguments: String...) throws {
    let (output, exit) = try runBlocking("openssl", arguments)
    guard exit == 0 else { throw OpenSSLFailure(arguments: arguments, output: output) }
}
