import Glibc

/// How many heaps the C library keeps.
package enum MallocArenas {
    /// Lets all threads share one heap. By itself the C library gives each new thread one of its own, up to eight per
    /// core, and none of them gives back what a single busy moment made it take: a daemon of a few short-lived allocations
    /// grows with the number of its threads and gains nothing.
    ///
    /// To be called before any thread is started. Where the C library has no such setting, nothing changes.
    package static func bound() { HiddenCalls.setMostHeaps(1) }
}
