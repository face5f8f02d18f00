import Glibc

/// Standard input, output and error, which whoever starts us may have closed.
package enum StandardStreams {
    /// Opens those that are closed on /dev/null. To be called first in `main`.
    ///
    /// The next file that is opened gets the lowest free number. Without this it could be 2, and the log would be written
    /// into it; etcd would inherit the gap, and its database could come to lie there.
    package static func openClosedOnes() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            guard fcntl(descriptor, F_GETFD) < 0, errno == EBADF else { continue }
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)  // the lowest free one: this one
        }
    }
}
