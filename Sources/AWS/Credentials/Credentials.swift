import FoundationEssentials

/// What AWS knows a caller by: one access key, long-lived or temporary.
package struct Credentials: Sendable, Equatable {
    /// The public half of the key (`AKIA...` long-lived, `ASIA...` temporary); it may be logged.
    package var accessKeyID: String
    /// The half that signs and is never sent.
    package var secretAccessKey: Secret
    /// Sent along with every request of a temporary key; nil for a long-lived one.
    package var sessionToken: Secret?
    /// When AWS stops accepting the key; nil where that is not known or never.
    package var expiration: Date?

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: Date? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}
