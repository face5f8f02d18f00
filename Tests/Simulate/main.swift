/// `script/simulate`: lives many lives on all cores, and tells which of them went wrong.

import Dispatch
import Foundation
import Simulation
import Synchronization

struct Request {
    var seeds: UInt64 = 10_000
    var from: UInt64 = 1
    var traced: UInt64?
    var playsSchedules = false
    var schedule: String?
    var tablesMutants = false
}

func request(_ arguments: [String]) -> Request? {
    var request = Request()
    var rest = arguments[...]
    while let flag = rest.popFirst() {
        if flag == "--schedules" {
            request.playsSchedules = true
            continue
        }
        if flag == "--mutants" {
            request.tablesMutants = true
            continue
        }
        if flag == "--schedule" {
            request.schedule = rest.popFirst()
            continue
        }
        guard let text = rest.popFirst(), let number = UInt64(text) else { return nil }
        switch flag {
        case "--seeds": request.seeds = number
        case "--from": request.from = number
        case "--trace": request.traced = number
        default: return nil
        }
    }
    return request
}

struct Tally {
    var faults: [LifeReport] = []
    var waiting: [LifeReport] = []
    var recoveries = 0
    var events = 0
    var turns = 0
}

func live(_ request: Request) -> Int32 {
    let tally = Mutex(Tally())
    let chunk: UInt64 = 100
    let chunks = Int((request.seeds + chunk - 1) / chunk)
    DispatchQueue.concurrentPerform(iterations: chunks) { number in
        let first = request.from + UInt64(number) * chunk
        let last = min(first + chunk, request.from + request.seeds)
        let reports = (first..<last).map { Life.report($0) }
        tally.withLock { tally in
            tally.faults += reports.filter { $0.fault != nil }
            tally.waiting += reports.filter { $0.waitsForPerson != nil }
            tally.recoveries += reports.reduce(0) { $0 + $1.recoveries }
            tally.events += reports.reduce(0) { $0 + $1.events }
            tally.turns += reports.reduce(0) { $0 + $1.turns }
        }
    }
    let result = tally.withLock { $0 }
    for report in result.faults.sorted(by: { $0.seed < $1.seed }).prefix(40) {
        print("seed \(report.seed): \(report.fault ?? "")")
    }
    print(
        "\(request.seeds) lives from \(request.from), \(result.events) events, \(result.turns) turns of leaders, "
            + "\(result.recoveries) recoveries, \(result.waiting.count) wait for a person, \(result.faults.count) went wrong"
    )
    if let first = result.faults.map(\.seed).min() { print("see script/simulate --trace \(first)") }
    return result.faults.isEmpty ? 0 : 1
}

/// - Returns: 1 where a rule is missed by nothing.
func tableMutants(_ request: Request) -> Int32 {
    var isEachMissed = true
    for mutant in Policy.mutants {
        let killer = mutant.killer(lives: 1...max(1, request.seeds))
        isEachMissed = isEachMissed && killer != nil
        print("\(mutant.name): \(killer ?? "NOTHING")")
    }
    print("\(Policy.mutants.count) rules taken out, \(isEachMissed ? "each is missed" : "not each is missed")")
    return isEachMissed ? 0 : 1
}

/// - Returns: 1 where one did not go as it has to.
func playSchedules() -> Int32 {
    var failures = 0
    for schedule in Schedule.all {
        let faults = schedule.faults()
        if !faults.isEmpty { failures += 1 }
        print("\(faults.isEmpty ? "ok  " : "FAIL") \(schedule.name)\(faults.first.map { ": \($0)" } ?? "")")
    }
    print("\(Schedule.all.count) schedules, \(failures) failed")
    return failures == 0 ? 0 : 1
}

/// - Returns: 1 where it did not go as it has to, 64 where there is none of that name.
func tell(_ name: String) -> Int32 {
    guard let schedule = Schedule.all.first(where: { $0.name == name }) else {
        print("no schedule is called \"\(name)\"; --schedules names them all")
        return 64
    }
    for line in schedule.story() { print(line) }
    let faults = schedule.faults()
    for fault in faults { print("FAIL \(fault)") }
    return faults.isEmpty ? 0 : 1
}

if let request = request(Array(CommandLine.arguments.dropFirst())) {
    if let name = request.schedule {
        exit(tell(name))
    } else if request.tablesMutants {
        exit(tableMutants(request))
    } else if request.playsSchedules {
        exit(playSchedules())
    } else if let seed = request.traced {
        for line in Life.story(of: seed) { print(line) }
    } else {
        exit(live(request))
    }
} else {
    print("Usage: simulate [--seeds N] [--from SEED] | --trace SEED | --schedules | --schedule NAME | --mutants")
    exit(64)
}
