/// How a survivor's data is carried into a new generation, step by step.

import ClusterPlanning

extension World {
    func force(_ index: Int, _ supervisor: Supervisor, _ launch: Launch, _ step: ForceStep) {
        let machine = machines[index]
        switch step {
        case .stop:
            supervisor.hasToLook = true
            stopEtcd(index, gracefully: true)
        case .copy: alterDisk(index) { $0.stamp?.carriedInto = launch.generation }
        case .force:
            guard execForced(index) else { return etcdExits(index, code: 2) }
        case .removeOthers:
            guard let own = replica(index) else { return }
            let others = tree.membership(at: own.commit).members.filter { $0.id != own.member }
            appendAlone(index, others.map { .remove($0.id) })
        case .updatePeerURL:
            guard let own = replica(index) else { return }
            appendAlone(index, [.move(own.member, to: machine.peerURL)])
        case .stopAgain: stopEtcd(index, gracefully: true)
        case .raiseStamp:
            alterDisk(index) { disk in
                disk.stamp?.generation = launch.generation
                disk.stamp?.owner = launch.owner
                disk.stamp?.instance = machine.id
                disk.stamp?.carriedInto = nil
            }
            note("\(machine.id): the stamp says generation \(launch.generation ?? 0)")
        }
        guard let next = ForceStep(rawValue: step.rawValue + 1) else {
            supervisor.shown = nil
            supervisor.start = .looking
            supervisor.startAt = now
            return
        }
        supervisor.start = .forcing(launch, next)
        supervisor.startAt = now + .milliseconds(random.number(20...800))
    }
}
