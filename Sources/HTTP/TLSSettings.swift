/// Whom a client trusts, and as whom it speaks.
///
/// Peer and host name are always verified, by TLS 1.2 or later; nothing here can switch that off. The files are read
/// whenever a connection is made, so replaced ones take effect without a restart.
package struct TLSSettings: Sendable, Equatable {
    /// PEM file of the only authorities to trust; nil: the system's.
    package var caFile: String?
    /// PEM file of our own certificate, for mutual TLS.
    package var certificateFile: String?
    /// PEM file of its private key; nil where the certificate's file holds it too.
    package var keyFile: String?

    package init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// The system's authorities, and no certificate of our own.
    package static let system = TLSSettings()
}

/// Whether a client goes through a proxy.
package enum ProxyPolicy: Sendable, Equatable {
    /// As libcurl does by itself: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`
    /// (https://curl.se/libcurl/c/libcurl-env.html).
    case environment
    /// Never, whatever the environment says: for peers and for link-local services, which no proxy can reach.
    case none
}
