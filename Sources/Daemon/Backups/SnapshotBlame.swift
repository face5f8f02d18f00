/// Whose failure it is when one of etcd's programs fails: the file's, and then another backup has to do; or anybody else's.

import Supervision

extension SnapshotTools {
    /// Throws what is wrong with the file, where it is to blame for a failure of etcd's program, be it that it came to no end.
    /// Returns where that may be the machine's, or a flag's: that is waited for, and no other backup is taken in its place.
    static func blameFile(_ path: String, _ isWhole: Verdict, for error: any Error) async throws {
        // Its bytes are the better witness. Are they those that were saved, what was saved may have been no database.
        try await isWhole()
        guard case SnapshotToolError.failed(_, .exited, let words) = error,
            complains(words.lowercased(), of: complaintsOfContent, naming: path.lowercased())
        else { return }
        throw SnapshotDefect.unreadable(path: path, words)
    }

    /// What etcd's programs say of what is in a file. For whatever else they may have met (a full disk or process table, a missing
    /// file, a signal) there is no end of words.
    private static let complaintsOfContent = [
        // Its own: https://github.com/etcd-io/etcd/blob/v3.4.23/clientv3/snapshot/v3_snapshot.go
        "expected sha256", "missing hash", "integrity check failed",
        // bbolt's errors and assertions: https://github.com/etcd-io/bbolt/blob/v1.3.6/errors.go, and page.go, freelist.go, db.go.
        "invalid database", "version mismatch", "checksum error", "file size too small", "page type", "freelist page",
        "self identifies", "multiple references", "already freed", "assertion failed", "reachable pages",
        "cannot get hash of bucket",
        // Go's, of a number that was read as a place.
        "index out of range", "slice bounds out of range", "len out of range", "nil pointer", "fatal error: fault",
        // Of what the keys hold.
        "proto:", "unmarshal", "unexpected eof", "corrupt",
    ]
}

/// Whether a program complains in one of these ways.
///
/// - Parameter path: what it was given. No path counts, this or another: a disk may well be called `encrypted`.
func complains(_ words: String, of complaints: [String], naming path: String) -> Bool {
    let own = words.split(separator: path).joined(separator: " ")
    let said = own.split(whereSeparator: \.isWhitespace).filter { !$0.contains("/") }.joined(separator: " ")
    return complaints.contains(where: said.contains)
}
