/// Plans as sentences: what the log says, what `plan` prints, and what a person reads at night.

extension StartPlan: CustomStringConvertible {
    package var description: String {
        switch self {
        case .start(let launch): launch.description
        case .setAside(.removedFromCluster(let cluster)):
            "set the data aside: cluster \(cluster) has removed this member"
        case .removeOwnEntry(let member, _):
            "remove our entry \(member.label): it belongs to data that is lost"
        case .addSelf(let cluster):
            "join cluster \(cluster.id): add this instance to its \(list(cluster.members.map(\.label)))"
        case .wait(let reason): "wait: \(reason)"
        }
    }
}

extension Launch: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .resume: "resume on the data that is here"
        case .found(let token):
            "found a cluster of \(initialCluster.count), token \(token): \(list(initialCluster.map(\.description)))"
        case .join(let cluster, let member):
            "join cluster \(cluster) as member \(member), one of \(initialCluster.count): \(list(initialCluster.map(\.description)))"
        }
    }
}

extension WaitReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .dataDirectoryUnusable(let cause): "the data directory can't be used: \(cause)"
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
        case .noLeader(let peers): "a cluster is there and has no leader, seen by \(list(peers.map(\.explained)))"
        case .foundersDiffer(let peers): "peers show different members: \(list(peers.map(\.explained)))"
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
        case .clusterNotAnswering(let cluster):
            "cluster \(cluster), which this instance was to join, does not answer; its data may live"
        case .otherMemberJoining(let member): "another member is joining: \(member.label)"
        case .clusterFull(let members, let size, let unhealthy):
            "the cluster has \(counted(members, "member")) of \(size)"
                + (unhealthy.isEmpty ? "" : ", not healthy: \(list(unhealthy.map(\.label)))")
        case .quorumAtRisk(let risk): "adding a member would spend the quorum: \(risk)"
        case .ownEntryNeeded(let member, let risk):
            "our entry \(member.label) can't be removed without spending the quorum: \(risk)"
        case .ownEntryAlive(let member):
            "another machine runs etcd as our entry \(member.label); two with one instance ID or address can't both be members"
        case .peersLagging(let peers, let id):
            "not every peer shows our entry \(id) yet: \(list(peers.map(\.instance.rawValue)))"
        case .addTooSoon(let after): "our entry was just removed; \(after) have to pass before it is added anew"
        }
    }
}

extension ReconcilePlan.Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .removeMember(let member, .instanceTerminated(let instance)):
            "remove member \(member.label): EC2 has terminated \(instance)"
        case .removeMember(let member, .neverStarted(let address)):
            "remove entry \(member.label): it never started, and no instance has its address \(address)"
        case .changeDNS(let changes): "change DNS: \(list(changes.map(\.description)))"
        }
    }
}

extension RecordChange: CustomStringConvertible {
    package var description: String {
        switch self {
        case .upsert(let record): "set \(record.kind.rawValue) \(record.name) to \(list(record.values))"
        case .delete(let record): "delete \(record.kind.rawValue) \(record.name)"
        }
    }
}

extension Deferral: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notLeader(let leader): "member \(leader) leads, and does what is to be done"
        case .corrupt(let members):
            "alarm CORRUPT on \(list(members.map(\.description))): members' data differ, every change is held"
        case .noSpace(let members):
            "alarm NOSPACE on \(list(members.map(\.description))): etcd refuses writes; "
                + "compact, defragment and disarm the alarm"
        case .groupNotRead(let cause): "nobody is removed: the autoscaling group could not be read: \(cause)"
        case .notInGroup(let group, let listed):
            "nobody is removed: group \(group) lists \(counted(listed, "instance")), but not this one"
        case .instancesNotRead(let cause): "nobody is removed: EC2 could not be asked: \(cause)"
        case .quorumAtRisk(let member, let risk):
            "member \(member.label) stays, though its instance is gone: removing it would spend the quorum: \(risk)"
        case .oneRemovalPerTurn(let member): "member \(member.label) goes in a later turn: one at a time"
        case .ownInstanceTerminated(let member):
            "EC2 calls our own instance terminated; whoever leads next may remove \(member.label)"
        case .instanceUnknownToEC2(let member):
            "member \(member.label) stays: EC2 does not know its instance, which proves nothing by itself"
        case .instanceLeaving(let member, let state): "member \(member.label) stays: its instance is \(state)"
        case .outsideGroup(let member, let state):
            "member \(member.label) stays, though the group does not list its instance: it is \(state)"
        case .unhealthyButRunning(let member, let state, let cause):
            "member \(member.label) is not healthy, and its instance is \(state): \(cause)"
        case .notAnInstance(let member):
            "member \(member.label) is not named by an instance ID: nothing can be known of its machine"
        case .orphanInGrace(let member, let remaining):
            "entry \(member.label) never started, and no instance has its address; it goes in \(remaining)"
        case .memberMissing(let members, let size): "\(counted(members, "voter")) of \(size): a joiner has to come"
        case .zoneNotRead(let cause): "DNS stays as it is: the hosted zone could not be read: \(cause)"
        case .nobodyForDNS: "DNS stays as it is: no healthy voter to name"
        case .unnameable(let member):
            "DNS stays as it is: member \(member.label) has no IPv4 address, or no name that DNS could bear"
        case .noClusterName(let group):
            "DNS stays as it is: group \(group) has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name"
        case .recordNotOurs(let name): "DNS stays as it is: \(name) is an alias or routed set that we did not make"
        }
    }
}

extension QuorumRisk: CustomStringConvertible {
    package var description: String {
        "\(healthyVoters) of \(counted(voters, "voter")) would be healthy, \(quorum) are needed"
    }
}

extension Instance.State: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pending: "pending"
        case .running: "running"
        case .stopping: "stopping"
        case .stopped: "stopped"
        case .shuttingDown: "shutting-down"
        case .terminated: "terminated"
        case .unknownToEC2: "unknown"
        case .unclear: "unclear"
        }
    }
}

extension Member {
    /// Name and ID, as far as there are any: `i-0abc (8e9e05c52164694d)`.
    package var label: String {
        name.isEmpty ? "\(id) at \(peerURLs.first.map(\.description) ?? "no address")" : "\(name) (\(id))"
    }
}

extension Peer {
    fileprivate var explained: String {
        switch answer {
        case .members(let cluster, let members):
            "\(instance) (cluster \(cluster), \(counted(members.count, "member")))"
        case .refused: "\(instance) (nothing listens at \(endpoint))"
        case .silent(let cause): "\(instance) (\(cause))"
        }
    }
}

private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

private func list(_ items: [String]) -> String { items.joined(separator: ", ") }
