import FoundationEssentials

/// What EC2 means to do to an instance for want of spot capacity.
/// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
package struct SpotNotice: Sendable, Equatable, Decodable {
    package enum Action: Sendable, Hashable {
        case terminate, stop, hibernate
        /// One that AWS has added since.
        case other(String)
    }

    package var action: Action
    /// About when, mostly two minutes ahead; nil where it can't be read: a notice is one without it, too.
    package var time: Date?

    package init(action: Action, time: Date?) {
        self.action = action
        self.time = time
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = Action(try container.decode(String.self, forKey: .action))
        time = try container.decodeIfPresent(String.self, forKey: .time).flatMap(Date.init(iso8601:))
    }

    private enum CodingKeys: CodingKey { case action, time }
}

extension SpotNotice.Action {
    fileprivate init(_ word: String) {
        self =
            switch word {
            case "terminate": .terminate
            case "stop": .stop
            case "hibernate": .hibernate
            default: .other(word)
            }
    }
}

/// What the metadata service says of this instance's near future.
extension InstanceMetadata {
    /// The state that the autoscaling group is moving this instance to, or has it in: `InService`, `Terminated`,
    /// `Detached`, `Standby`, `Warmed:...`; nil where there is none, as outside of a group.
    /// https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
    ///
    /// - Throws: `MetadataError`; `CancellationError`.
    package func targetLifecycleState() async throws -> String? {
        let path = "meta-data/autoscaling/target-lifecycle-state"
        guard let words = try await text(path)?.split(whereSeparator: \.isWhitespace) else { return nil }
        // A proxy's page, say, is no state.
        guard words.count == 1, words[0].utf8.count <= 64 else {
            throw MetadataError.unreadable(path: path, because: "is not one word")
        }
        return String(words[0])
    }

    /// Nil while nothing is meant to happen, which is also all that an instance hears that is no spot instance.
    /// - Throws: `MetadataError`; `CancellationError`.
    package func spotNotice() async throws -> SpotNotice? {
        let path = "meta-data/spot/instance-action"
        guard let text = try await text(path) else { return nil }
        return try Self.decode(SpotNotice.self, from: text, path)
    }
}
