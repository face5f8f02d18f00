/// The text of `--help`, so that a change of it is read as a change of text.

import Testing

@testable import Daemon

@Suite struct HelpTests {
    @Test func theHelpReads() {
        #expect(helpText() == golden)
    }

    @Test func everyFlagAndVariableIsInIt() {
        for option in Option.all {
            let value = option.placeholder.isEmpty ? "" : " \(option.placeholder)"
            #expect(helpText().contains("  --\(option.flag)\(value)\n"))
            for variable in option.variables { #expect(helpText().contains(variable)) }
        }
    }

    @Test func noLineIsTooWideForATerminal() {
        #expect(helpText().split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    private let golden = """
        etcd-cluster: one etcd cluster on an EC2 autoscaling group, found by DNS, with nobody watching.

        usage: etcd-cluster [run] [FLAGS] [-- ETCD'S FLAGS]
               etcd-cluster plan [-o text|json] [FLAGS]
               etcd-cluster version | help

          run    finds the group's other instances, decides whether this member founds, joins, resumes or
                 waits, runs etcd as its child, and on the leader keeps members and DNS equal to the group
          plan   prints what run would do now, and why; changes nothing

        Each flag may be given as a variable instead; flags win.

          --data-dir DIR
              etcd's data; kept between starts, never deleted (default /var/lib/etcd)
              ETCD_DATA_DIR, ELASTIC_ETCD_DATA_DIR
          --hosted-zone ZONE
              the Route 53 zone, by name or ID, that names the members (default: no DNS)
              HOSTED_ZONE, ETCD_CLUSTER_HOSTED_ZONE
          --without-record
              runs without a hosted zone, where nothing but the instances tells that a cluster exists
              ETCD_CLUSTER_WITHOUT_RECORD
          --zone-type private|public
              which zone, where two have that name
              ETCD_CLUSTER_ZONE_TYPE
          --cluster-name NAME
              the cluster's name in DNS (default: the stack's version, else the group's name)
              ETCD_CLUSTER_NAME
          --cluster-size N
              how many members at most (default: the group's desired capacity)
              ETCD_CLUSTER_SIZE, ELASTIC_ETCD_CLUSTER_SIZE
          --group NAME
              the autoscaling group (default: the one that lists this instance)
              ETCD_CLUSTER_GROUP
          --region REGION
              the AWS region (default: this instance's)
              AWS_REGION, AWS_DEFAULT_REGION
          --instance-id i-...
              this instance (default: what the metadata service says)
              ETCD_CLUSTER_INSTANCE_ID
          --address IP
              where peers and clients reach this instance (default: its private address)
              ETCD_CLUSTER_ADDRESS
          --client-port PORT
              the members' client port (default 2379)
              ETCD_CLUSTER_CLIENT_PORT, ELASTIC_ETCD_CLIENT_PORT
          --peer-port PORT
              the members' peer port (default 2380)
              ETCD_CLUSTER_PEER_PORT
          --etcd PATH
              the etcd program (default: etcd, looked up in PATH)
              ETCD_CLUSTER_ETCD
          --interval DURATION
              between two turns while all is well, 100ms to 1h (default 10s)
              ETCD_CLUSTER_INTERVAL
          --stop-timeout DURATION
              how long etcd may take to stop before it is killed, 1s to 1h (default 30s)
              ETCD_CLUSTER_STOP_TIMEOUT
          --log-format logfmt|json
              how a line of the log is written (default logfmt)
              ETCD_CLUSTER_LOG_FORMAT
          --log-level debug|info|warning|error
              the least that is logged (default info)
              ETCD_CLUSTER_LOG_LEVEL

        etcd's own variables (ETCD_CERT_FILE, ETCD_QUOTA_BACKEND_BYTES, ...) and the flags behind -- go to
        etcd, but for those that would undo what etcd-cluster does: they are refused, with the reason.
        ETCD_LISTEN_CLIENT_URLS and ETCD_LISTEN_PEER_URLS say where etcd listens (default: everywhere).
        Credentials and endpoints of AWS are found as AWS's own tools find them.

        Exit codes: 0 after SIGTERM or SIGINT, 64 for a wrong configuration, 70 where it can't go on.

        """
}
