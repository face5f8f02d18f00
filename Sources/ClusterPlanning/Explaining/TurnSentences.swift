/// The leader's turns as sentences.

extension ReconcilePlan.Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .swapRecord(let swap): swap.description
        case .removeMember(let member, .neverStarted(let address)):
            "remove entry \(member.label): it never started, and no instance has its address \(address)"
        case .removeMember(let member, .diskGone(let loss)): "remove member \(member.label): \(loss)"
        case .removeMember(let member, .diskUnusable(let instance, let cause)):
            "remove member \(member.label): etcd can't run on the data of \(instance): \(cause)"
        case .removeMember(let member, .learnerMoved(let instance)):
            "remove learner \(member.label): its volume is on \(instance) now, where it can join anew"
        case .removeMember(let member, .drained(let instance)):
            "remove member \(member.label): \(instance) leaves the group"
        case .addMember(let instance, let url, let asLearner):
            "add \(instance) at \(url) as a \(asLearner ? "learner" : "voter")"
        case .promote(let member): "promote learner \(member.label)"
        case .updatePeerURL(let member, let url): "tell the cluster that member \(member.label) is at \(url) now"
        case .moveLeader(let member, .draining(let instance)):
            "hand leadership to \(member.label): \(instance) leaves the group"
        case .moveLeader(let member, .blindToAWS): "hand leadership to \(member.label): AWS answers it, and not us"
        case .changeDNS(let changes): "change DNS: \(list(changes.map(\.description)))"
        case .heartbeat(let hook, let instance): "ask for more time for \(instance), held by hook \(hook)"
        case .completeHook(let hook, let instance): "let \(instance) go on, held by hook \(hook)"
        case .backUp(let order): order.description
        case .publish(let figures):
            "tell CloudWatch of the backups: the newest proven one is "
                + (figures.provenAge.map { "\(Duration.seconds($0)) old" } ?? "yet to be made")
        case .deleteBackups(let backups):
            "delete \(counted(backups.count, "backup")), which newer ones stand for: "
                + list(backups.prefix(3).map(\.name)) + (backups.count > 3 ? ", ..." : "")
        }
    }
}

extension BackupOrder: CustomStringConvertible {
    package var description: String {
        let why =
            switch reason {
            case .due: "there are changes since the last one"
            case .first: "there is none of this generation"
            case .beforeRemoval: "a voter is about to be removed"
            case .unproven: "the last one has still to be proven"
            }
        return "have a backup made of generation \(generation), from \(member.label): \(why)"
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
            "member \(member.label) stays, though it should go: removing it would spend the quorum: \(risk)"
        case .oneChangePerTurn(let member): "member \(member.label) goes in a later turn: one change at a time"
        case .ownDiskGone(let member, let loss):
            "our own \(member.label) should go (\(loss)): whoever leads next may remove it"
        case .recordNotRead(let cause):
            "nobody is added, and who is not terminated stays: the record could not be read: \(cause)"
        case .recordsConflict(let readings):
            "everything is held: two records can't both be right: \(list(readings.map(\.explained))); "
                + "`etcd-cluster forget` drops the wrong one"
        case .recordOfOther(let owner): "everything is held: the record under this name is of \(owner)"
        case .recordBehind(let generation, let own):
            "everything is held: the record knows generation \(generation), and this cluster is of generation \(own)"
        case .recordLacksUs(let generation):
            "everything is held: the record is of generation \(generation) and does not name this member"
        case .overtaken(let generation, let own):
            "everything is held: generation \(generation) has begun, and this cluster is of generation \(own)"
        case .reachedThoughGone(let member, let loss): "member \(member.label) stays, for it answers, though \(loss)"
        case .tooWeak(let member, let loss, let why): "member \(member.label) stays, though \(loss): \(why)"
        case .removalNotAllowed(let member, let loss):
            "member \(member.label) stays, though \(loss): the join strategy leaves it to an operator"
        case .fateUnknown(let member, let cause): "member \(member.label) stays: \(cause)"
        case .outsideGroup(let member, let state):
            "member \(member.label) stays, though the group does not list its instance: it is \(state)"
        case .unhealthyButRunning(let member, let state, let cause):
            "member \(member.label) is not healthy, and its instance is \(state): \(cause)"
        case .notAnInstance(let member):
            "member \(member.label) is not named by an instance ID: nothing can be known of its machine"
        case .orphanInGrace(let member, let remaining):
            "entry \(member.label) never started, and no instance has its address; it goes in \(remaining)"
        case .drainHeld(let instance, let why): "\(instance) is held, though it is to leave: \(why)"
        case .learnerBehind(let member): "learner \(member.label) has not caught up yet"
        case .promotionRisksQuorum(let member, let risk):
            "learner \(member.label) has no vote yet: with it, the quorum would be at risk: \(risk)"
        case .spare(let instance, let members, let size):
            "\(instance) is a spare: the cluster has \(counted(members, "member")) of \(size)"
        case .joinHeld(let instance, let why): "\(instance) waits to join: \(why)"
        case .addRisksQuorum(let instance, let risk):
            "\(instance) waits to join: adding it would spend the quorum: \(risk)"
        case .hookNotOurs(let instance, let hooks):
            "\(instance) is held by hooks of which none is known to be ours: \(list(hooks)); name one by --lifecycle-hook"
        case .hooksNotRead(let cause): "the lifecycle hooks could not be read: \(cause)"
        case .nobodyToLead(let why): "leadership stays: \(why)"
        case .memberMissing(let members, let size): "\(counted(members, "member")) of \(size): a joiner has to come"
        case .zoneNotRead(let cause): "DNS stays as it is: the hosted zone could not be read: \(cause)"
        case .nobodyForDNS: "DNS stays as it is: no healthy voter to name"
        case .unnameable(let member):
            "DNS stays as it is: member \(member.label) has no IPv4 address, or no name that DNS could bear"
        case .noClusterName(let group):
            "DNS stays as it is: group \(group) has no name that DNS could bear (letters, digits, hyphens; at most 63): set --cluster-name"
        case .backupsNotRead(let cause): "no backup is made: those that are there could not be listed: \(cause)"
        case .backupsShareGeneration(let generation):
            "backups of another cluster under this name are of generation \(generation), as ours are: should every disk be "
                + "lost, a person would have to choose; move them away"
        case .backupsNeedRecord:
            "no backup is made: without a record nothing tells which cluster's life a backup belongs to"
        case .nobodyToSave: "no backup is made: no healthy voter could be asked for one"
        case .backupsOutrank(let generation, let own):
            "there are backups of generation \(generation), of another cluster of this name, which rank above those of this one, "
                + "of generation \(own): move them away, or a loss of every member has to be settled by a person"
        case .recordNotOurs(let name): "DNS stays as it is: \(name) is an alias or routed set that we did not make"
        }
    }
}
