/// The words for the nouns, shared by every sentence.

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
    var explained: String {
        switch answer {
        case .members(let cluster, let members):
            "\(instance) (cluster \(cluster), \(counted(members.count, "member")))"
        case .refused: "\(instance) (nothing listens at \(endpoint))"
        case .silent(let cause): "\(instance) (\(cause))"
        }
    }
}

func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

func list(_ items: [String]) -> String { items.joined(separator: ", ") }

extension Loss: CustomStringConvertible {
    package var description: String {
        switch self {
        case .instanceTerminated(let instance): "EC2 has terminated \(instance)"
        case .instanceForgotten(let instance): "EC2 does not know \(instance) any more, and neither does its group"
        case .replaced(let instance, let disk): "\(instance) reports another disk, \(disk)"
        case .declared(let teller): "\(teller) has declared its disk gone"
        }
    }
}

extension ClusterRecord.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "nothing"
        case .snapshot(let key): "the backup \(key)"
        case .member(let member): "the disk of member \(member)"
        }
    }
}

extension ClusterRecord.Entry: CustomStringConvertible {
    package var description: String {
        "\(instance)=\(peerURL)#\(disk.map(\.rawValue) ?? "?")\(isJoining ? "+" : "")"
    }
}

extension StoreReading {
    var explained: String {
        switch answer {
        case .unavailable(let cause): "\(store): \(cause)"
        case .absent: "\(store): none"
        case .stored(let stored): "\(store): generation \(stored.record.generation) of \(stored.record.owner)"
        }
    }
}
