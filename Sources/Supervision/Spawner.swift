import Glibc

/// Starts programs as children: each in a process group of its own, with default signal dispositions and an empty
/// signal mask, /dev/null as its input, exactly the given environment and no descriptor of ours but output and error.
///
/// A child gets SIGTERM from the kernel when the supervisor ends, however it ends (prctl(2), `PR_SET_PDEATHSIG`).
/// The kernel goes by the *thread* that spawned, not by the process, so each child has a thread that spawns it and
/// then waits for its end: the one thread that is certain to live exactly as long as is needed.
package struct Spawner: Sendable {
    /// The executable whose `main` begins with `Trampoline.runIfAsked`.
    package var trampoline: String

    /// - Parameter trampoline: ours, unless our own `main` is not our own, as in a test runner.
    package init(trampoline: String = "/proc/self/exe") { self.trampoline = trampoline }

    /// Where a child's output and error go.
    package enum Streams: Sendable, Hashable {
        /// Where ours go.
        case inherited
        /// To these descriptors, which stay the caller's to close; both above 3.
        case descriptors(output: Int32, error: Int32)
    }

    /// Starts the program. When this returns, it runs: its exec has succeeded.
    ///
    /// - Parameters:
    ///   - command: what to run.
    ///   - record: names the child from before its exec until it is reaped; one record, one living child.
    /// - Throws: `SpawnError` where it does not run; nothing is left of the attempt then. Takes no notice of the
    ///   task's cancellation: it takes milliseconds, and there is a child to be looked after then.
    package func spawn(
        _ command: Command, streams: Streams = .inherited, record: ChildRecord? = nil
    ) async throws(SpawnError) -> Child {
        try command.validate()
        let searchPath = command.environment["PATH"] ?? defaultSearchPath
        let launch = Launch(
            command: command, executable: try findExecutable(command.executable, searchPath: searchPath),
            streams: streams, record: record, trampoline: trampoline)
        let result: Result<Child, SpawnError> = await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try startForeignThread { launch.run { continuation.resume(returning: $0) } }
            } catch {
                continuation.resume(returning: .failure(launch.refused(error)))
            }
        }
        return try result.get()
    }
}

/// One child's start and the wait for its end, on the child's own thread.
struct Launch: Sendable {
    let command: Command
    let executable: String
    let streams: Spawner.Streams
    let record: ChildRecord?
    let trampoline: String

    /// - Parameter deliver: called once, as soon as the program runs or it is certain that it doesn't.
    func run(deliver: (Result<Child, SpawnError>) -> Void) {
        do throws(SpawnError) {
            let child = try start()
            deliver(.success(child))
            Reaper.waitForExit(of: child)
        } catch {
            deliver(.failure(error))
        }
    }

    private func start() throws(SpawnError) -> Child {
        let report: Pipe
        do { report = try Pipe() } catch { throw refused(error) }
        defer { close(report.reading) }
        let child = try adoptTrampoline(reportingTo: report.writing)
        let bytes = readReport(from: report.reading)
        guard TrampolineReport(lastOf: bytes)?.stage != .ready else { return child }
        _ = Reaper.signal(child, .kill)
        Reaper.waitForExit(of: child)
        throw failure(TrampolineReport(lastOf: bytes))
    }

    private func adoptTrampoline(reportingTo report: Int32) throws(SpawnError) -> Child {
        // Ours must be closed before the report is read: the pipe's end is part of the message.
        defer { close(report) }
        return try Reaper.adopt(command, record: record) { () throws(SpawnError) in
            try spawnTrampoline(reportingTo: report)
        }
    }

    private func spawnTrampoline(reportingTo report: Int32) throws(SpawnError) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        prepare(&attributes)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        prepare(&actions, report: report)

        let invocation = TrampolineInvocation(
            parent: getpid(), record: record, workingDirectory: command.workingDirectory, executable: executable,
            arguments: [command.executable] + command.arguments)
        var pid: pid_t = 0
        let code = withCStrings(invocation.processArguments) { arguments in
            withCStrings(command.environmentStrings) { environment in
                posix_spawn(&pid, trampoline, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            // Too long an argument list is the command's fault; all else is the trampoline's.
            guard code != E2BIG, code != EAGAIN, code != ENOMEM else { throw .refused(command.executable, code: code) }
            throw .trampolineFailed(command.executable, trampoline: trampoline, why: systemMessage(for: code))
        }
        return pid
    }

    /// A group of its own, so that it can be signalled with all its helpers, and a Control-C on our terminal is ours;
    /// no signal blocked or ignored: both would outlive the exec, and a program that never asked for it would not
    /// stop on SIGTERM.
    private func prepare(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    }

    private func prepare(_ actions: inout posix_spawn_file_actions_t, report: Int32) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if case .descriptors(let output, let error) = streams {
            precondition(output > TrampolineReport.descriptor && error > TrampolineReport.descriptor)
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
            posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
        }
        posix_spawn_file_actions_adddup2(&actions, report, TrampolineReport.descriptor)
    }

    /// All that comes through the pipe until it closes, which it does at the exec or with the trampoline's end; or
    /// what came within half a minute, in which any machine can start a program.
    private func readReport(from descriptor: Int32) -> [UInt8] {
        let deadline = ContinuousClock.now + .seconds(30)
        var bytes: [UInt8] = []
        while waitUntilReadable(descriptor, until: deadline) {
            var chunk = [UInt8](repeating: 0, count: 16)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        // Not ready, whatever it has said: it has not become the program in all this time.
        return []
    }

    private func failure(_ report: TrampolineReport?) -> SpawnError {
        guard let report else {
            return .trampolineFailed(command.executable, trampoline: trampoline, why: "did not report")
        }
        return .refused(command.executable, code: report.code, during: report.step)
    }

    func refused(_ error: SystemError) -> SpawnError {
        .refused(command.executable, code: error.code, during: error.attempt)
    }
}

/// Lends the strings to C as a null-terminated array.
private func withCStrings(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
) -> Int32 {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
