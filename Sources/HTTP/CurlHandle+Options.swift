import CCurl
import Glibc

// What every transfer is told, and why. https://curl.se/libcurl/c/curl_easy_setopt.html

extension CurlHandle {
    /// - Parameter time: what is left until the deadline.
    func apply(_ request: HTTPRequest, _ settings: CurlSettings, time: Duration, idleLimit: Duration) throws {
        try setLimits(request, time: time, idleLimit: idleLimit)
        try set(CURLOPT_URL, request.url)
        // Object keys may hold "/../", and what was signed must be what is sent.
        try set(CURLOPT_PATH_AS_IS, true)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, false)
        // One protocol everywhere: no multiplexing, under which one broken connection breaks many requests.
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_FRESH_CONNECT, !request.isRepeatable)
        // Else the answer of a proxy to CONNECT would look like the server's.
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        if settings.proxy == .none {
            try set(CURLOPT_PROXY, "")
        }
        if request.url.hasPrefix("https:") || settings.proxy == .environment { try setTLS(settings.tls) }
        try setMethod(request)
        try setHeaders(headerLines(request))
    }

    private func setLimits(_ request: HTTPRequest, time: Duration, idleLimit: Duration) throws {
        // No signals: the process has threads.
        try set(CURLOPT_NOSIGNAL, true)
        // Else ending a transfer waits for its resolver thread, 10 s and longer, and every other transfer with it.
        try set(CURLOPT_QUICK_EXIT, true)
        try setOpenSocket(openSocket)
        let milliseconds = time.wholeMilliseconds
        try set(CURLOPT_TIMEOUT_MS, milliseconds)
        try set(CURLOPT_CONNECTTIMEOUT_MS, min(milliseconds, 10_000))
        try set(CURLOPT_MAXAGE_CONN, max(1, Int(idleLimit.components.seconds)))
        // Names move and certificates are replaced: no connection outlives them by long.
        try set(CURLOPT_MAXLIFETIME_CONN, 600)
        guard request.isBulk else { return }
        try set(CURLOPT_BUFFERSIZE, 512 << 10)
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
        // Their deadlines are long; a minute without a byte is the end all the same.
        try set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try set(CURLOPT_LOW_SPEED_TIME, 60)
    }

    private func setTLS(_ tls: TLSSettings) throws {
        try set(CURLOPT_SSL_VERIFYPEER, true)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = tls.caFile {
            try set(CURLOPT_CAINFO, file)
            // Else the system's authorities would be trusted besides the one that was asked for.
            try set(CURLOPT_CAPATH, nil)
            // libcurl keeps what it read for a day by default.
            try limitCache(seconds: 0)
        } else {
            if let bundle = CABundle.substitute { try set(CURLOPT_CAINFO, bundle) }
            try limitCache(seconds: 3600)
        }
        if let file = tls.certificateFile {
            try set(CURLOPT_SSLCERT, file)
            try set(CURLOPT_SSLKEY, tls.keyFile ?? file)
        }
    }

    private func limitCache(seconds: Int) throws {
        do {
            try set(CURLOPT_CA_CACHE_TIMEOUT, seconds)
        } catch let refusal as Refusal where refusal.code == CURLE_NOT_BUILT_IN {
            // A TLS library that keeps nothing has nothing to limit.
        }
    }

    private func setMethod(_ request: HTTPRequest) throws {
        switch request.effectiveBody {
        case .none where request.method == "HEAD":
            try set(CURLOPT_NOBODY, true)
        case .none:
            try set(CURLOPT_HTTPGET, true)
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        case .bytes(let bytes):
            try set(CURLOPT_POST, true)
            try set(CURLOPT_POSTFIELDSIZE_LARGE, offset: Int64(bytes.count))
            try bytes.withUnsafeBytes { buffer in
                // Of an empty array the address may be nil, which libcurl would take for "read the body from stdin".
                if buffer.isEmpty {
                    try set(CURLOPT_COPYPOSTFIELDS, "")
                } else {
                    try set(CURLOPT_COPYPOSTFIELDS, pointer: buffer.baseAddress)
                }
            }
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        case .file:
            try set(CURLOPT_UPLOAD, true)
            // A kept connection may turn out to be closed only in the middle of the body, too late to begin again.
            try set(CURLOPT_FRESH_CONNECT, true)
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    /// In libcurl's notation: `Name:` keeps it from sending a header of its own, `Name;` sends an empty one.
    private func headerLines(_ request: HTTPRequest) -> [String] {
        let unasked = ["Accept", "Content-Type"].filter { request.headers[$0] == nil }
        // With `Expect: 100-continue`, libcurl's own idea, a server that ignores it costs a second.
        return (unasked + ["Expect"]).map { "\($0):" }
            + request.headers.fields.map { name, value in
                value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "\(name);" : "\(name): \(value)"
            }
    }
}

/// As libcurl does it, but closed in children: they would hold our connections open.
private let openSocket: curl_opensocket_callback = { _, _, address in
    guard let address = address?.pointee else { return CURL_SOCKET_BAD }
    return socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
}

extension HTTPRequest {
    /// With a file on either side.
    var isBulk: Bool {
        if case .file = body { return true }
        if case .memory = sink { return false }
        return true
    }

    /// A method that is meant to carry a body says so where there is none: some servers answer 411 otherwise.
    fileprivate var effectiveBody: Body {
        body == .none && ["POST", "PUT", "PATCH"].contains(method) ? .bytes([]) : body
    }
}

/// Where the system keeps the authorities that it trusts.
enum CABundle {
    /// Debian, Red Hat and Amazon, SUSE, Alpine.
    static let usual = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// What to use in place of libcurl's own bundle; nil where that is fine, or nothing is better.
    static var substitute: String? {
        if let own = LibCurl.builtInBundle, isReadable(own) { return nil }
        return usual.first(where: isReadable)
    }

    private static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}

extension Duration {
    /// Rounded up, at least 1, and within what libcurl counts in 32 bits (24 days).
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow else { return Int(Int32.max) }
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int(max(1, min(milliseconds.partialValue + rest, Int64(Int32.max))))
    }
}
