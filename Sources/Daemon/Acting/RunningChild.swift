import Supervision

/// The child that runs now, for whoever has to kill it at once.
actor RunningChild {
    private var child: Child?

    func began(_ child: Child) { self.child = child }
    func ended() { child = nil }

    /// Sends SIGKILL to etcd's whole process group.
    func kill() { child?.send(.kill) }
}
