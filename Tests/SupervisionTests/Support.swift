import Foundation
import Testing

@testable import Supervision

/// Ours, not the namesake in Testing.
typealias ExitStatus = Supervision.ExitStatus

/// What is built beside the test runner, from where it runs.
enum Built {
    static let directory: String = {
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (runner as NSString).deletingLastPathComponent
    }()
    static let probe = "\(directory)/supervision-probe"
    static let product = "\(directory)/etcd-cluster"
}

/// The test runner's own `main` is not ours, so another executable plays the trampoline.
let spawner = Spawner(trampoline: Built.probe)

let searchPath = ["PATH": "/usr/local/bin:/usr/bin:/bin"]

func shell(_ script: String) -> Command { Command("sh", ["-c", script], environment: searchPath) }

/// Changes nothing of what it was given, and ends when it is told to.
let sleeper = Command("sleep", ["60"], environment: searchPath)

/// For a shell that waits for signals: half a minute at least, in steps, because a trap runs between commands.
let loop = "n=0; while [ $n -lt 3000 ]; do n=$((n+1)); sleep 0.01; done"

/// Waits for a condition, looking often; fails loudly if it doesn't come.
func eventually(
    within limit: Duration = .seconds(20), _ claim: Comment, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(claim, sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether a process of this number runs; a zombie does not.
func isRunning(_ pid: pid_t) -> Bool { (try? ProcessStat(of: pid)).map { !$0.hasEnded } ?? false }

/// A directory of the test's own, removed with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "supervision-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func text(of name: String) -> String? { try? String(contentsOfFile: file(name), encoding: .utf8) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// A child whose output the test reads line by line.
struct Talker {
    let child: Child
    private let reading: Int32

    init(_ command: Command, through spawner: Spawner = spawner, record: ChildRecord? = nil) async throws {
        let pipe = try Supervision.Pipe()
        reading = pipe.reading
        defer { close(pipe.writing) }
        let streams = Spawner.Streams.descriptors(output: pipe.writing, error: pipe.writing)
        do {
            child = try await spawner.spawn(command, streams: streams, record: record)
        } catch {
            close(pipe.reading)
            throw error
        }
    }

    /// The next line, without its end; what is left, at the end of the output.
    func line() async throws -> String {
        let answer = OneShot<String>()
        try startForeignThread { [reading] in
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while waitUntilReadable(reading, until: .now + .seconds(20)), read(reading, &byte, 1) == 1, byte != 10 {
                bytes.append(byte)
            }
            answer.resolve(String(decoding: bytes, as: UTF8.self))
        }
        return try await answer.value()
    }

    /// Kills what is left.
    func end() async {
        await child.terminate([])
        close(reading)
    }
}
