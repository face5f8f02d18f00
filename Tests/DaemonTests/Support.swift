/// What all of these tests need: the built product, a place for files, patience.

import Foundation
import HTTP
import Supervision
import Testing

@testable import Daemon

/// What is built beside the test runner, from where it runs, or where a variable says that it is.
enum Built {
    static let product: String = {
        if let path = ProcessInfo.processInfo.environment["ETCD_CLUSTER_BINARY"], !path.isEmpty { return path }
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (runner as NSString).deletingLastPathComponent + "/etcd-cluster"
    }()

    /// The test runner's own `main` is not ours, so the product plays the trampoline.
    static let spawner = Spawner(trampoline: product)
}

/// One thread of libcurl for all tests, past any proxy that the environment may name.
let curlLoop: CurlLoop = {
    do { return try CurlLoop() } catch { fatalError("\(error)") }
}()
let http = CurlClient(loop: curlLoop, proxy: .none)

/// A directory of the test's own, removed with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "daemon-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of something in it, whether it is there or not.
    subscript(name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ text: String, to name: String, executable: Bool = false) throws -> String {
        try FileManager.default.createDirectory(
            atPath: (self[name] as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        if executable {
            try writeExecutable(text, to: self[name])
        } else {
            try text.write(toFile: self[name], atomically: false, encoding: .utf8)
        }
        return self[name]
    }

    /// By another process: a child that another test spawns meanwhile would hold our descriptor until its own exec, and
    /// as long as anybody may write to a file nobody can run it ("Text file busy").
    private func writeExecutable(_ text: String, to path: String) throws {
        let writer = Process()
        writer.executableURL = URL(filePath: "/bin/sh")
        writer.arguments = ["-c", #"printf %s "$2" > "$1" && chmod 755 "$1""#, "sh", path, text]
        try writer.run()
        writer.waitUntilExit()
        guard writer.terminationStatus == 0 else { throw NeverHappened(description: "write \(path)") }
    }

    func text(of name: String) -> String? { try? String(contentsOfFile: self[name], encoding: .utf8) }

    /// Sorted; empty where there is no such directory.
    func names(in name: String = "") -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: self[name]).sorted()) ?? []
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self[name]) }
}

/// The condition did not become true in time.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Asks again and again until `condition` holds; a generous limit, since the machine may be busy.
func eventually(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(description: "never: \(what())") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
