/// Tests that start many processes, and take turns for that.

import Testing

/// Lets few of these tests run at once: each starts etcds or whole daemons, and those that run beside them have deadlines of
/// the product's own to keep.
struct FewAtOnce: SuiteTrait, TestTrait, TestScoping {
    private static let turns = Turns(free: 3)

    var isRecursive: Bool { true }

    /// For each case of a test, and not for the suite around them, which would keep its turn while they wait for theirs.
    func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        await Self.turns.take()
        do {
            try await body()
        } catch {
            await Self.turns.giveBack()
            throw error
        }
        await Self.turns.giveBack()
    }
}

extension Trait where Self == FewAtOnce {
    static var fewAtOnce: Self { FewAtOnce() }
}

/// So many at once, and the others in the order in which they came.
private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(free: Int) { self.free = free }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
