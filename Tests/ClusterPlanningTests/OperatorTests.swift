/// People's commands: each refusal has its row, and each sentence can be read.

import Testing

@testable import ClusterPlanning

@Suite struct OperatorTests {
    @Test(arguments: recoverRows)
    func recover(row: RecoverRow) { #expect(planRecover(row.view, row.request) == row.expected) }

    @Test(arguments: adoptRows)
    func adopt(row: AdoptRow) { #expect(planAdopt(row.view) == row.expected) }

    @Test(arguments: forgetRows)
    func forget(row: ForgetRow) { #expect(planForget(row.view, row.request) == row.expected) }

    private static let plans =
        recoverRows.map(\.expected) + adoptRows.map(\.expected) + forgetRows.map(\.expected)

    @Test func everyRefusalHasARow() {
        let refusals = Self.plans.compactMap { if case .refuse(let refusal) = $0 { RefusalKind(refusal) } else { nil } }
        #expect(Set(refusals) == Set(RefusalKind.allCases))
    }

    @Test func everySentenceReads() {
        for plan in Self.plans {
            for sentence in sentences(of: plan) {
                #expect(sentence.utf8.count > 10 && !sentence.contains("Optional") && !sentence.contains("(0x"))
            }
        }
    }

    private func sentences(of plan: OperatorPlan) -> [String] {
        switch plan {
        case .act(let steps, let then): steps.map(\.description) + then
        case .nothing(let why): [why]
        case .refuse(let refusal): [refusal.description]
        }
    }

    /// What is written down survives the way through the store, and counts there.
    @Test(arguments: rowsOfDeclaring)
    func aDeclarationIsReadBackAndCounts(row: RecoverRow) throws {
        guard case .act(let steps, _) = row.expected, case .swapRecord(let swap) = steps.first else { return }
        let read = try ClusterRecord(parsing: swap.record.text())
        #expect(read == swap.record)
        let evidence = row.view.start.evidence(read, StartMemory())
        for id in row.request.declaredGone {
            let entries = (read.voters + read.former.map(\.entry)).filter { $0.instance == id }
            #expect(!entries.isEmpty)
            for entry in entries { #expect(evidence.fate(of: entry) == .gone(.declared(by: "Ada on i-1"))) }
        }
    }

    /// A disk that comes back with its data is held, whatever was declared; so is one that nobody had named.
    @Test(arguments: [on(3), unnamed(3)])
    func aDeclaredDiskThatIsReportedIsHeld(entry: ClusterRecord.Entry) {
        let gone = [ClusterRecord.GoneDisk(entry.markedDisk, evidence: "", time: "", teller: "Ada")]
        let evidence = Evidence(
            facts: facts([holds(3)]), gone: gone, absence: AbsenceMemory(), now: .zero, grace: .seconds(300))
        #expect(evidence.fate(of: entry) == .held(holds(3)))
    }

    @Test func theSituationNamesEachDiskWithItsFate() {
        let view = rowsOfDeclaring[0].view
        let lines = situation(view).map { "\($0.topic): \($0.sentence)" }
        #expect(
            lines == [
                "record: generation 1, begun from nothing, changed 1 time; of \(ourGroup), in \(zoneStore)",
                "voter: i-2=http://10.0.0.2:2380#d-2: gone: EC2 has terminated i-2",
                "voter: i-3=http://10.0.0.3:2380#d-3: unknown: i-3 is stopped",
                "voter: i-4=http://10.0.0.4:2380#d-4: held by i-4, committed up to 100",
                "cluster: none answers",
            ])
    }
}

/// Every kind of refusal, so that none goes without a row.
private enum RefusalKind: CaseIterable {
    case blind, noRecordKept, noRecord, recordsConflict, recordOfOther, recordExists, storeUnknown, clusterAnswers
    case nobodyAnswers, severalClusters, waits, notInRecord, diskReported, instanceExists, instanceRuns, noBackup
    case nothingHeld, notASource, notTheBest, wouldLose, ownDisk, stillAlive

    init(_ refusal: Refusal) {
        self =
            switch refusal {
            case .blind: .blind
            case .noRecordKept: .noRecordKept
            case .noRecord: .noRecord
            case .recordsConflict: .recordsConflict
            case .recordOfOther: .recordOfOther
            case .recordExists: .recordExists
            case .storeUnknown: .storeUnknown
            case .clusterAnswers: .clusterAnswers
            case .nobodyAnswers: .nobodyAnswers
            case .severalClusters: .severalClusters
            case .waits: .waits
            case .notInRecord: .notInRecord
            case .diskReported: .diskReported
            case .instanceExists: .instanceExists
            case .instanceRuns: .instanceRuns
            case .noBackup: .noBackup
            case .nothingHeld: .nothingHeld
            case .notASource: .notASource
            case .notTheBest: .notTheBest
            case .wouldLose: .wouldLose
            case .ownDisk: .ownDisk
            case .stillAlive: .stillAlive
            }
    }
}
