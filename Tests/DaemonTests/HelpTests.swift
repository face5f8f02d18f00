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

          --data-dir DIR
              etcd's data; kept between starts, never deleted (default /var/lib/etcd)
              ETCD_DATA_DIR, ELASTIC_ETCD_DATA_DIR
          --hosted-zone ZONE
              the Route 53 zone, by name or ID, of the names and of the record (default: no DNS)
              HOSTED_ZONE, ETCD_CLUSTER_HOSTED_ZONE
          --backup-bucket BUCKET
              the S3 bucket of backups, and of the record where there is no zone
              ETCD_BACKUP_BUCKET
          --backup-key PREFIX
              the prefix of our keys in the bucket (default: none)
              ETCD_BACKUP_KEY
          --backup-interval DURATION
              for how long at most a change is in no backup, 1s to 24h; 0 makes no backups (default 5m)
              ETCD_BACKUP_INTERVAL
          --backup-retention ALL,HOURLY,DAILY
              for how long all backups, one an hour, and one a day are kept (default 24h,168h,720h)
              ETCD_CLUSTER_BACKUP_RETENTION
          --backup-encryption AES256|aws:kms[:KEY]|bucket
              how S3 encrypts backups: by its own key, by KMS, or as the bucket is set up (default AES256)
              ETCD_CLUSTER_BACKUP_ENCRYPTION
          --compress-backups
              compresses backups with gzip, at the cost of this machine's time
              ETCD_CLUSTER_COMPRESS_BACKUPS
          --prove-backups
              restores each backup beside the data, and compares; =false spares that (default true)
              ETCD_CLUSTER_PROVE_BACKUPS
          --metrics-namespace NAMESPACE
              where CloudWatch is told how backups fare, such as Local/etcd (default: nowhere)
              ETCD_CLUSTER_METRICS_NAMESPACE
          --without-record
              keeps no record: nothing but the instances tells that a cluster exists
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
          --peers-by group|stack|tag:KEY
              whose instances are the peers (default: the autoscaling group's)
              ETCD_CLUSTER_PEERS_BY
          --join-strategy replace|prune|add|prepared
              what the leader may do for an instance that asks to join (default replace)
              ETCD_CLUSTER_JOIN_STRATEGY, ELASTIC_ETCD_JOIN_STRATEGY
          --on-loss recover|hold
              without a quorum for good: carry on with the best data, or wait for a person (default recover)
              ETCD_CLUSTER_ON_LOSS
          --grace DURATION
              for how long an absence has to last before it is evidence, 1s to 1h (default 5m)
              ETCD_CLUSTER_GRACE
          --found-after DURATION
              from when on a majority of the group may found the cluster, 1s to 1h (default 5m)
              ETCD_CLUSTER_FOUND_AFTER
          --lifecycle-hook NAME,...
              the hooks that are ours to complete (default: the group's only one of each kind)
              ETCD_CLUSTER_LIFECYCLE_HOOK
          --replace-sick
              has the group replace this instance, when its member is ill for long and the others serve
              ETCD_CLUSTER_REPLACE_SICK
          --unhealthy-after DURATION
              for --replace-sick, how long that is, 10s to 24h (default 10m)
              ETCD_CLUSTER_UNHEALTHY_AFTER
          --require-mount
              waits until the data directory is a mount point
              ETCD_CLUSTER_REQUIRE_MOUNT
          --status-listen [IP:]PORT
              where peers ask for this instance's report (default: 2382 at the private address)
              ETCD_CLUSTER_STATUS_LISTEN
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

        Flags of these commands alone, without variables:

          --yes
              does it without asking
              (recover, restore, adopt, forget)
          --declare-gone i-...
              this instance's data is lost for good; may be given more than once
              (recover)
          --terminate
              first terminates what is declared gone and EC2 still knows
              (recover)
          --even-if-it-returns
              declares it gone all the same; what it holds is set aside should it come back
              (recover)
          --from member [i-...]|snapshot|empty|BACKUP
              begins the next generation now: with the best disk (or this instance's), the newest backup,
              nothing, or a backup: its name, s3://bucket/key or the path of a file; restore takes no other
              (recover, restore)
          --accept-data-loss
              gives up what the refusal without it names
              (recover, restore)
          --revision N
              the newest backup that holds no change after this revision
              (recover, restore)
          --time 2026-01-31T12:00:00Z
              the newest backup that was taken no later
              (recover, restore)
          --to FILE
              writes the snapshot to this file, which must not exist (default: the bucket)
              (backup)
          --store route53:ID|s3:BUCKET/KEY
              drops the record of this store alone, whatever stands there
              (forget)
          --even-if-alive
              drops the record of a cluster that answers, too
              (forget)

        etcd's own variables (ETCD_CERT_FILE, ETCD_QUOTA_BACKEND_BYTES, ...) and the flags behind -- go to
        etcd, but for those that would undo what etcd-cluster does: they are refused, with the reason.
        ETCD_LISTEN_CLIENT_URLS and ETCD_LISTEN_PEER_URLS say where etcd listens (default: everywhere).
        Credentials and endpoints of AWS are found as AWS's own tools find them.

        Exit codes: 0 after SIGTERM or SIGINT, 64 for a wrong configuration, 70 where it can't go on.
        Of people's commands: 0 done, or nothing to do, 1 refused or declined, 70 can't look; of status 0
        where anything could be shown, however ill the cluster is.

        """
}
