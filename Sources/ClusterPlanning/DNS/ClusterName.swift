/// The name under which the cluster stands in DNS.

extension Group {
    /// The cluster's name; nil where what it would be can't stand in DNS.
    package func clusterName(configured: String?) -> String? {
        ClusterPlanning.clusterName(configured: configured, stackName: stackName, groupName: name)
    }
}

/// Chooses the cluster's name: the one that was configured, else the part after the last `-` of the stack's name, as
/// senza names its stacks `<application>-<version>`, else the name of the group.
///
/// - Returns: nil where the result can't be a DNS label (RFC 1035 section 2.3.1: letters, digits and inner hyphens, at
///   most 63 of them), in lower case otherwise.
package func clusterName(configured: String?, stackName: String?, groupName: String) -> String? {
    let stackVersion = stackName?.split(separator: "-", omittingEmptySubsequences: false).last.map(String.init)
    let name = (configured ?? stackVersion ?? groupName).lowercased()
    return isDNSLabel(name) ? name : nil
}

/// Whether `text` may stand between two dots of a host name.
package func isDNSLabel(_ text: String) -> Bool {
    let bytes = text.utf8
    return (1...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-") && bytes.last != UInt8(ascii: "-")
        && bytes.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
}
