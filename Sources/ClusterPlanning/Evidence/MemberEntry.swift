/// Which entry of the record a member has: by its address and name, and where those differ, by what reports say.

extension Evidence {
    /// The entry that stands for a member. One that only its address tells may be an earlier member's, in whose place somebody has
    /// put this one, or its disk has come back from there: then the record is behind.
    ///
    /// The instance that the member is named after decides: by its report that it has the member, at that address or, as nobody
    /// else, on that disk. While it says nothing, an entry whose disk is gone stands for none but its own.
    func entry(of member: Member, in record: ClusterRecord) -> ClusterRecord.Entry? {
        guard let entry = record.entry(for: member) else { return nil }
        guard let named = member.instanceID, named != entry.instance else { return entry }
        let fate = fate(of: entry)
        guard let report = facts.report(named) else { return fate.isGone ? nil : entry }
        let isItself = report.peerURL == entry.peerURL || fate.heldReport == report
        return report.member == member.id && isItself ? nil : entry
    }
}
