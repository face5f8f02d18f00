/// One EC2 instance of the simulation with all that is on it, and the disks, which may outlive it.

import ClusterPlanning

/// A data directory with what was set aside in it.
final class SimulatedDisk {
    var stamp: Stamp?
    var replica: Replica?
    var aside: [Replica] = []
    /// etcd can't run on it (F20).
    var isCorrupt = false
}

/// What becomes of the next request of one machine that changes something.
enum ActFault {
    /// It is never carried out.
    case lost
    /// It is carried out, and its answer never comes.
    case replyLost
    /// Its answer does not come in time, and it is carried out later.
    case late(Duration)
}

/// What is wrong with what AWS tells one caller.
struct AWSFault {
    enum Kind { case down, partial, empty, withoutUs }

    var kind: Kind
    var until: Duration
}

final class Machine {
    let number: Int
    let id: InstanceID
    let address: String
    let peerURL: Endpoint
    let clientURL: Endpoint

    // What EC2 and AutoScaling do with it.
    var state = Instance.State.pending
    /// Nil where the group does not list it.
    var lifecycle: Lifecycle? = .pending
    /// When the next of their words comes true.
    var changesAt = Duration.never
    /// When the hook that holds it runs out.
    var hookExpiresAt = Duration.never
    /// Whether the machine runs, whatever EC2 calls it.
    var isUp = false
    var terminatedAt = Duration.never
    var launchSource = "lt-1:1"

    // What is on it.
    /// The directory on its own root disk.
    var rootDisk = SimulatedDisk()
    /// The volume that it is to have, by its number in `World.volumes`; nil: it has none.
    var volume: Int?
    var mountsAt = Duration.zero
    /// Whether `--require-mount` is given.
    var requiresMount = false
    var process: Process?
    var supervisor: Supervisor?
    var supervisorStartsAt = Duration.never
    /// Which of the stores its supervisor is told of.
    var stores: [Int] = [0]

    // What is wrong with it.
    var cutOffUntil = Duration.zero
    /// No answer to anybody's question for a report.
    var muteUntil = Duration.zero
    var storesDownUntil = Duration.zero
    var awsFault: AWSFault?
    /// How old what AWS tells this caller is: AutoScaling's word, and EC2's.
    var groupLag = Duration.zero
    var instanceLag = Duration.zero
    /// Instances that AWS leaves out of what it tells this caller.
    var hidden: [InstanceID] = []
    var actFault: ActFault?
    /// Slow to apply what it has.
    var appliesNothingUntil = Duration.zero
    /// When troubles end that etcds notice.
    var stirsAt: [Duration] = []
    /// How many starts of etcd will fail before there is a log: a wrong flag, a port taken.
    var failingStarts = 0

    init(_ number: Int, address: String) {
        self.number = number
        let digits = String(number)
        id = InstanceID("i-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits)
        self.address = address
        peerURL = Endpoint(.http, address, 2380)
        clientURL = Endpoint(.http, address, 2379)
    }

    var identity: Identity { Identity(instance: id, peerURL: peerURL, clientURL: clientURL) }
    var isTerminated: Bool { state == .terminated }
    var isTerminating: Bool { lifecycle?.rawValue.hasPrefix("Terminating") == true || state == .shuttingDown }
}

extension Duration {
    /// Later than anything in a life.
    static let never = Duration.seconds(1_000_000_000)

    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
