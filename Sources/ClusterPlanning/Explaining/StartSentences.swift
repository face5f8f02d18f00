/// Plans of a start as sentences: what the log says, what `plan` prints, and what a person reads at night.

extension StartPlan: CustomStringConvertible {
    package var description: String {
        switch self {
        case .start(let launch): launch.description
        case .setAside(.removedFromCluster(let cluster)):
            "set the data aside: cluster \(cluster) has removed this member"
        case .setAside(.ofEarlierGeneration(let generation, let now)):
            "set the data aside: it is of generation \(generation), and generation \(now) of the cluster answers"
        case .setAside(.corrupt(let cause)):
            "set the data aside: etcd can't run on it (\(cause)), and the cluster has its quorum without it"
        case .claim(let swap): swap.description
        case .act(let step, let cluster):
            "\(step), through cluster \(cluster.id), whose leader has no supervisor of ours"
        case .wait(let reason): "wait: \(reason)"
        }
    }
}

extension RunningPlan: CustomStringConvertible {
    package var description: String {
        switch self {
        case .stay(nil): "let etcd run"
        case .stay(let reason?): "let etcd run, and wait: \(reason)"
        case .stop(let plan): "stop etcd, to \(plan)"
        case .claim(let swap): swap.description
        case .stamp(let stamp): "write down that this data is of generation \(stamp.generation ?? 0)"
        }
    }
}

extension RecordSwap: CustomStringConvertible {
    package var description: String {
        let starters = list(record.start.map(\.description))
        switch reason {
        case .founding:
            let beginning = record.source == .empty ? "" : ", which begins with \(record.source),"
            return "claim the founding of generation \(record.generation)\(beginning) by \(starters)"
        case .recovery:
            return
                "claim the recovery: generation \(record.generation) begins with \(record.source), started by \(starters)"
        case .adoption:
            return "make the record of a cluster that has none, as generation \(record.generation): "
                + list(record.voters.map(\.description))
        case .joining(let instance): return "write into the record that \(instance) is to join"
        case .moving(let instance): return "write into the record that a member's volume is on \(instance) now"
        case .upkeep: return "keep the record true: \(list(record.voters.map(\.description)))"
        case .otherBackup(let spoilt):
            return "write into the record that \(record.source) is restored instead: \(spoilt) is spoilt"
        case .byOperator(let what): return "change the record: \(what)"
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
        case .inspect: "see what the data here holds: its member list and how far it is committed"
        case .restore(let name, _):
            "restore the backup \(name) as generation \(generation ?? 0), a cluster of one that the others join"
        case .save: "serve nobody any more, and make a last backup of what is here"
        case .force(let member):
            "carry the data of member \(member) that is here into generation \(generation ?? 0)"
        }
    }
}
