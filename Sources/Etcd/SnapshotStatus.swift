/// What etcd's programs say of a snapshot and of the keys of a member.

import FoundationEssentials

/// What a snapshot file holds, as `snapshot status` tells.
package struct SnapshotStatus: Sendable, Equatable {
    /// Over all that the database holds; not `EtcdHashKV`'s.
    package var hash: UInt32
    /// Of the last change that is still in the database. The store may stand later, where that change was a deletion and has
    /// been compacted away. At least 1, where a store without any change stands.
    package var revision: Int64
    /// All entries of the database: every revision of every key, and etcd's own.
    package var totalKey: Int64
    /// Bytes of the database, without the hash at the file's end.
    package var totalSize: Int64
    /// Which version's form the database has; nil below 3.6, which does not tell.
    package var version: String?

    package init(hash: UInt32, revision: Int64, totalKey: Int64, totalSize: Int64, version: String? = nil) {
        self.hash = hash
        self.revision = revision
        self.totalKey = totalKey
        self.totalSize = totalSize
        self.version = version
    }

    private struct Wire: Decodable {
        var hash: UInt32
        var revision: Int64
        var totalKey: Int64
        var totalSize: Int64
        var version: String?
    }

    /// Reads what `snapshot status --write-out=json` prints.
    ///
    /// - Throws: `ToolOutputError` for anything else.
    package init(json: [UInt8]) throws(ToolOutputError) {
        let wire = try ToolOutputError.decode(Wire.self, from: json)
        guard wire.revision >= 0, wire.totalKey >= 0, wire.totalSize > 0 else {
            throw ToolOutputError("numbers that no snapshot has", json)
        }
        // Of an empty store it prints 0; asked for that, a member answers of its newest revision instead.
        self.init(
            hash: wire.hash, revision: max(1, wire.revision), totalKey: wire.totalKey, totalSize: wire.totalSize,
            version: wire.version.flatMap { $0.isEmpty ? nil : $0 })
    }
}

/// The hash over all keys of one member up to some revision. Equal on two members where both the revision and the compact
/// revision are; else nothing follows.
/// https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/#message-hashkvresponse-apietcdserverpbrpcproto
package struct EtcdHashKV: Sendable, Equatable {
    package var hash: UInt32
    /// Before which revision history is gone; -1 or zero where none is.
    package var compactRevision: Int64
    /// The member's last revision when it answered; not the one that was asked for.
    package var currentRevision: Int64

    package init(hash: UInt32, compactRevision: Int64, currentRevision: Int64) {
        self.hash = hash
        self.compactRevision = compactRevision
        self.currentRevision = currentRevision
    }

    private struct Wire: Decodable {
        struct Header: Decodable { var revision: Int64 }
        struct Answer: Decodable {
            var header: Header
            // Left out where it is zero.
            var hash: UInt32?
            var compactRevision: Int64?

            private enum CodingKeys: String, CodingKey {
                case header, hash
                case compactRevision = "compact_revision"
            }
        }
        var answer: Answer

        private enum CodingKeys: String, CodingKey { case answer = "HashKV" }
    }

    /// Reads what `endpoint hashkv --write-out=json` prints of one endpoint.
    ///
    /// - Throws: `ToolOutputError` for anything else.
    package init(json: [UInt8]) throws(ToolOutputError) {
        let answers = try ToolOutputError.decode([Wire].self, from: json)
        guard answers.count == 1, let answer = answers.first?.answer else {
            throw ToolOutputError("\(answers.count) answers in place of one", json)
        }
        self.init(
            hash: answer.hash ?? 0, compactRevision: answer.compactRevision ?? 0,
            currentRevision: answer.header.revision)
    }
}

/// A program of etcd's printed something else than it should have.
package struct ToolOutputError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    fileprivate init(_ what: String, _ output: [UInt8]) {
        let start = String(decoding: output.prefix(160), as: UTF8.self).filter { !$0.isNewline }
        description = "\(what): '\(start)'"
    }

    fileprivate static func decode<Message: Decodable>(
        _: Message.Type, from json: [UInt8]
    ) throws(ToolOutputError) -> Message {
        do {
            return try JSONDecoder().decode(Message.self, from: Data(json))
        } catch {
            throw ToolOutputError("this is not the JSON that it should print", json)
        }
    }
}
