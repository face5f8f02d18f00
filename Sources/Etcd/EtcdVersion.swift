/// The version of one etcd binary or server, by which flags and gateway paths are chosen.
///
/// Ordered as semantic versions are (https://semver.org/#spec-item-11): a pre-release comes before its release, and
/// build metadata counts for nothing.
package struct EtcdVersion: Sendable, Hashable, Comparable, LosslessStringConvertible {
    package var major: Int
    package var minor: Int
    package var patch: Int
    /// What follows the hyphen in `3.6.0-rc.1`; nil for a release.
    package var preRelease: String?

    package init(_ major: Int, _ minor: Int, _ patch: Int, preRelease: String? = nil) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.preRelease = preRelease
    }

    /// Reads `3.4.23`, `v3.6.0-rc.1` or `3.5.0+git`; nil where that is not a complete version.
    package init?(_ description: String) {
        let unprefixed = description.hasPrefix("v") ? description.dropFirst() : description[...]
        let withoutBuild = unprefixed.prefix { $0 != "+" }
        let core = withoutBuild.prefix { $0 != "-" }
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false).compactMap(Self.number)
        guard numbers.count == 3, core.filter({ $0 == "." }).count == 2 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
        guard core.endIndex < withoutBuild.endIndex else { return }
        let suffix = withoutBuild[withoutBuild.index(after: core.endIndex)...]
        guard !suffix.isEmpty else { return nil }
        preRelease = String(suffix)
    }

    /// Reads what `etcd --version` prints, a line such as `etcd Version: 3.4.23` among others; nil where none is there.
    package init?(versionOutput output: String) {
        for line in output.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "etcd", words[1] == "Version:" else { continue }
            self.init(String(words[2]))
            return
        }
        return nil
    }

    package var description: String {
        "\(major).\(minor).\(patch)" + (preRelease.map { "-\($0)" } ?? "")
    }

    package static func < (left: EtcdVersion, right: EtcdVersion) -> Bool {
        let (leftCore, rightCore) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        guard leftCore == rightCore else { return leftCore < rightCore }
        switch (left.preRelease, right.preRelease) {
        case (nil, _): return false
        case (_, nil): return true
        case (let left?, let right?): return precedes(left, right)
        }
    }

    /// Whether this is `major.minor`, or later, pre-releases of `major.minor.0` included: they have its flags already.
    package func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// The order of pre-releases: identifier by identifier, numbers by value and before words, fewer before more.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.split(separator: "."), right.split(separator: "."))
        for (one, other) in zip(left, right) where one != other {
            switch (number(one), number(other)) {
            case (let one?, let other?): return one < other
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return one < other
            }
        }
        return left.count < right.count
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) ? Int(text) : nil
    }
}

extension EtcdVersion {
    /// Under which path a server of this version serves its JSON gateway.
    ///
    /// Later servers answer some of the earlier paths too, but each promises only its own
    /// (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/#notes).
    package var gatewayPrefix: String {
        if isAtLeast(3, 4) { return "/v3" }
        return isAtLeast(3, 3) ? "/v3beta" : "/v3alpha"
    }
}
