/// What `--help` prints: made of the same table as the parser, so that it can't lie.

/// The text of `--help`, with a line break at the end.
package func helpText() -> String {
    """
    etcd-cluster: one etcd cluster on an EC2 autoscaling group, found by DNS, with nobody watching.

    usage: etcd-cluster [run] [FLAGS] [-- ETCD'S FLAGS]
           etcd-cluster plan [-o text|json] [FLAGS]
           etcd-cluster status [-o text|json] [FLAGS]
           etcd-cluster backup [--to FILE] [FLAGS]
           etcd-cluster backups [-o text|json] [FLAGS]
           etcd-cluster restore [--from ...] [--revision N] [--time T] [--yes] [FLAGS]
           etcd-cluster recover [--declare-gone i-...] [--from ...] [--yes] [FLAGS]
           etcd-cluster adopt | forget [--yes] [FLAGS]
           etcd-cluster version | help

      run    finds the group's other instances, decides whether this member founds, joins, resumes or
             waits, runs etcd as its child, and on the leader keeps members and DNS equal to the group
      plan   prints what run would do now, and why; changes nothing

    For people, on any instance, beside what runs there:

      status    shows instances, members, health, DNS, backups, and what is waited for; changes nothing
      backup    makes a backup now, of a healthy member, into the bucket or into a file
      backups   lists what the bucket holds: when taken, up to which revision, how large, whether proven

    These change the cluster, so each shows first what it would do, and asks:

      restore   goes back to a backup, also beside a cluster that serves
      recover   the way out of a wait: says what is known of each disk; declares disks gone; begins anew
      adopt     writes the record of a cluster that answers and has none
      forget    drops the record and the names in DNS; data stays

    Each flag may be given as a variable instead; flags win.


    """ + Option.all.map(entry).joined()
        + """

        Flags of these commands alone, without variables:


        """ + OperatorOption.all.map(entry).joined()
            + """

            etcd's own variables (ETCD_CERT_FILE, ETCD_QUOTA_BACKEND_BYTES, ...) and the flags behind -- go to
            etcd, but for those that would undo what etcd-cluster does: they are refused, with the reason.
            ETCD_LISTEN_CLIENT_URLS and ETCD_LISTEN_PEER_URLS say where etcd listens (default: everywhere).
            Credentials and endpoints of AWS are found as AWS's own tools find them.

            Exit codes: 0 after SIGTERM or SIGINT, 64 for a wrong configuration, 70 where it can't go on.
            Of people's commands: 0 done, or nothing to do, 1 refused or declined, 70 can't look; of status 0
            where anything could be shown, however ill the cluster is.

            """
}

private func entry(_ option: Option) -> String {
    "  --\(option.flag)\(option.placeholder.isEmpty ? "" : " ")\(option.placeholder)\n      \(option.help)\n      "
        + option.variables.joined(separator: ", ") + "\n"
}

private func entry(_ option: OperatorOption) -> String {
    "  --\(option.flag)\(option.placeholder.isEmpty ? "" : " ")\(option.placeholder)\n      "
        + option.help.replacing("\n", with: "\n      ") + "\n      (\(option.commands.joined(separator: ", ")))\n"
}
