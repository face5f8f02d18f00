/// The group at work: it launches and terminates to its desired capacity, and its hooks hold instances on their way.

import ClusterPlanning

extension World {
    /// Whether the group counts it.
    func isListedAndAlive(_ index: Int) -> Bool {
        let machine = machines[index]
        return machine.lifecycle != nil && !machine.isTerminating && [.pending, .running].contains(machine.state)
    }

    func stepGroup() {
        cloud.nextStepAt = .never
        defer { rememberGroup() }
        forgetTerminated()
        guard cloud.keepsItsSize else { return }
        let listed = machines.indices.filter(isListedAndAlive)
        let wanted = cloud.desired + cloud.surplus
        if listed.count < wanted {
            launch()
            cloud.nextStepAt = now + .seconds(1)
        } else if listed.count > wanted, let victim = random.pick(listed) {
            terminate(victim)
            cloud.nextStepAt = now + .seconds(1)
        }
    }

    private func forgetTerminated() {
        for machine in machines where machine.isTerminated && !cloud.forgotten.contains(machine.id) {
            let at = machine.terminatedAt + cloud.remembersFor
            if at <= now {
                note("EC2 forgets \(machine.id)")
                cloud.forgotten.append(machine.id)
            } else {
                cloud.nextStepAt = min(cloud.nextStepAt, at)
            }
        }
    }

    func stepMachine(_ index: Int) {
        let machine = machines[index]
        if machine.supervisorStartsAt <= now, machine.isUp { startSupervisor(index) }
        if machine.stirsAt.contains(where: { $0 <= now }) {
            machine.stirsAt.removeAll { $0 <= now }
            disturbEtcd()
            changes += 1
        }
        if machine.hookExpiresAt <= now { hookExpires(index) }
        guard machine.changesAt <= now else { return }
        machine.changesAt = .never
        cloud.nextStepAt = now
        switch machine.state {
        case .pending: comeUp(index)
        case .running where machine.lifecycle == .pending: enterService(index)
        case .shuttingDown:
            powerOff(index)
            machine.state = .terminated
            machine.terminatedAt = now
            machine.changesAt = now + random.duration(0...3)
        case .terminated:
            powerOff(index)
            machine.lifecycle = nil
        default: break
        }
    }

    private func comeUp(_ index: Int) {
        let machine = machines[index]
        machine.state = .running
        machine.isUp = true
        machine.supervisorStartsAt = now + random.duration(0...3)
        guard machine.lifecycle != nil else { return }
        if options.hasLaunchingHook {
            machine.lifecycle = .pendingWait
            machine.hookExpiresAt = now + cloud.hookTimeout
        } else {
            machine.lifecycle = .inService
        }
    }

    private func enterService(_ index: Int) { machines[index].lifecycle = .inService }

    /// A new instance, as the group launches it. Now and then it gets an address that another one had.
    @discardableResult
    func launch(address: String? = nil) -> Int {
        let free = machines.filter { $0.isTerminated && !$0.isUp }.map(\.address).filter { address in
            !machines.contains { $0.address == address && (!$0.isTerminated || $0.isUp) }
        }
        let number = machines.count + 1
        let reused = random.once(in: 2) ? random.pick(free) : nil
        let machine = Machine(number, address: address ?? reused ?? "10.0.0.\(number)")
        machine.changesAt = now + random.duration(cloud.bootTime)
        machine.stores = ledger.storesOfNewMachines
        machines.append(machine)
        note("\(machine.id) launches at \(machine.address)")
        return machines.count - 1
    }

    /// AutoScaling, or a person, has the instance go. Where there is a hook, it holds the instance first.
    func terminate(_ index: Int, now isAtOnce: Bool = false) {
        let machine = machines[index]
        guard machine.state == .running || machine.state == .pending, !machine.isTerminating else { return }
        cloud.nextStepAt = now
        note("\(machine.id) is to be terminated")
        if options.hasTerminatingHook, !isAtOnce, machine.lifecycle == .inService {
            machine.lifecycle = .terminatingWait
            machine.hookExpiresAt = now + cloud.hookTimeout
            return
        }
        shutDown(index)
    }

    private func shutDown(_ index: Int) {
        let machine = machines[index]
        machine.hookExpiresAt = .never
        machine.state = .shuttingDown
        machine.lifecycle = machine.lifecycle.map { _ in Lifecycle(rawValue: "Terminating:Proceed") }
        machine.changesAt = now + random.duration(0.4...3)
        cloud.nextStepAt = now
    }

    private func powerOff(_ index: Int) {
        let machine = machines[index]
        guard machine.isUp else { return }
        note("\(machine.id) is off")
        machine.supervisor = nil
        stopEtcd(index, gracefully: false)
        machine.isUp = false
        machine.rootDisk = SimulatedDisk()
        machine.volume = nil
        machine.supervisorStartsAt = .never
    }

    // MARK: Hooks

    static let launchingHook = "up"
    static let terminatingHook = "down"

    /// The default result of a hook that nobody has completed is to go.
    private func hookExpires(_ index: Int) {
        let machine = machines[index]
        machine.hookExpiresAt = .never
        note("the hook of \(machine.id) runs out in \(machine.lifecycle?.rawValue ?? "-")")
        ledger.hooksExpired += 1
        shutDown(index)
    }

    func heartbeat(_ id: InstanceID) {
        guard let index = index(of: id), machines[index].hookExpiresAt != .never else { return }
        machines[index].hookExpiresAt = now + cloud.hookTimeout
    }

    /// `CONTINUE`.
    func completeHook(_ hook: String, _ id: InstanceID, by actor: Int) {
        guard let index = index(of: id), machines[index].hookExpiresAt != .never,
            (machines[index].lifecycle == .pendingWait) == (hook == Self.launchingHook)
        else { return }
        let machine = machines[index]
        note("\(machines[actor].id) completes the hook of \(id)")
        machine.hookExpiresAt = .never
        if machine.lifecycle == .pendingWait {
            machine.lifecycle = .inService
            cloud.nextStepAt = now
        } else {
            judgeCompletedDrain(index)
            judgeLastGoing(index)
            shutDown(index)
        }
    }

    // MARK: Odd ends

    /// EC2 calls it terminated, and yet it serves for a while.
    func becomeZombie(_ index: Int, for duration: Duration) {
        note("\(machines[index].id) becomes a zombie")
        machines[index].state = .terminated
        machines[index].terminatedAt = now
        machines[index].lifecycle = machines[index].lifecycle.map { _ in Lifecycle(rawValue: "Terminating") }
        machines[index].changesAt = now + duration
        machines[index].hookExpiresAt = .never
        cloud.nextStepAt = now
    }

    /// Out of the group, and serving still.
    func detach(_ index: Int) {
        guard machines[index].lifecycle == .inService else { return }
        note("\(machines[index].id) is detached")
        machines[index].lifecycle = nil
        machines[index].hookExpiresAt = .never
        cloud.nextStepAt = now
    }

    func setDesired(_ count: Int) {
        note("desired capacity \(count)")
        cloud.desired = count
        cloud.nextStepAt = now
    }
}
