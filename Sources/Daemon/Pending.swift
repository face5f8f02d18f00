import Glibc
import AWS
import ClusterPlanning
import Etcd
import HTTP
extension DataDirectory { package init(_ p: String, requiresMount: Bool) { self.init(p) }
 var isOwnFileSystem: Bool { false } }
struct PendingRun { @discardableResult func run() async throws -> EtcdState { EtcdState() } }
extension EtcdLoop { func inspection(_ l: Launch) -> PendingRun { PendingRun() }
 func forcedStart(_ l: Launch) -> PendingRun { PendingRun() } 
 func corruption(in error: any Error) -> String? { nil } }
extension EtcdAbilities { init(oldestOf: [EtcdVersion]) { self.init() } }
extension EtcdVersion { func refusal(toFollow: String?) -> String? { nil }
 var minorText: String { "" } }
struct EtcdMetrics { init(http: any HTTPClient, url: String) {} 
 func read(deadline: Duration) async throws -> EtcdMetrics { self }
 var appliedIndex: UInt64? { nil } }
extension DataDirectory { func setAside(reason: String, time: Int) throws -> String { let d = "\(path)/aside-\(time)-\(reason)"; rename(path + "/member", d); return d } }
