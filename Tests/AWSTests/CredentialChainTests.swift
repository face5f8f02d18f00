import FoundationEssentials
import Synchronization
import Testing

@testable import AWS

struct CredentialChainTests {
    let clock = VirtualClock()

    func chain(_ providers: any CredentialProvider..., random: Double = 0.5) -> CredentialChain {
        CredentialChain(providers, timing: .virtual(clock, random: random))
    }

    /// Good for an hour from the time of the fetch.
    func hourly() -> CountingProvider {
        CountingProvider { [clock] number in
            Credentials(
                accessKeyID: "AKID\(number)", secretAccessKey: Secret("s"),
                expiration: noon.addingTimeInterval(clock.now.offset / .seconds(1) + 3600))
        }
    }

    @Test func usesTheFirstSourceThatIsConfigured() async throws {
        let (absent, present, later) = (CountingProvider { _ in nil }, hourly(), hourly())
        let chain = chain(absent, present, later)
        for _ in 1...3 { #expect(try await chain.credentials().accessKeyID == "AKID1") }
        #expect([absent.count, present.count, later.count] == [1, 1, 0])
    }

    @Test func asksNoOtherSourceWhenAConfiguredOneFails() async throws {
        let later = hourly()
        let chain = chain(EnvironmentCredentials(["AWS_SECRET_ACCESS_KEY": "s"]), later)
        let failure = CredentialError("environment", .incomplete(missing: "AWS_ACCESS_KEY_ID"))
        await #expect(throws: failure) { try await chain.credentials() }
        #expect(later.count == 0)
    }

    @Test func saysOfEverySourceWhyItIsNone() async throws {
        let chain = chain(EnvironmentCredentials([:]), CountingProvider { _ in nil })
        let error = try await #require(#expect(throws: CredentialError.self) { try await chain.credentials() })
        #expect(
            "\(error)"
                == "no credentials from any source: environment: AWS_ACCESS_KEY_ID is not set; test: told so")
    }

    @Test func refusesWhatHasExpiredAlready() async throws {
        let old = Credentials(accessKeyID: "AKID", secretAccessKey: Secret("s"), expiration: noon)
        let chain = chain(StaticCredentials(old))
        await #expect(throws: CredentialError("static credentials", .expired)) { try await chain.credentials() }
    }

    // MARK: Refreshing

    /// With 0.5 as the random number: 7.5 minutes before the end.
    @Test(arguments: [(0.0, 3299, 3300), (0.5, 3149, 3150), (0.999_999, 2999, 3001)])
    func refreshesBetweenTenAndFiveMinutesBeforeTheEnd(random: Double, stillOld: Int, new: Int) async throws {
        let provider = hourly()
        let chain = chain(provider, random: random)
        _ = try await chain.credentials()
        clock.advance(by: .seconds(stillOld))
        #expect(try await chain.credentials().accessKeyID == "AKID1")
        clock.advance(by: .seconds(new - stillOld))
        #expect(try await chain.credentials().accessKeyID == "AKID2")
        #expect(provider.count == 2)
    }

    @Test func keepsGoodCredentialsWhileNewOnesCannotBeHad() async throws {
        let failure = CredentialError("instance profile", .metadata(.disabled))
        let hourly = hourly()
        let provider = CountingProvider { number in
            guard number == 1 || number > 3 else { throw failure }
            guard case .found(let credentials) = await (try hourly.fetch()) else { return nil }
            return credentials
        }
        let chain = chain(provider)
        let first = try await chain.credentials()
        clock.advance(by: .seconds(3200))
        // Asked once a minute, not with every request.
        for _ in 1...10 { #expect(try await chain.credentials() == first) }
        #expect(provider.count == 2)
        #expect(await chain.lastFailure == failure)
        clock.advance(by: .seconds(61))
        #expect(try await chain.credentials() == first)
        #expect(provider.count == 3)
        clock.advance(by: .seconds(61))
        #expect(try await chain.credentials() != first)
        #expect(await chain.lastFailure == nil)
    }

    @Test func neverHandsOutExpiredCredentials() async throws {
        let failure = CredentialError("test", .expired)
        let hourly = hourly()
        let provider = CountingProvider { number in
            guard number == 1, case .found(let credentials) = try await hourly.fetch() else { throw failure }
            return credentials
        }
        let chain = chain(provider)
        _ = try await chain.credentials()
        clock.advance(by: .seconds(3600))
        await #expect(throws: failure) { try await chain.credentials() }
    }

    @Test func asksOnceAMinuteASourceThatHandsOutShortLivedCredentials() async throws {
        let provider = CountingProvider { _ in
            Credentials(accessKeyID: "AKID", secretAccessKey: Secret("s"), expiration: noon.addingTimeInterval(200))
        }
        let chain = chain(provider)
        for _ in 1...5 { _ = try await chain.credentials() }
        #expect(provider.count == 1)
        clock.advance(by: .seconds(61))
        _ = try await chain.credentials()
        #expect(provider.count == 2)
    }

    @Test func replacesRefusedCredentialsOnce() async throws {
        let provider = hourly()
        let chain = chain(provider)
        let refused = try await chain.credentials()
        let fresh = try await chain.credentials(replacing: refused)
        #expect(fresh.accessKeyID == "AKID2")
        // Another caller comes late with the same complaint.
        #expect(try await chain.credentials(replacing: refused) == fresh)
        #expect(provider.count == 2)
    }

    // MARK: Many callers

    @Test func fetchesOnceForAHundredCallers() async throws {
        let gate = Gate()
        let provider = CountingProvider { number in
            await gate.wait()
            return Credentials(accessKeyID: "AKID\(number)", secretAccessKey: Secret("s"))
        }
        let chain = chain(provider)
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 1...100 { group.addTask { try await chain.credentials().accessKeyID } }
            group.addTask {
                while provider.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
                await gate.open()
                return "AKID1"
            }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(keys == Array(repeating: "AKID1", count: 101))
        #expect(provider.count == 1)
    }

    @Test func tellsEveryCallerOfAFailure() async throws {
        let failure = CredentialError("test", .expired)
        let gate = Gate()
        let provider = CountingProvider { _ in
            await gate.wait()
            throw failure
        }
        let chain = chain(provider)
        let callers = (1...10).map { _ in Task { try await chain.credentials() } }
        while provider.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        await gate.open()
        for caller in callers { await #expect(throws: failure) { try await caller.value } }
    }

    @Test func aCallerThatIsCancelledLeavesTheOthersWaiting() async throws {
        let gate = Gate()
        let provider = CountingProvider { _ in
            await gate.wait()
            return Credentials(accessKeyID: "AKID", secretAccessKey: Secret("s"))
        }
        let chain = chain(provider)
        let callers = (1...3).map { _ in Task { try await chain.credentials() } }
        while provider.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
        callers[0].cancel()
        await #expect(throws: CancellationError.self) { try await callers[0].value }
        await gate.open()
        for caller in callers.dropFirst() { #expect(try await caller.value.accessKeyID == "AKID") }
        #expect(provider.count == 1)
    }

    @Test func theWorkEndsWhenNobodyWaitsForIt() async throws {
        let wasCancelled = Mutex(false)
        let flight = SingleFlight<Int>()
        let caller = Task {
            try await flight.value {
                try await withTaskCancellationHandler {
                    try await Task.sleep(for: .seconds(600))
                } onCancel: {
                    wasCancelled.withLock { $0 = true }
                }
                return 1
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        while !wasCancelled.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try await flight.value { 2 } == 2)
    }
}

/// Holds whoever waits until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
