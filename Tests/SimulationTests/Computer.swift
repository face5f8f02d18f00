/// One EC2 instance of the simulation, with all that is on it.

import ClusterPlanning

/// A data directory.
struct SimulatedDisk: Sendable {
    var stamp: Stamp?
    var replica: Replica?
    var aside: [Replica] = []

    var observed: Disk { replica == nil ? .empty(stamp) : .data(stamp) }
}

/// What becomes of the next request that changes something.
enum ActFault: Sendable {
    /// It is never carried out.
    case lost
    /// It is carried out, and its answer never comes.
    case replyLost
    /// Its answer does not come in time, and it is carried out later.
    case late(Duration)
}

/// What is wrong with what AWS tells one caller.
struct AWSFault: Sendable {
    enum Kind: Sendable { case down, partial, empty, withoutUs }

    var kind: Kind
    var until: Duration
}

struct Computer: Sendable {
    let number: Int
    let id: InstanceID
    let address: String
    var state = Instance.State.pending
    /// Nil where the group does not list it.
    var lifecycle: String? = "Pending"
    /// When EC2's words come true: running after pending, terminated after shutting-down.
    var changesAt: Duration?
    /// Whether the machine runs, whatever EC2 calls it.
    var isUp = false
    var disk = SimulatedDisk()
    var process: Process?
    var supervisor: Supervisor?
    var supervisorStartsAt: Duration?
    var cutOffUntil = Duration.zero
    var awsFault: AWSFault?
    /// How old what AWS tells this caller is: AutoScaling's word, and EC2's.
    var groupLag = Duration.zero
    var instanceLag = Duration.zero
    var actFault: ActFault?
    /// Slow to apply what it has.
    var appliesNothingUntil = Duration.zero
    /// How many starts of etcd will fail before there is a log: a wrong flag, a port taken.
    var failingStarts = 0

    init(_ number: Int, address: String) {
        self.number = number
        let digits = String(number)
        id = InstanceID("i-" + String(repeating: "0", count: 3 - digits.count) + digits)
        self.address = address
    }

    var peerURL: Endpoint { Endpoint(.http, address, 2380) }
    var clientURL: Endpoint { Endpoint(.http, address, 2379) }
    var identity: Identity { Identity(instance: id, peerURL: peerURL, clientURL: clientURL) }
    var isTerminated: Bool { state == .terminated }
}

/// What one supervisor process knows. It is lost with the process.
struct Supervisor: Sendable {
    /// A decision on its way.
    struct Intention: Sendable {
        enum Act: Sendable {
            case start(StartPlan)
            case turn([ReconcilePlan.Step], term: Int)
        }

        var act: Act
        var dueAt: Duration

        var isAddition: Bool { if case .start(.addSelf) = act { true } else { false } }
    }

    let startedAt: Duration
    var intention: Intention?

    // How to start.
    var startMemory = StartMemory()
    var lastExit = LastExit.none
    var nextLook: Duration
    var waitingFor = ""
    var waitingSince = Duration.zero
    var endsInARow = 0

    // What the stamp's keeper holds.
    var runningStamp: Stamp?
    var hasAnswered = false

    // What the leader's loop holds.
    var memory = ReconcileMemory()
    var nextBeat = Duration.zero
    var lastPulse: Pulse?
    var lastTurn: Duration?
    var isUnderWay = false
    var known: [InstanceID: Instance] = [:]
    var zone: (zone: Zone, readAt: Duration)?
    /// What the last turn declined to do.
    var deferred: [Deferral] = []

    init(startedAt: Duration) {
        self.startedAt = startedAt
        nextLook = startedAt
    }
}
