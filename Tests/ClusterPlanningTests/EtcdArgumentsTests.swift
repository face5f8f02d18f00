import ClusterPlanning
import Testing

@Suite struct EtcdArgumentsTests {
    @Test func aFounderNamesExactlyTheFounders() {
        let launch = Launch(.found(token: "etcd-cluster-i-1"), identity(2), initialCluster: founders(3, 1, 2))
        #expect(
            launch.arguments == [
                "--name", "i-2",
                "--initial-advertise-peer-urls", "http://10.0.0.2:2380",
                "--initial-cluster", "i-1=http://10.0.0.1:2380,i-2=http://10.0.0.2:2380,i-3=http://10.0.0.3:2380",
                "--initial-cluster-state", "new",
                "--initial-cluster-token", "etcd-cluster-i-1",
            ])
    }

    @Test func aJoinerSaysExistingAndNoToken() {
        let launch = Launch(.join(0xc1, 5), identity(4), initialCluster: founders(1, 4))
        #expect(
            launch.arguments == [
                "--name", "i-4",
                "--initial-advertise-peer-urls", "http://10.0.0.4:2380",
                "--initial-cluster", "i-1=http://10.0.0.1:2380,i-4=http://10.0.0.4:2380",
                "--initial-cluster-state", "existing",
            ])
    }

    @Test func aResumeNeverSaysNew() {
        let launch = Launch(.resume, identity(1), initialCluster: founders(1))
        #expect(
            launch.arguments == [
                "--name", "i-1",
                "--initial-advertise-peer-urls", "http://10.0.0.1:2380",
                "--initial-cluster", "i-1=http://10.0.0.1:2380",
                "--initial-cluster-state", "existing",
            ])
    }

    @Test func anIPv6AddressIsBracketed() {
        let us = Identity(
            instance: 1, peerURL: Endpoint(.https, "fd00::1", 2380), clientURL: Endpoint(.https, "fd00::1", 2379))
        let launch = Launch(.resume, us, initialCluster: [InitialMember("i-1", us.peerURL)])
        #expect(launch.arguments.contains("i-1=https://[fd00::1]:2380"))
    }
}
