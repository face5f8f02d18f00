/// A report as it goes from instance to instance: JSON, with IDs in hex, as etcd prints them.

import ClusterPlanning
import FoundationEssentials

enum ReportText {
    /// The most bytes that a report may have. A hundred members take a quarter of them.
    static let byteLimit = 64 << 10

    /// What another instance says, and the nonce that it repeats.
    struct Received: Equatable, Sendable {
        var report: Report
        var nonce: String?
    }

    /// Nothing of it is secret. Words are cut to a readable length.
    static func encode(_ report: Report, nonce: String?) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(ReportFile(report, nonce: nonce))) + [UInt8(ascii: "\n")]
    }

    /// - Throws: what is wrong, for all that is no report of this form. It may be anybody's answer, so it is not repeated.
    static func decode(_ bytes: [UInt8]) throws(ReportTextError) -> Received {
        guard bytes.count <= byteLimit else { throw ReportTextError("it is longer than \(byteLimit) bytes") }
        let data = Data(bytes)
        let file: ReportFile
        do {
            let form = try JSONDecoder().decode(ReportFile.Form.self, from: data)
            guard form.report == ReportFile.version else {
                throw ReportTextError("it is of form \(form.report), which is another etcd-cluster's")
            }
            file = try JSONDecoder().decode(ReportFile.self, from: data)
        } catch let error as ReportTextError {
            throw error
        } catch {
            throw ReportTextError("it is no report of etcd-cluster")
        }
        return Received(report: try file.translated(), nonce: file.nonce)
    }
}

/// Why an answer is no report.
struct ReportTextError: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
