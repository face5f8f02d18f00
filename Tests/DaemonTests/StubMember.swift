/// One member's client port, with answers of the test's choice.

import ClusterPlanning
import Dispatch
import StubServer
import Synchronization
import Testing

@testable import Daemon

/// A member that answers, refuses, or is gone.
final class StubMember: Sendable {
    let id: UInt64
    let server: StubServer
    private let leading: Leading

    /// - Parameters:
    ///   - change: the answer to every change of membership and leadership; nil: it is made.
    ///   - address: of the loopback interface; one of its own for a member that is stopped, whose port others may get.
    ///   - isAlone: whether it is the only member of its list; else that holds a member 9 alone.
    init(
        _ id: UInt64, leader: UInt64 = 1, term: UInt64 = 5, change: StubReply? = nil, isAlone: Bool = false,
        at address: String = "127.0.0.1"
    ) throws {
        self.id = id
        let leading = Leading(leader, term)
        self.leading = leading
        server = try StubServer(address: address) { request in
            let (leader, term) = leading.now.withLock { $0 }
            let header = #""header":{"cluster_id":"193","member_id":"\#(id)","revision":"1","raft_term":"\#(term)"}"#
            switch request.path {
            case "/version": return .text(#"{"etcdserver":"3.5.16","etcdcluster":"3.5.0"}"#)
            case "/v3/maintenance/status":
                return .text(
                    """
                    {\(header),"version":"3.5.16","dbSize":"1","leader":"\(leader)","raftIndex":"1",
                    "raftTerm":"\(term)","raftAppliedIndex":"1","dbSizeInUse":"1"}
                    """)
            case "/v3/kv/range": return .text("{\(header)}")
            default:
                let own =
                    #"{"ID":"\#(id)","name":"i-\#(id)","peerURLs":["http://10.0.0.\#(id):2380"],"clientURLs":["http://\#(request.header("Host") ?? "")"]}"#
                let members = isAlone ? "[\(own)]" : #"[{"ID":"9","peerURLs":["http://10.0.0.9:2380"]}]"#
                return change
                    ?? .text(
                        #"{\#(header),"member":{"ID":"9","peerURLs":["http://10.0.0.9:2380"]},"members":\#(members)}"#)
            }
        }
    }

    private final class Leading: Sendable {
        let now: Mutex<(UInt64, UInt64)>
        init(_ leader: UInt64, _ term: UInt64) { now = Mutex((leader, term)) }
    }

    /// From now on another one leads.
    func follow(_ leader: UInt64, term: UInt64) { leading.now.withLock { $0 = (leader, term) } }

    var endpoint: Endpoint { Endpoint(.http, server.address, Int(server.port)) }
    var member: Member {
        Member(
            MemberID(id), name: "i-\(id)", peerURLs: [Endpoint(.http, "10.0.0.\(id)", 2380)], clientURLs: [endpoint])
    }
    /// What was asked for besides versions and statuses, with what was said.
    var changes: [String] {
        server.requests.filter { !["/version", "/v3/maintenance/status", "/v3/kv/range"].contains($0.path) }
            .map { "\($0.path.split(separator: "/").suffix(2).joined(separator: "/")) \($0.text)" }
    }
}

extension StubReply {
    /// A refusal as etcd's gateway writes it.
    static func refusal(_ message: String, code: Int, status: Int) -> StubReply {
        .text(#"{"error":"\#(message)","code":\#(code),"message":"\#(message)"}"#, status: status)
    }
}

/// Runs something asynchronous to its end on a thread that may block, such as a stub server's.
func runBlocked(_ body: @escaping @Sendable () async throws -> Void) {
    let done = DispatchSemaphore(value: 0)
    Task {
        do { try await body() } catch { Issue.record("\(error)") }
        done.signal()
    }
    done.wait()
}
