import Glibc

/// The last steps of becoming a child, which posix_spawn(3) can't take: they need code that runs between fork and
/// exec, and Swift code can't run there. So our own executable is started anew, takes them as an ordinary
/// single-threaded process, and then becomes the program:
///
///     supervisor ──posix_spawn──► /proc/self/exe __child ... ──execve──► etcd
///
/// `etcd` is an example; the process number, the parent and the process group stay the same over the exec.
package enum Trampoline {
    /// Becomes the program that the arguments name, if they come from `Spawner`; otherwise returns at once.
    ///
    /// To be called first in `main`, before a thread is started or a file opened.
    package static func runIfAsked(arguments: [String] = CommandLine.arguments) {
        guard let invocation = TrampolineInvocation(processArguments: arguments) else { return }
        invocation.becomeChild()
    }
}

/// What the spawner tells the trampoline, as the arguments of a process.
struct TrampolineInvocation: Equatable {
    /// No command of anybody's is called this.
    static let word = "__child"

    /// The process that spawns. A trampoline with another parent is an orphan and must not go on.
    var parent: pid_t
    var record: ChildRecord?
    var workingDirectory: String?
    /// The absolute path of the program.
    var executable: String
    /// All that the program sees, its own name first.
    var arguments: [String]

    var processArguments: [String] {
        ["child-to-be", Self.word, "\(parent)", record?.path ?? "", workingDirectory ?? "", executable] + arguments
    }
}

extension TrampolineInvocation {
    init?(processArguments: [String]) {
        guard processArguments.count > 6, processArguments[1] == Self.word, let parent = pid_t(processArguments[2])
        else { return nil }
        self.init(
            parent: parent,
            record: processArguments[3].isEmpty ? nil : ChildRecord(path: processArguments[3]),
            workingDirectory: processArguments[4].isEmpty ? nil : processArguments[4],
            executable: processArguments[5],
            arguments: Array(processArguments[6...]))
    }

    fileprivate func becomeChild() -> Never {
        require(.deathSignal, HiddenCalls.setParentDeathSignal(.terminate))
        // The parent may have ended before the line above: then no signal will ever come.
        require(.parent, getppid() == parent ? 0 : ESRCH)
        require(.descriptors, closeInheritedOnExec())
        if let record { require(.record, write(record)) }
        if let workingDirectory { require(.workingDirectory, chdir(workingDirectory) == 0 ? 0 : errno) }
        TrampolineReport(.ready, code: 0).send()
        var pointers = arguments.map { strdup($0) } + [nil]
        execv(executable, &pointers)
        fail(.exec, errno)
    }

    /// Every descriptor from 3 up, whoever opened it: a program that inherits a listening socket, a lock or a pipe's
    /// end keeps it for as long as it runs. /proc lists exactly the open ones, on any kernel.
    private func closeInheritedOnExec() -> Int32 {
        guard let directory = opendir("/proc/self/fd") else { return errno }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let descriptor = Int32(name), descriptor > STDERR_FILENO else { continue }
            if fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 { return errno }
        }
        return 0
    }

    private func write(_ record: ChildRecord) -> Int32 {
        do {
            try record.write(try ProcessIdentity.current(of: getpid(), executable: executable))
            return 0
        } catch {
            return error.code
        }
    }

    private func require(_ stage: TrampolineReport.Stage, _ code: Int32) {
        if code != 0 { fail(stage, code) }
    }

    private func fail(_ stage: TrampolineReport.Stage, _ code: Int32) -> Never {
        TrampolineReport(stage, code: code).send()
        _exit(126)
    }
}

/// What the trampoline tells the spawner, through a pipe that closes on exec: `ready` right before it, and a failure
/// if there is one. So the pipe's end after `ready` alone means that the program runs.
struct TrampolineReport: Equatable {
    enum Stage: UInt8 {
        case ready, deathSignal, parent, descriptors, record, workingDirectory, exec
    }

    /// Where the trampoline finds the pipe.
    static let descriptor: Int32 = 3

    var stage: Stage
    var code: Int32

    init(_ stage: Stage, code: Int32) {
        self.stage = stage
        self.code = code
    }

    /// The last report in what came through the pipe: two bytes each, the stage and an `errno` (all are below 256).
    init?(lastOf bytes: [UInt8]) {
        guard bytes.count >= 2, bytes.count.isMultiple(of: 2), let stage = Stage(rawValue: bytes[bytes.count - 2])
        else { return nil }
        self.init(stage, code: Int32(bytes[bytes.count - 1]))
    }

    func send() {
        let bytes = [stage.rawValue, UInt8(truncatingIfNeeded: code)]
        // Nobody to tell means that the spawner is gone, and the death signal is on its way.
        _ = Glibc.write(Self.descriptor, bytes, bytes.count)
    }

    /// What failed, in words; nil where nothing but the exec did.
    var step: String? {
        switch stage {
        case .ready, .exec: nil
        case .deathSignal: "ask for a signal at the supervisor's death"
        case .parent: "find the supervisor still there"
        case .descriptors: "close inherited descriptors"
        case .record: "write the record of the child"
        case .workingDirectory: "enter the working directory"
        }
    }
}
