/// What a start waits for, as sentences.

extension WaitReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .dataDirectoryUnusable(let cause): "the data directory can't be used: \(cause)"
        case .volumeMissing(let disk): "the record knows a volume here, \(disk), and it is not mounted"
        case .movedVolume(let instance, let member):
            "the volume of \(instance) is here; the leader has to tell the cluster where \(member.map { "member \($0)" } ?? "its member") is now"
        case .movedVolumeWithoutLeader(let instance):
            "the volume of \(instance) is here, and nobody leads who could tell the cluster"
        case .dataWithoutStampElsewhere(let shown):
            "the data here has no stamp, and its own list knows another address: \(list(shown.map(\.description)))"
        case .dataOfEarlierGeneration(let generation, let now):
            "the data here is of generation \(generation); generation \(now) has begun, and nobody of it answers"
        case .carriedHalfway(let generation):
            "the data here was being carried into generation \(generation), and the record does not say so: it must not run as it was"
        case .startsFromOtherSource(let source):
            "the record starts this generation here from \(source), and there is data"
        case .corruptData(let cause, let why): "etcd can't run on the data here (\(cause)), and it stays: \(why)"
        case .recordNotRead(let cause): "the record could not be read: \(cause)"
        case .recordsConflict(let readings):
            "two records can't both be right: \(list(readings.map(\.explained))); `etcd-cluster forget` drops the wrong one"
        case .recordOfOther(let owner, let why): "the record under this name is of \(owner): \(why)"
        case .dataOfAnotherInstance(let instance):
            "the data here belongs to \(instance), says its stamp; move it back there, or rename it aside to join empty"
        case .dataNotInCluster(let cluster):
            "the data here has no stamp, and cluster \(cluster.id) does not list this address; "
                + "rename it aside to join empty"
        case .groupNotRead(let cause): "the autoscaling group could not be read: \(cause)"
        case .notInGroup(let group, let listed):
            "group \(group) lists \(counted(listed, "instance")), but not this one"
        case .notInDuty(let lifecycle): "the group holds this instance as \(lifecycle)"
        case .ownStateNotRunning(let state): "EC2 calls this instance \(state)"
        case .severalClusters(let ids):
            "several clusters answer in one group, which only a person can settle: \(list(ids.map(\.description)))"
        case .peersSilent(let peers):
            "nobody can tell whether data lives on \(list(peers.map(\.explained)))"
        case .instancesUnsettled(let instances):
            "data may live on instances that can't be asked: "
                + list(instances.map { "\($0.id) (\($0.state)\($0.address == nil ? ", no address" : ""))" })
        case .reportsMissing(let doubts): "data may live where nothing can be known: \(list(doubts))"
        case .storesDiffer(let instances):
            "\(list(instances.map(\.rawValue))) keep the record elsewhere: bucket and zone have to be the same on every instance"
        case .noLeader(let peers): "a cluster is there and has no leader, seen by \(list(peers.map(\.explained)))"
        case .foundersDiffer(let instances):
            "these have not named the same founders yet: \(list(instances.map(\.rawValue)))"
        case .foundingWithoutUs(let founders):
            "a cluster is being founded without this instance: \(list(founders.map(\.description)))"
        case .groupIncomplete(let running, let wanted):
            "\(counted(running, "instance")) of the group \(running == 1 ? "runs" : "run"), \(wanted) are wanted to found"
        case .groupMayChange(let founders):
            "founding, once a second reading shows the same \(list(founders.map(\.name)))"
        case .zoneNotRead(let cause): "the hosted zone could not be read: \(cause)"
        case .zoneNamesCluster(let name, let hosts):
            "nobody answers, yet the zone names members of an earlier cluster \(name): \(list(hosts)); "
                + "its data may live; if it is lost for good, delete those records to found anew"
        case .noClusterName(let group):
            "group \(group) has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name"
        case .ownDataLost:
            "etcd ran here before and its data is gone; as long as no cluster answers, founding could lose what others hold"
        case .backupsNotRead(let cause): "the backups could not be listed: \(cause)"
        case .backupsExist(let count):
            "nobody holds data, and there \(count == 1 ? "is" : "are") \(counted(count, "backup")): nothing empty is founded beside \(count == 1 ? "it" : "them")"
        case .backupsNotOurs(let keys):
            "nobody holds data, and what is in the place of the backups is none that can be restored here: "
                + "\(list(keys)). Backups of etcd's v2 keys, as older tools made them in JSON, are none of etcd 3's; "
                + "move them away, or run `etcd-cluster recover --from empty --accept-data-loss`"
        case .backupsShareGeneration(let generation):
            "nobody holds data, and the backups of generation \(generation) are of two clusters, so that a person has to choose: "
                + "`etcd-cluster backups` lists them, and `etcd-cluster recover --from NAME` begins with one"
        case .backupsSpoilt(let keys):
            "\(list(keys)) could not be restored here, as the log explains, and no other backup comes after: "
                + "`etcd-cluster backups` lists what there is, and `etcd-cluster recover --from snapshot` begins with what a person chooses"
        case .backupsOutrank(let generation, let record):
            "there are backups of generation \(generation), and the record is of generation \(record): they are of another "
                + "cluster of this name, or the record is an old one; move them away, or run `etcd-cluster recover --from snapshot`"
        case .savedToTheEnd(let revision):
            "the group is to be empty, and everything up to revision \(revision) is in a backup: this instance may go"
        case .generationUnknown(let doubts): "the newest data may live on: \(list(doubts))"
        case .generationPending(let instances):
            "\(list(instances.map(\.rawValue))) \(instances.count == 1 ? "has" : "have") yet to start this generation"
        case .generationQuorate(let instance):
            "the disks that are held are a quorum, as \(instance) knows it: they have to reach each other"
        case .generationLed(let instance): "\(instance) knows a leader that can't be reached from here"
        case .generationHeld(let generation):
            "generation \(generation) is lost, and --on-loss hold leaves it to a person: run `etcd-cluster recover`"
        case .dataUnusable(let instances):
            "etcd can't run on what \(list(instances.map(\.rawValue))) holds, and what that is worth is for a person to judge: "
                + "run `etcd-cluster recover`"
        case .ownEntryOfLostData(let member):
            "entry \(member.label) belongs to data that is lost; the leader has to remove it"
        case .programUnfit(let cause): "etcd could not be run here, so nobody is asked to enter this instance: \(cause)"
        case .askedToJoin(let cluster): "asked the leader of cluster \(cluster) to be entered"
        case .otherAnnounced(let instance): "the record says that \(instance) is to join first"
        case .otherMemberJoining(let member): "another member is joining: \(member.label)"
        case .clusterFull(let members, let size, let unhealthy):
            "the cluster has \(counted(members, "member")) of \(size)"
                + (unhealthy.isEmpty ? "" : ", not healthy: \(list(unhealthy.map(\.label)))")
        case .quorumAtRisk(let risk): "adding a member would spend the quorum: \(risk)"
        case .ownEntryNeeded(let member, let risk):
            "our entry \(member.label) can't be removed without spending the quorum: \(risk)"
        case .ownEntryAlive(let member):
            "another machine runs etcd as our entry \(member.label); two with one instance ID or address can't both be members"
        case .ownEntryMoved(let member, let instance):
            "by the record the data of our entry \(member.label) is on \(instance) now, and may live on there"
        case .peersLagging(let peers, let id):
            "not every peer shows our entry \(id) yet: \(list(peers.map(\.instance.rawValue)))"
        case .addTooSoon(let after): "our entry was just removed; \(after) have to pass before it is added anew"
        }
    }
}
