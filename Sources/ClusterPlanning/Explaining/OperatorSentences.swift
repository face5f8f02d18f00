/// What a command would do, and why it does not, as sentences; each refusal says what to do instead.

extension OperatorStep: CustomStringConvertible {
    package var description: String {
        switch self {
        case .terminate(let instance, .shuttingDown):
            "wait until EC2 has terminated \(instance), which is shutting down"
        case .terminate(let instance, let state):
            "terminate \(instance), which is \(state), and wait until EC2 has done so"
        case .swapRecord(let swap): swap.description
        case .removeRecord(let store, nil): "remove what stands in the place of the record in \(store), whatever it is"
        case .removeRecord(let store, _): "remove the record in \(store)"
        case .changeDNS(let changes): "change DNS: \(list(changes.map(\.description)))"
        case .checkBackup(let name): "read the backup \(name) to its end, and check that it is whole"
        case .importSnapshot(let file, let name): "check the snapshot \(file), and bring it into the bucket as \(name)"
        }
    }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .blind(let cause): "\(cause); try again once it can be seen"
        case .noRecordKept: "there is neither zone nor bucket, and so no record"
        case .noRecord:
            "there is no record to go by: if a cluster answers, run `etcd-cluster adopt`; without one the supervisors "
                + "found by themselves, and `recover` alone says what they wait for"
        case .recordsConflict(let readings):
            "two records can't both be right: \(list(readings.map(\.explained))); "
                + "drop the wrong one by `etcd-cluster forget --store` with its store"
        case .recordOfOther(let owner):
            "the record is of \(owner), and not of this group: if its data is not wanted, run `etcd-cluster forget`"
        case .recordExists(let generation, let owner):
            "there is a record already, of generation \(generation) of \(owner): nothing is to be adopted"
        case .storeUnknown(let store, let known):
            "no store \(store) is configured; there are \(list(known.map(\.rawValue)))"
        case .clusterAnswers(let cluster):
            "cluster \(cluster) answers: it lives, and nothing begins beside it; single members are its leader's business"
        case .nobodyAnswers:
            "no cluster answers, and a record is made of what its members say: start them, or found by `run`"
        case .severalClusters(let ids):
            "several clusters answer in one group: \(list(ids.map(\.description))); stop all but the right one"
        case .waits(let reason): reason.description + reason.advice
        case .notInRecord(let instance, let known):
            "the record names no disk of \(instance); it names those of \(list(known.map(\.rawValue)))"
        case .diskReported(let instance, let reporters):
            "the disk of \(instance) is there: \(list(reporters.map(\.rawValue))) \(reporters.count == 1 ? "reports" : "report") "
                + "it; to give it up all the same, terminate its instance"
        case .instanceExists(let instance, let state):
            "EC2 calls \(instance) \(state), so that its disk may come back: end it by --terminate, or, if it never will "
                + "or its data is not wanted, say --even-if-it-returns"
        case .instanceRuns(let instance, let state):
            "EC2 calls \(instance) \(state), so that it may lead at this moment, and nothing begins anew beside it: "
                + "stop it, or end it by --terminate"
        case .noBackup(let why): "there is no such backup: \(why)"
        case .nothingHeld:
            "nobody holds data that can be carried on: what is left is --from empty"
        case .notASource(let instance, let held): "\(instance) holds nothing that can be carried on; \(held)"
        case .notTheBest(let instance, let commit, let best, let bestCommit):
            "what \(instance) holds is committed up to \(commit), and what \(best) holds up to \(bestCommit): what lies "
                + "between would be lost; choose \(best), or accept that by --accept-data-loss"
        case .wouldLose(let losses): "this would be given up: \(list(losses)); accept that by --accept-data-loss"
        case .ownDisk(let why): "this instance can't tell what it holds (\(why)): run the command on another one"
        case .stillAlive(let why):
            "\(why), and a cluster needs its record: stop it first, or drop the record all the same by --even-if-alive"
        }
    }
}

extension WaitReason {
    /// What a person can do about it, where anything can be done.
    fileprivate var advice: String {
        switch self {
        case .generationUnknown:
            "; bring them back, or, for each whose data is lost for good, add --declare-gone with its instance"
        case .generationQuorate: "; start their etcds and let them reach each other"
        case .zoneNamesCluster: "; `etcd-cluster forget` does so"
        case .reportsMissing, .instancesUnsettled: "; bring them back or terminate them"
        case .backupsNotRead:
            "; nothing empty begins beside a list that can't be read: if that bucket is lost for good, take it out of the configuration"
        default: ""
        }
    }
}

extension DiskFate: CustomStringConvertible {
    package var description: String {
        switch self {
        case .held(let report):
            "held by \(report.instance)" + (report.etcd.commitIndex.map { ", committed up to \($0)" } ?? "")
        case .blank(let report): "on \(report.instance), not started yet"
        case .unusable(let report, let cause): "on \(report.instance), and etcd can't run on it: \(cause)"
        case .gone(let loss): "gone: \(loss)"
        case .unknown(let doubt): "unknown: \(doubt)"
        }
    }
}
