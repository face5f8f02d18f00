/// The two kinds of start that serve nobody, as etcd's loop runs them.

import ClusterPlanning
import Supervision

extension EtcdLoop {
    /// A look at the data, ready to be run.
    func inspection(_ launch: Launch) -> Prepared<EtcdState> {
        Prepared { try await Inspection(etcd: loopbackEtcd).run(launch) }
    }

    /// A forced start, ready to be run.
    func forcedStart(_ launch: Launch) -> Prepared<Void> {
        Prepared {
            try await ForcedStart(directory: directory, etcd: loopbackEtcd) { step, _ in
                logger.info("carrying data over", ["step": step])
            }.run(launch)
        }
    }

    /// What etcd said of data that it can't run on; nil: that is not what went wrong.
    func corruption(in error: any Error) -> String? { (error as? LoopbackEtcdError)?.corruption }

    /// Something that takes a while, and that can be started anew.
    struct Prepared<Result: Sendable>: Sendable {
        fileprivate let body: @Sendable () async throws -> Result

        func run() async throws -> Result { try await body() }
    }

    private var loopbackEtcd: LoopbackEtcd {
        LoopbackEtcd(
            directory: directory, program: program, spawner: spawner, http: observer.etcd.metricsHTTP, record: record,
            runningChild: running, stopTimeout: configuration.stopTimeout)
    }
}
