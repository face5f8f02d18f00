import Foundation
import HTTP
import Testing

/// Long enough that a test which gets near it has failed.
let patience = Duration.seconds(30)

/// A client that no proxy of the machine comes between.
func makeClient(tls: TLSSettings = .system) throws -> CurlClient {
    CurlClient(loop: try CurlLoop(), tls: tls, proxy: .none)
}

/// The error that the request ends with; anything else is recorded as a failure of the test.
func failure(
    _ client: CurlClient, _ request: HTTPRequest, deadline: Duration = patience,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> HTTPError {
    let error = await #expect(throws: HTTPError.self, sourceLocation: sourceLocation) {
        try await client.send(request, deadline: deadline)
    }
    return try #require(error, sourceLocation: sourceLocation)
}

/// A directory of the test's own, gone when the last reference to it goes.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/http-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { remove() }

    func remove() {
        // What can't be removed is left to the system's own cleaning.
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// A figure of /proc/self/status in kB, such as `RssAnon` or `VmHWM`.
func memory(_ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
    return try #require(line.split { !$0.isNumber }.first.flatMap { Int($0) })
}

/// The address or the thread sanitizer is linked in.
let isSanitized = dlsym(nil, "__tsan_init") != nil || dlsym(nil, "__asan_init") != nil

/// Runs a command to its end; what it printed to either stream, and its exit status.
///
/// On a thread of its own: the task pool has two threads on a small machine, and `Process.waitUntilExit` returns only on
/// the thread that started the process.
func run(_ tool: String, _ arguments: [String]) async throws -> (output: String, exit: Int32) {
    try await withCheckedThrowingContinuation { continuation in
        Thread {
            continuation.resume(with: Result { try runBlocking(tool, arguments) })
        }.start()
    }
}

/// As `run`, for where nothing can be awaited.
func runBlocking(_ tool: String, _ arguments: [String]) throws -> (output: String, exit: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
}

/// Waits for a condition; false where it did not come true in time.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
        if try condition() { return true }
        // Cut short only by the end of the test itself.
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
