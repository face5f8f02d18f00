/// What the leader's housekeeping remembers, and when it must not.

import ClusterPlanning
import Testing

@testable import Daemon

@Suite struct ReconcileStateTests {
    private let leading = Pulse(isLeader: true, hasLeader: true, members: [], healthy: [])
    private let following = Pulse(isLeader: false, hasLeader: true, members: [], healthy: [])

    private func used() -> ReconcileState {
        var state = ReconcileState()
        _ = state.takesLead(leading, inTerm: 2)
        state.memory.unhealthySince = [MemberID(7): .seconds(1)]
        state.lastTurn = .now
        state.said = [["x"]]
        return state
    }

    @Test func leadingOnIsNothingNew() {
        var state = used()
        let isNew = state.takesLead(leading, inTerm: 2)
        #expect(!isNew)
        #expect(state.memory.unhealthySince == [MemberID(7): .seconds(1)])
        #expect(state.lastTurn != nil)
        #expect(state.said == [["x"]])
    }

    /// Whoever was ill when we last led may have been well since: nobody is removed by an old memory.
    @Test(arguments: [true, false]) func anotherLeadershipBeginsWithoutMemory(_ wasSeenFollowing: Bool) {
        var state = used()
        if wasSeenFollowing {
            let isNew = state.takesLead(following, inTerm: 3)
            #expect(!isNew)
        }
        let isNew = state.takesLead(leading, inTerm: 4)
        #expect(isNew)
        #expect(state.memory == ReconcileMemory())
        #expect(state.lastTurn == nil)
        #expect(state.said == [])
    }

    @Test func turnsThatFailAreTriedAgainSoonAFewTimes() {
        var state = used()
        var soon: [Bool] = []
        for _ in 1...5 {
            _ = state.turnFailed("refused", .seconds(1))
            soon.append(state.isUnderWay)
        }
        #expect(soon == [true, true, false, false, false])
        state.turnDone(isUnderWay: true)
        #expect(state.isUnderWay)
        state.turnDone(isUnderWay: false)
        #expect(!state.isUnderWay)
        _ = state.turnFailed("refused", .seconds(2))
        #expect(state.isUnderWay)
    }
}

@Suite struct SilenceTests {
    @Test func anEtcdThatDoesNotAnswerIsSaidAfterAWhileAndSeldom() {
        var silence = Silence()
        let said = (0...700).filter { silence.isWorthSaying(.seconds($0 + 5)) }
        #expect(said == [10, 310, 610])
        silence = Silence()
        let first = silence.isWorthSaying(.seconds(2000))
        #expect(!first)
    }

    @Test func whatIsRefusedAgainAndAgainIsSaidSeldom() {
        var state = ReconcileState()
        let said = (0...310).filter { state.turnFailed("HTTP 403 AccessDenied", .seconds($0)) }
        #expect(said == [0, 1, 300])
        #expect(state.isTroubled)
        state.turnDone(isUnderWay: false)
        #expect(!state.isTroubled)
        let isNews = state.turnFailed("HTTP 403 AccessDenied", .seconds(311))
        #expect(isNews)
    }
}
