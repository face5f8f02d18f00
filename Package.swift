// swift-tools-version: 6.2
import PackageDescription

// The house, bottom to top: each target may use only what stands in its `dependencies`.
// `ClusterPlanning` imports nothing at all: every decision is there, pure and tabled.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "etcd-cluster",
    products: [.executable(name: "etcd-cluster", targets: ["etcd-cluster"])],
    targets: [
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .yum(["libcurl-devel"])]),
        .target(name: "HTTP", dependencies: ["CCurl"], swiftSettings: strict),
        .target(name: "AWS", dependencies: ["HTTP"], swiftSettings: strict),
        .target(name: "Etcd", dependencies: ["HTTP"], swiftSettings: strict),
        .target(name: "Supervision", swiftSettings: strict),
        .target(name: "ClusterPlanning", swiftSettings: strict),
        .target(
            name: "Daemon", dependencies: ["HTTP", "AWS", "Etcd", "Supervision", "ClusterPlanning"],
            swiftSettings: strict),
        .executableTarget(name: "etcd-cluster", dependencies: ["Daemon", "Supervision"], swiftSettings: strict),

        // An HTTP server inside the test process: what the clients talk to instead of mocks.
        .target(name: "StubServer", path: "Tests/StubServer", swiftSettings: strict),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "StubServer"], swiftSettings: strict),
        .testTarget(
            name: "AWSTests", dependencies: ["AWS", "HTTP", "StubServer"], resources: [.copy("Fixtures")],
            swiftSettings: strict),
        .testTarget(name: "EtcdTests", dependencies: ["Etcd", "HTTP", "StubServer"], swiftSettings: strict),
        // A supervisor to be killed, and the trampoline of what the test runner spawns.
        .executableTarget(
            name: "supervision-probe", dependencies: ["Supervision"], path: "Tests/SupervisionProbe",
            swiftSettings: strict),
        .testTarget(name: "SupervisionTests", dependencies: ["Supervision"], swiftSettings: strict),
        .testTarget(name: "ClusterPlanningTests", dependencies: ["ClusterPlanning"], swiftSettings: strict),
        // A model of the world around the planners, and the program that lives many lives in it.
        .target(name: "Simulation", dependencies: ["ClusterPlanning"], path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation"], path: "Tests/Simulate", swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: ["Daemon", "HTTP", "AWS", "Etcd", "Supervision", "ClusterPlanning", "StubServer"],
            swiftSettings: strict),
        .executableTarget(
            name: "benchmarks", dependencies: ["AWS", "HTTP"], path: "Tests/Benchmarks", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
