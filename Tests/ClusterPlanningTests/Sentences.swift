/// The goldens: what plans say, word for word. The samples are in `ExplanationTests`, in the same order.

let startSentences = #"""
    resume on the data that is here
    found a cluster of 3, token etcd-cluster-i-1: i-1=http://10.0.0.1:2380, i-2=http://10.0.0.2:2380, i-3=http://10.0.0.3:2380
    join cluster c1 as member 7, one of 2: i-1=http://10.0.0.1:2380, i-2=http://10.0.0.2:2380
    set the data aside: cluster c1 has removed this member
    remove our entry i-1 (1): it belongs to data that is lost
    join cluster c1: add this instance to its i-1 (1), i-2 (2), i-3 (3)
    wait: etcd ran here before and its data is gone; as long as no cluster answers, founding could lose what others hold
    """#

let waitSentences = #"""
    the data directory can't be used: open /var/lib/etcd: Permission denied
    the data here belongs to i-9, says its stamp; move it back there, or rename it aside to join empty
    the data here has no stamp, and cluster c1 does not list this address; rename it aside to join empty
    the autoscaling group could not be read: DescribeAutoScalingGroups: Throttling
    group main lists 0 instances, but not this one
    group main lists 1 instance, but not this one
    the group holds this instance as Standby
    EC2 calls this instance shutting-down
    several clusters answer in one group, which only a person can settle: c1, c2
    nobody can tell whether data lives on i-2 (timeout), i-3 (timeout)
    data may live on instances that can't be asked: i-2 (stopping), i-3 (pending, no address)
    a cluster is there and has no leader, seen by i-2 (cluster c1, 2 members)
    peers show different members: i-2 (cluster c1, 1 member), i-3 (cluster c2, 2 members)
    a cluster is being founded without this instance: i-2=http://10.0.0.2:2380, i-3=http://10.0.0.3:2380
    1 instance of the group runs, 3 are wanted to found
    2 instances of the group run, 3 are wanted to found
    founding, once a second reading shows the same i-1, i-2, i-3
    the hosted zone could not be read: ListResourceRecordSets: AccessDenied
    nobody answers, yet the zone names members of an earlier cluster main: i-9.main.example.org.; its data may live; if it is lost for good, delete those records to found anew
    group my_group has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name
    etcd ran here before and its data is gone; as long as no cluster answers, founding could lose what others hold
    cluster c1, which this instance was to join, does not answer; its data may live
    another member is joining: 8 at http://10.0.0.4:2380
    the cluster has 3 members of 3
    the cluster has 3 members of 3, not healthy: i-3 (3)
    adding a member would spend the quorum: 2 of 4 voters would be healthy, 3 are needed
    our entry i-1 (1) can't be removed without spending the quorum: 1 of 2 voters would be healthy, 2 are needed
    another machine runs etcd as our entry i-1 (1); two with one instance ID or address can't both be members
    not every peer shows our entry 7 yet: i-2, i-3
    our entry was just removed; 1.1 seconds have to pass before it is added anew
    """#

let stepSentences = #"""
    remove member i-3 (3): EC2 has terminated i-3
    remove entry 7 at http://10.0.0.4:2380: it never started, and no instance has its address 10.0.0.4
    change DNS: set A etcd-server.main.example.org. to 10.0.0.1, 10.0.0.2, delete A i-3.main.example.org.
    """#

let deferralSentences = #"""
    member 8e9e05c52164694d leads, and does what is to be done
    alarm CORRUPT on 2, 3: members' data differ, every change is held
    alarm NOSPACE on 2: etcd refuses writes; compact, defragment and disarm the alarm
    nobody is removed: the autoscaling group could not be read: DescribeAutoScalingGroups: 503
    nobody is removed: group main lists 2 instances, but not this one
    nobody is removed: EC2 could not be asked: DescribeInstances: RequestLimitExceeded
    member i-3 (3) stays, though its instance is gone: removing it would spend the quorum: 1 of 2 voters would be healthy, 2 are needed
    member i-3 (3) goes in a later turn: one at a time
    EC2 calls our own instance terminated; whoever leads next may remove i-1 (1)
    member i-3 (3) stays: EC2 does not know its instance, which proves nothing by itself
    member i-3 (3) stays: its instance is shutting-down
    member i-3 (3) stays, though the group does not list its instance: it is running
    member i-3 (3) is not healthy, and its instance is running: connection refused
    member node-9 (9) is not named by an instance ID: nothing can be known of its machine
    entry 7 at http://10.0.0.4:2380 never started, and no instance has its address; it goes in 42.0 seconds
    2 voters of 3: a joiner has to come
    DNS stays as it is: the hosted zone could not be read: ListResourceRecordSets: AccessDenied
    DNS stays as it is: no healthy voter to name
    DNS stays as it is: member node 9 (9) has no IPv4 address, or no name that DNS could bear
    DNS stays as it is: main.example.org. is an alias or routed set that we did not make
    DNS stays as it is: group my_group has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name
    """#
