/// `etcd-cluster plan`: what `run` would do now, and why. Looks, and changes nothing.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials
import HTTP
import Supervision

/// Prints the plan.
///
/// - Returns: the exit code: 0 where there is a plan, also one to wait; 70 where there is none.
func printPlan(_ configuration: Configuration, _ format: PlanFormat) async -> Int32 {
    do {
        let loop = try CurlLoop()
        let report = try await LongLook(over: loop).during { try await PlanReport.now(configuration, loop) }
        print(format == .json ? try report.json() : report.text, terminator: "")
        return 0
    } catch {
        writeToStandardError("etcd-cluster: no plan: \(error)\n")
        return 70
    }
}

/// A plan with what it rests on, for people or for machines.
private struct PlanReport: Encodable {
    var instance: String
    var peerURL: String
    /// `start` where no etcd answers here, `follow` or `lead` where it does.
    var role: String
    /// Why, where no etcd answers.
    var silence: String?
    var steps: [String]
    var deferred: [String]

    static func now(_ configuration: Configuration, _ loop: CurlLoop) async throws -> PlanReport {
        let surroundings = try await Surroundings(configuration, loop: loop)
        let identity = surroundings.identity
        let directory = DataDirectory(configuration.dataDirectory, requiresMount: configuration.requiresMount)
        let observers = Observers(configuration, surroundings, directory)
        var report = PlanReport(
            instance: identity.instance.rawValue, peerURL: identity.peerURL.description, role: "start", steps: [],
            deferred: [])
        let beat: ClusterObserver.Beat
        do {
            beat = try await observers.cluster.beat()
        } catch let error as EtcdError {
            report.silence = error.description
            report.plan(try await start(configuration, observers, directory))
            return report
        }
        report.role = beat.pulse.isLeader ? "lead" : "follow"
        let view = try await observers.cluster.view(
            beat, now: .zero, generation: directory.observe(making: false).stamp?.generation, readsRecord: true,
            probesAWS: false)
        guard let view else { return report }
        var memory = ReconcileMemory()
        let plan = planReconcile(view, memory: &memory)
        report.steps = plan.steps.map(\.description)
        report.deferred = plan.deferred.map(\.description)
        return report
    }

    /// Looks as often as `run` would before it founds.
    private static func start(
        _ configuration: Configuration, _ observers: Observers, _ directory: DataDirectory
    ) async throws -> StartPlan {
        let clock = ContinuousClock()
        let startedAt = clock.now
        let program = EtcdProgram(configuration: configuration, spawner: Spawner())
        var memory = StartMemory()
        let identity = observers.start.identity
        while true {
            var disk = directory.observe(making: false)
            if let plan = planAtOnce(identity, disk: disk, lastExit: .none) { return plan }
            // As `run` would stamp it; nothing is written here.
            if let stamp = disk.stampNeeded(on: identity.instance, newDisk: DiskID("d-none")) { disk = .empty(stamp) }
            var view = try await observers.start.look(
                disk: disk, own: OwnEtcd(), now: startedAt.duration(to: clock.now))
            view.programFault = try await program.fault(in: view)
            let plan = planStart(view, memory: &memory)
            guard case .wait(let reason) = plan, case .groupMayChange = reason else { return plan }
            try await clock.sleep(for: pause(waitingFor: reason, waited: .zero, interval: configuration.interval))
        }
    }

    private mutating func plan(_ plan: StartPlan) {
        if case .wait(let reason) = plan {
            deferred = [reason.description]
        } else {
            steps = [plan.description]
        }
    }

    var text: String {
        var lines = ["instance   \(instance), peer URL \(peerURL)"]
        switch role {
        case "lead": lines.append("etcd       runs here and leads")
        case "follow": lines.append("etcd       runs here and follows: the leader's supervisor plans for the cluster")
        default: lines.append("etcd       does not answer here: \(silence ?? "")")
        }
        if steps.isEmpty, deferred.isEmpty { lines.append("plan       nothing to do") }
        lines += steps.map { "would      \($0)" }
        lines += deferred.map { "waits      \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    func json() throws -> String {
        String(decoding: try prettyJSON(self), as: UTF8.self)
    }
}
