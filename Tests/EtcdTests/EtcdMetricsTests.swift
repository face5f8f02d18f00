import Etcd
import Foundation
import HTTP
import StubServer
import Testing

@Suite struct EtcdMetricsTests {
    @Test(arguments: [
        ("", EtcdReading()),
        ("etcd_server_proposals_applied_total 74\n", EtcdReading(appliedIndex: 74)),
        ("etcd_server_proposals_applied_total 2.097153e+06", EtcdReading(appliedIndex: 2_097_153)),
        ("etcd_server_proposals_applied_total 9.007199254740991e+15", EtcdReading(appliedIndex: 9_007_199_254_740_991)),
        ("etcd_server_proposals_applied_total 74 1700000000000\r\n", EtcdReading(appliedIndex: 74)),
        (
            """
            # HELP etcd_server_has_leader Whether or not a leader exists. 1 is existence, 0 is not.
            # TYPE etcd_server_has_leader gauge
            etcd_server_has_leader 1
            etcd_server_is_learner 0
            etcd_server_id{server_id="2fa5d041ab60f0b3"} 1
            """, EtcdReading(hasLeader: true, isLearner: false)
        ),
        ("etcd_server_has_leader 0\netcd_server_is_learner 1", EtcdReading(hasLeader: false, isLearner: true)),
    ])
    func whatMetricsTell(_ text: String, _ reading: EtcdReading) {
        #expect(EtcdReading(text: text) == reading)
    }

    @Test(arguments: [
        "etcd_server_proposals_applied_total", "etcd_server_proposals_applied_total x",
        "etcd_server_proposals_applied_total -1", "etcd_server_proposals_applied_total 0.5",
        "etcd_server_proposals_applied_total NaN", "etcd_server_proposals_applied_total +Inf",
        "etcd_server_proposals_applied_total 1e30", "x_etcd_server_proposals_applied_total 1",
        "etcd_server_proposals_applied_totals 1", "# etcd_server_proposals_applied_total 1",
    ])
    func whatIsNoNumberIsNotRead(_ text: String) {
        #expect(EtcdReading(text: text) == EtcdReading())
    }

    @Test(.needsEtcd) func ofARealEtcd() async throws {
        try await TestCluster.with(1) { cluster in
            let member = cluster.members[0]
            let metrics = EtcdMetrics(http: http, url: member.urls.metrics)
            try await eventually("everything is applied") {
                let (status, reading) = (try await member.client.status(), try await metrics.read())
                return reading.hasLeader == true && reading.appliedIndex == status.raftIndex
            }
            #expect(try await metrics.read().isLearner == false)
        }
    }

    @Test(arguments: [
        (StubReply.text("hello"), "no metrics of etcd"), (.text("no", status: 404), "not an answer of etcd (HTTP 404)"),
        (.streamed(200, headers: [], length: 64 << 20), "GET /metrics"),
    ])
    func whatIsNoAnswerIsAnError(_ reply: StubReply, _ words: String) async throws {
        let server = try StubServer { _ in reply }
        let error = await #expect(throws: EtcdError.self) { try await EtcdMetrics(http: http, url: server.url).read() }
        #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
    }
}
