import FoundationEssentials

/// How a session of a role begins.
package enum STS {
    /// What is said about the session that is asked for.
    struct Session: Sendable, Equatable {
        let roleARN: String
        /// Shown in CloudTrail; 2 to 64 of `A-Za-z0-9=,.@_-`.
        let name: String
        /// A word that the role's owner demands of third parties.
        var externalID: String?
        /// In seconds, 900 to 43,200; nil: one hour.
        var seconds: Int?

        fileprivate var parameters: [Parameter] {
            var parameters = [Parameter("RoleArn", roleARN), Parameter("RoleSessionName", name)]
            if let externalID { parameters.append(Parameter("ExternalId", externalID)) }
            if let seconds { parameters.append(Parameter("DurationSeconds", String(seconds))) }
            return parameters
        }
    }
}

extension Operation where Output == Credentials {
    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    static func assumeRole(_ session: STS.Session) -> Operation {
        Operation(.sts, "AssumeRole", .query(session.parameters)) { answer throws(XMLError) in
            try Credentials(answer.child("AssumeRoleResult", "Credentials"))
        }
    }

    /// Unsigned: the token is the proof.
    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    static func assumeRole(_ session: STS.Session, webIdentityToken: Secret) -> Operation {
        let payload = Payload.query(
            session.parameters + [Parameter("WebIdentityToken", webIdentityToken.plainText)])
        return Operation(.sts, "AssumeRoleWithWebIdentity", payload, isSigned: false) { answer throws(XMLError) in
            try Credentials(answer.child("AssumeRoleWithWebIdentityResult", "Credentials"))
        }
    }
}

extension Credentials {
    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
    fileprivate init(_ node: XMLNode) throws(XMLError) {
        self.init(
            accessKeyID: try node.text("AccessKeyId"),
            secretAccessKey: Secret(try node.text("SecretAccessKey")),
            sessionToken: Secret(try node.text("SessionToken")),
            expiration: try node.date("Expiration"))
    }
}
