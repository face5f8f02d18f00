import Glibc

/// A system call that failed, in the words that a person looks up: the call, what it was applied to, and `errno`.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was attempted, e.g. `open /var/lib/etcd/lock`.
    package let attempt: String
    /// The value of `errno`.
    package let code: Int32

    package init(_ attempt: String, code: Int32) {
        self.attempt = attempt
        self.code = code
    }

    package var description: String { "\(attempt): \(systemMessage(for: code))" }
}

/// The C library's sentence for a value of `errno`, e.g. `No such file or directory`.
func systemMessage(for code: Int32) -> String { String(cString: strerror(code)) }
