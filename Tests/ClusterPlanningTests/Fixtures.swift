/// The small world of these tables: instance n is `i-n` at `10.0.0.n`, its disk is `d-n`, and member n runs on it.

import ClusterPlanning

extension InstanceID: ExpressibleByIntegerLiteral {
    package init(integerLiteral number: Int) { self.init("i-\(number)") }
}

extension MemberID: ExpressibleByIntegerLiteral {
    package init(integerLiteral number: UInt64) { self.init(number) }
}

extension ClusterID: ExpressibleByIntegerLiteral {
    package init(integerLiteral number: UInt64) { self.init(number) }
}

func address(_ number: Int) -> String { "10.0.0.\(number)" }
func peerURL(_ number: Int) -> Endpoint { Endpoint(.http, address(number), 2380) }
func clientURL(_ number: Int) -> Endpoint { Endpoint(.http, address(number), 2379) }

func identity(_ number: Int) -> Identity {
    Identity(instance: InstanceID("i-\(number)"), peerURL: peerURL(number), clientURL: clientURL(number))
}

func instance(
    _ number: Int, _ state: Instance.State = .running, _ lifecycle: String? = "InService", address: String? = nil,
    launchedFrom source: String? = "lt-1/7"
) -> Instance {
    Instance(
        InstanceID("i-\(number)"), state, lifecycle: lifecycle.map(Lifecycle.init(rawValue:)),
        address: address ?? ClusterPlanningTests.address(number), launchSource: source)
}

/// What EC2 says of instance `number` when asked by ID: the group's word is not in it.
func asked(_ number: Int, _ state: Instance.State) -> Instance { instance(number, state, nil, launchedFrom: nil) }

func group(_ instances: [Instance], desired: Int = 3, name: String = "main", stack: String? = nil) -> Group {
    Group(name: name, owner: ourGroup, desiredCapacity: desired, stackName: stack, instances: instances)
}

/// Instances that run and serve.
func group(_ numbers: [Int], desired: Int = 3) -> Group { group(numbers.map { instance($0) }, desired: desired) }

/// A member that has started.
func member(_ number: Int, learner: Bool = false) -> Member {
    Member(
        MemberID(UInt64(number)), name: "i-\(number)", peerURLs: [peerURL(number)], clientURLs: [clientURL(number)],
        isLearner: learner)
}

/// A member that a joiner has entered and that has not started.
func entry(_ id: UInt64, at number: Int, learner: Bool = false) -> Member {
    Member(MemberID(id), name: "", peerURLs: [peerURL(number)], isLearner: learner)
}

/// A member that the founders have named and that has not started.
func founder(_ number: Int) -> Member {
    Member(MemberID(UInt64(number)), name: "i-\(number)", peerURLs: [peerURL(number)])
}

func members(_ numbers: Int...) -> [Member] { numbers.map { member($0) } }

func founders(_ numbers: Int...) -> [InitialMember] { numbers.map { InitialMember("i-\($0)", peerURL($0)) } }

/// A cluster in which everybody is well who has started and is not named as ill.
func cluster(
    _ members: [Member], leader: MemberID = 2, ill: Set<MemberID> = [], id: ClusterID = 0xc1, generation: Int? = 1
) -> RunningCluster {
    let health = members.map { member -> (MemberID, MemberHealth) in
        if !member.isStarted { return (member.id, .unhealthy("it has not started")) }
        return (member.id, ill.contains(member.id) ? .unhealthy("no answer") : .healthy)
    }
    return RunningCluster(
        id: id, generation: generation, leader: leader, members: members,
        health: Dictionary(uniqueKeysWithValues: health))
}

func refused(_ number: Int) -> Peer { Peer(InstanceID("i-\(number)"), peerURL(number), .refused) }
func silent(_ number: Int) -> Peer { Peer(InstanceID("i-\(number)"), peerURL(number), .silent("timeout")) }
func peer(_ number: Int, shows members: [Member], of cluster: ClusterID = 0xc1) -> Peer {
    Peer(InstanceID("i-\(number)"), peerURL(number), .members(cluster, members))
}

/// A generator whose numbers are the same on every run. https://prng.di.unimi.it/splitmix64.c (public domain)
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
