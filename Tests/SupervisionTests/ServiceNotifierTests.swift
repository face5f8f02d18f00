import Foundation
import Testing

@testable import Supervision

@Suite(.timeLimit(.minutes(1))) struct ServiceNotifierTests {
    @Test(arguments: ["path", "abstract"])
    func messagesArriveAsOneDatagram(kind: String) throws {
        let directory = try TemporaryDirectory()
        let address = kind == "path" ? directory.file("notify") : "@supervision-\(UUID().uuidString)"
        let receiver = try Receiver(address)
        let notifier = try #require(ServiceNotifier(address: address))
        try notifier.send(.ready, .status("member i-1\nREADY=0 joins"))
        #expect(receiver.next() == "READY=1\nSTATUS=member i-1 READY=0 joins")
        try notifier.send(.watchdog)
        #expect(receiver.next() == "WATCHDOG=1")
        try notifier.send(.stopping, .extendTimeout(.milliseconds(2500)))
        #expect(receiver.next() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=2500000")
    }

    @Test func receiverThatHasFallenBehindDoesNotBlockUs() throws {
        let directory = try TemporaryDirectory()
        let receiver = try Receiver(directory.file("notify"))
        let notifier = try #require(ServiceNotifier(address: directory.file("notify")))
        let error = #expect(throws: SystemError.self) { for _ in 0..<10_000 { try notifier.send(.watchdog) } }
        #expect(error == SystemError("notify \(directory.file("notify"))", code: EAGAIN))
        #expect(receiver.next() == "WATCHDOG=1")
    }

    @Test func nobodyListeningIsAnErrorThatNamesTheSocket() throws {
        let directory = try TemporaryDirectory()
        let notifier = try #require(ServiceNotifier(address: directory.file("nosuch")))
        #expect(throws: SystemError("notify \(directory.file("nosuch"))", code: ENOENT)) { try notifier.send(.ready) }
    }

    @Test(arguments: [nil, "", "@", "/", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 107)])
    func whatIsNoAddressIsNobody(address: String?) { #expect(ServiceNotifier(address: address) == nil) }

    @Test func longestAddressFits() throws {
        let address = "@" + String((UUID().uuidString + String(repeating: "x", count: 107)).prefix(106))
        let receiver = try Receiver(address)
        try #require(ServiceNotifier(address: address)).send(.ready)
        #expect(receiver.next() == "READY=1")
    }

    /// Plays systemd.
    private final class Receiver {
        private let descriptor: Int32

        init(_ address: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array((address.hasPrefix("@") ? "\0" + address.dropFirst() : address).utf8)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
            let bound = withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            guard bound == 0 else { throw SystemError("bind \(address)", code: errno) }
        }

        deinit { close(descriptor) }

        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        }
    }
}
