/// The goldens: what plans say, word for word. The samples are in `ExplanationTests`, in the same order.

let startSentences = #"""
    resume on the data that is here
    found a cluster of 3, token main-1-salt: i-1=http://10.0.0.1:2380, i-2=http://10.0.0.2:2380, i-3=http://10.0.0.3:2380
    join cluster c1 as member 7, one of 2: i-1=http://10.0.0.1:2380, i-2=http://10.0.0.2:2380
    see what the data here holds: its member list and how far it is committed
    carry the data of member 1 that is here into generation 2
    restore the backup 1-c1-9-20260131T110000Z.db as generation 2, a cluster of one that the others join
    serve nobody any more, and make a last backup of what is here
    set the data aside: cluster c1 has removed this member
    set the data aside: it is of generation 1, and generation 2 of the cluster answers
    set the data aside: etcd can't run on it (crc mismatch), and the cluster has its quorum without it
    claim the founding of generation 1 by i-1=http://10.0.0.1:2380#d-1, i-2=http://10.0.0.2:2380#d-2
    add i-1 at http://10.0.0.1:2380 as a voter, through cluster c1, whose leader has no supervisor of ours
    wait: etcd ran here before and its data is gone; as long as no cluster answers, founding could lose what others hold
    """#

let runningSentences = #"""
    let etcd run
    let etcd run, and wait: the disks that are held are a quorum, as i-2 knows it: they have to reach each other
    stop etcd, to carry the data of member 1 that is here into generation 2
    claim the recovery: generation 1 begins with nothing, started by i-1=http://10.0.0.1:2380#d-1
    write down that this data is of generation 1
    """#

let swapSentences = #"""
    claim the recovery: generation 2 begins with the disk of member 1, started by i-1=http://10.0.0.1:2380#d-1
    claim the recovery: generation 2 begins with the backup main/1-c1-9.db, started by i-1=http://10.0.0.1:2380#d-1
    claim the recovery: generation 2 begins with nothing, started by i-1=http://10.0.0.1:2380#d-1, i-2=http://10.0.0.2:2380#d-2
    claim the founding of generation 2, which begins with the backup 1-c1-9-20260131T110000Z.db, by i-1=http://10.0.0.1:2380#d-1
    make the record of a cluster that has none, as generation 1: i-1=http://10.0.0.1:2380#d-1, i-2=http://10.0.0.2:2380#?
    write into the record that i-3 is to join
    write into the record that a member's volume is on i-4 now
    keep the record true: i-1=http://10.0.0.1:2380#d-1, i-2=http://10.0.0.2:2380#d-2+
    write into the record that the backup 1-c1-7-20260131T110000Z.db is restored instead: 1-c1-9-20260131T110000Z.db is spoilt
    change the record: Ada declares d-3 gone
    """#

let waitSentences = #"""
    the data directory can't be used: open /var/lib/etcd: Permission denied
    the record knows a volume here, m-1, and it is not mounted
    the data here belongs to i-9, says its stamp; move it back there, or rename it aside to join empty
    the volume of i-3 is here; the leader has to tell the cluster where member 3 is now
    the volume of i-3 is here; the leader has to tell the cluster where its member is now
    the volume of i-3 is here, and nobody leads who could tell the cluster
    the data here has no stamp, and cluster c1 does not list this address; rename it aside to join empty
    the data here has no stamp, and its own list knows another address: http://10.0.0.8:2380, http://10.0.0.9:2380
    the data here is of generation 1; generation 2 has begun, and nobody of it answers
    the data here was being carried into generation 2, and the record does not say so: it must not run as it was
    the record starts this generation here from the backup main/1-c1-9.db, and there is data
    etcd can't run on the data here (crc mismatch), and it stays: no cluster answers that has its quorum without it
    the autoscaling group could not be read: DescribeAutoScalingGroups: Throttling
    group main lists 0 instances, but not this one
    group main lists 1 instance, but not this one
    the group holds this instance as Standby
    EC2 calls this instance shutting-down
    the record could not be read: s3:bucket/main: 403
    two records can't both be right: route53:Z1: generation 1 of arn:aws:autoscaling:group/main, s3:bucket/main: none, s3:bucket/main: 403; `etcd-cluster forget` drops the wrong one
    the record under this name is of arn:other: its cluster c9 answers
    several clusters answer in one group, which only a person can settle: c1, c2
    nobody can tell whether data lives on i-2 (timeout), i-3 (timeout)
    data may live on instances that can't be asked: i-2 (stopping), i-3 (pending, no address)
    data may live where nothing can be known: i-3: timeout
    i-2, i-3 keep the record elsewhere: bucket and zone have to be the same on every instance
    a cluster is there and has no leader, seen by i-2 (cluster c1, 2 members)
    these have not named the same founders yet: i-2, i-3
    a cluster is being founded without this instance: i-2=http://10.0.0.2:2380, i-3=http://10.0.0.3:2380
    1 instance of the group runs, 3 are wanted to found
    2 instances of the group run, 3 are wanted to found
    founding, once a second reading shows the same i-1, i-2, i-3
    the hosted zone could not be read: ListResourceRecordSets: AccessDenied
    nobody answers, yet the zone names members of an earlier cluster main: i-9.main.example.org.; its data may live; if it is lost for good, delete those records to found anew
    the backups could not be listed: ListObjectsV2: 403
    nobody holds data, and there is 1 backup: nothing empty is founded beside it
    nobody holds data, and there are 2 backups: nothing empty is founded beside them
    nobody holds data, and what is in the place of the backups is none that can be restored here: etcd.json, notes.txt. Backups of etcd's v2 keys, as older tools made them in JSON, are none of etcd 3's; move them away, or run `etcd-cluster recover --from empty --accept-data-loss`
    1-c1-9-20260131T110000Z.db could not be restored here, as the log explains, and no other backup comes after: `etcd-cluster backups` lists what there is, and `etcd-cluster recover --from snapshot` begins with what a person chooses
    there are backups of generation 7, and the record is of generation 1: they are of another cluster of this name, or the record is an old one; move them away, or run `etcd-cluster recover --from snapshot`
    the group is to be empty, and everything up to revision 9 is in a backup: this instance may go
    nobody holds data, and the backups of generation 3 are of two clusters, so that a person has to choose: `etcd-cluster backups` lists them, and `etcd-cluster recover --from NAME` begins with one
    group my_group has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name
    etcd ran here before and its data is gone; as long as no cluster answers, founding could lose what others hold
    the newest data may live on: i-3 is running: timeout
    i-2 has yet to start this generation
    i-2, i-3 have yet to start this generation
    the disks that are held are a quorum, as i-2 knows it: they have to reach each other
    i-2 knows a leader that can't be reached from here
    generation 1 is lost, and --on-loss hold leaves it to a person: run `etcd-cluster recover`
    etcd can't run on what i-2 holds, and what that is worth is for a person to judge: run `etcd-cluster recover`
    the record says that i-4 is to join first
    another member is joining: 8 at http://10.0.0.4:2380
    the cluster has 3 members of 3
    the cluster has 3 members of 3, not healthy: i-3 (3)
    adding a member would spend the quorum: 2 of 4 voters would be healthy, 3 are needed
    our entry i-1 (1) can't be removed without spending the quorum: 1 of 2 voters would be healthy, 2 are needed
    another machine runs etcd as our entry i-1 (1); two with one instance ID or address can't both be members
    by the record the data of our entry i-1 (1) is on i-4 now, and may live on there
    entry i-1 (1) belongs to data that is lost; the leader has to remove it
    asked the leader of cluster c1 to be entered
    etcd could not be run here, so nobody is asked to enter this instance: flag provided but not defined: -max-learners
    not every peer shows our entry 7 yet: i-2, i-3
    our entry was just removed; 1.1 seconds have to pass before it is added anew
    """#

let stepSentences = #"""
    remove member i-3 (3): EC2 has terminated i-3
    remove member i-3 (3): EC2 does not know i-3 any more, and neither does its group
    remove member i-3 (3): i-3 reports another disk, d-33
    remove member i-3 (3): Ada has declared its disk gone
    remove member i-3 (3): etcd can't run on the data of i-3: crc mismatch
    remove entry 7 at http://10.0.0.4:2380: it never started, and no instance has its address 10.0.0.4
    remove member i-3 (3): i-3 leaves the group
    remove learner i-3 (3): its volume is on i-4 now, where it can join anew
    add i-4 at http://10.0.0.4:2380 as a learner
    promote learner i-4 (4)
    tell the cluster that member i-3 (3) is at http://10.0.0.4:2380 now
    hand leadership to i-2 (2): i-1 leaves the group
    hand leadership to i-2 (2): AWS answers it, and not us
    change DNS: set A etcd-server.main.example.org. to 10.0.0.1, 10.0.0.2, delete A i-3.main.example.org.
    ask for more time for i-3, held by hook etcd-end
    let i-3 go on, held by hook etcd-end
    have a backup made of generation 1, from i-2 (2): there are changes since the last one
    have a backup made of generation 1, from i-2 (2): there is none of this generation
    have a backup made of generation 1, from i-2 (2): a voter is about to be removed
    delete 1 backup, which newer ones stand for: 1-c1-7-20260131T110000Z.db
    delete 4 backups, which newer ones stand for: 1-c1-5-20260131T110000Z.db, 1-c1-6-20260131T110000Z.db, 1-c1-7-20260131T110000Z.db, ...
    tell CloudWatch of the backups: the newest proven one is 3600.0 seconds old
    tell CloudWatch of the backups: the newest proven one is yet to be made
    """#

let deferralSentences = #"""
    member 8e9e05c52164694d leads, and does what is to be done
    alarm CORRUPT on 2, 3: members' data differ, every change is held
    alarm NOSPACE on 2: etcd refuses writes; compact, defragment and disarm the alarm
    nobody is removed: the autoscaling group could not be read: DescribeAutoScalingGroups: 503
    nobody is removed: group main lists 2 instances, but not this one
    nobody is removed: EC2 could not be asked: DescribeInstances: RequestLimitExceeded
    nobody is added, and who is not terminated stays: the record could not be read: 503
    everything is held: two records can't both be right: route53:Z1: generation 1 of arn:aws:autoscaling:group/main, s3:bucket/main: none, s3:bucket/main: 403; `etcd-cluster forget` drops the wrong one
    everything is held: the record under this name is of arn:other
    everything is held: the record knows generation 1, and this cluster is of generation 2
    everything is held: generation 2 has begun, and this cluster is of generation 1
    everything is held: the record is of generation 1 and does not name this member
    member i-3 (3) stays, though it should go: removing it would spend the quorum: 1 of 2 voters would be healthy, 2 are needed
    member i-3 (3) goes in a later turn: one change at a time
    our own i-1 (1) should go (EC2 has terminated i-1): whoever leads next may remove it
    member i-3 (3) stays, for it answers, though EC2 does not know i-3 any more, and neither does its group
    member i-3 (3) stays, though EC2 does not know i-3 any more, and neither does its group: two voters would be left, and no instance asks to take the place
    member i-3 (3) stays, though EC2 has terminated i-3: the join strategy leaves it to an operator
    member i-3 (3) stays: i-3 is shutting-down
    member i-3 (3) stays, though the group does not list its instance: it is running
    member i-3 (3) is not healthy, and its instance is running: connection refused
    member node-9 (9) is not named by an instance ID: nothing can be known of its machine
    entry 7 at http://10.0.0.4:2380 never started, and no instance has its address; it goes in 42.0 seconds
    i-3 is held, though it is to leave: it is the last voter; another one has to serve first
    learner i-4 (4) has not caught up yet
    learner i-4 (4) has no vote yet: with it, the quorum would be at risk: 2 of 4 voters would be healthy, 3 are needed
    2 members of 3: a joiner has to come
    i-4 is a spare: the cluster has 3 members of 3
    i-4 waits to join: another change of the members is under way
    i-4 waits to join: adding it would spend the quorum: 2 of 4 voters would be healthy, 3 are needed
    i-3 is held by hooks of which none is known to be ours: a, b; name one by --lifecycle-hook
    the lifecycle hooks could not be read: 503
    leadership stays: no healthy voter says that AWS answers it
    DNS stays as it is: the hosted zone could not be read: ListResourceRecordSets: AccessDenied
    DNS stays as it is: no healthy voter to name
    DNS stays as it is: member node 9 (9) has no IPv4 address, or no name that DNS could bear
    DNS stays as it is: main.example.org. is an alias or routed set that we did not make
    DNS stays as it is: group my_group has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name
    no backup is made: those that are there could not be listed: ListObjectsV2: 403
    no backup is made: without a record nothing tells which cluster's life a backup belongs to
    no backup is made: no healthy voter could be asked for one
    there are backups of generation 7, of another cluster of this name, which rank above those of this one, of generation 1: move them away, or a loss of every member has to be settled by a person
    backups of another cluster under this name are of generation 3, as ours are: should every disk be lost, a person would have to choose; move them away
    """#
