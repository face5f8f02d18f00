/// `etcd-cluster plan`: what `run` would do now, and why. Looks, and changes nothing.

import AWS
import ClusterPlanning
import Etcd
import FoundationEssentials
import HTTP

/// Prints the plan.
///
/// - Returns: the exit code: 0 where there is a plan, also one to wait; 70 where there is none.
func printPlan(_ configuration: Configuration, _ format: PlanFormat) async -> Int32 {
    do {
        let report = try await PlanReport.now(configuration)
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

    static func now(_ configuration: Configuration) async throws -> PlanReport {
        let surroundings = try await Surroundings(configuration, loop: CurlLoop())
        let identity = surroundings.identity
        let observer = ClusterObserver(
            identity: identity, configuration: configuration, group: surroundings.group, zone: surroundings.zone,
            etcd: surroundings.etcd)
        var report = PlanReport(
            instance: identity.instance.rawValue, peerURL: identity.peerURL.description, role: "start", steps: [],
            deferred: [])
        let beat: ClusterObserver.Beat
        do {
            beat = try await observer.beat()
        } catch let error as EtcdError {
            report.silence = error.description
            report.plan(try await start(configuration, surroundings))
            return report
        }
        report.role = beat.pulse.isLeader ? "lead" : "follow"
        guard let view = try await observer.view(beat, now: .zero) else { return report }
        var memory = ReconcileMemory()
        let plan = planReconcile(view, memory: &memory)
        report.steps = plan.steps.map(\.description)
        report.deferred = plan.deferred.map(\.description)
        return report
    }

    /// Looks as often as `run` would before it founds.
    private static func start(_ configuration: Configuration, _ surroundings: Surroundings) async throws -> StartPlan {
        let observer = StartObserver(
            identity: surroundings.identity, configuration: configuration, group: surroundings.group,
            zone: surroundings.zone, etcd: surroundings.etcd)
        let clock = ContinuousClock()
        let startedAt = clock.now
        var memory = StartMemory()
        let directory = DataDirectory(configuration.dataDirectory)
        while true {
            let disk = directory.observe(making: false)
            if let plan = planAtOnce(surroundings.identity, disk: disk, lastExit: .none) { return plan }
            let view = try await observer.look(disk: disk, lastExit: .none, now: startedAt.duration(to: clock.now))
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
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
