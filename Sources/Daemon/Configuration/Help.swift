/// What `--help` prints: made of the same table as the parser, so that it can't lie.

/// The text of `--help`, with a line break at the end.
package func helpText() -> String {
    """
    etcd-cluster: one etcd cluster on an EC2 autoscaling group, found by DNS, with nobody watching.

    usage: etcd-cluster [run] [FLAGS] [-- ETCD'S FLAGS]
           etcd-cluster plan [-o text|json] [FLAGS]
           etcd-cluster version | help

      run    finds the group's other instances, decides whether this member founds, joins, resumes or
             waits, runs etcd as its child, and on the leader keeps members and DNS equal to the group
      plan   prints what run would do now, and why; changes nothing

    Each flag may be given as a variable instead; flags win.


    """ + Option.all.map(entry).joined()
        + """

        etcd's own variables (ETCD_CERT_FILE, ETCD_QUOTA_BACKEND_BYTES, ...) and the flags behind -- go to
        etcd, but for those that would undo what etcd-cluster does: they are refused, with the reason.
        ETCD_LISTEN_CLIENT_URLS and ETCD_LISTEN_PEER_URLS say where etcd listens (default: everywhere).
        Credentials and endpoints of AWS are found as AWS's own tools find them.

        Exit codes: 0 after SIGTERM or SIGINT, 64 for a wrong configuration, 70 where it can't go on.

        """
}

private func entry(_ option: Option) -> String {
    "  --\(option.flag)\(option.placeholder.isEmpty ? "" : " ")\(option.placeholder)\n      \(option.help)\n      "
        + option.variables.joined(separator: ", ") + "\n"
}
