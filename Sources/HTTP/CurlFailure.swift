import CCurl
import Glibc

/// What libcurl knows of a transfer that failed: enough to say what a person would do about it.
struct CurlFailure {
    var code: CURLcode
    var text: String
    /// The system's error number of the last failed call, 0 where there was none.
    var systemError: Int32 = 0
    /// The proxy's answer to CONNECT, 0 where there was none.
    var connectStatus = 0
    /// The connection was to a proxy.
    var isProxied = false

    /// https://curl.se/libcurl/c/libcurl-errors.html
    var kind: HTTPError.Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .nameNotResolved
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
        case CURLE_COULDNT_CONNECT where isProxied: .proxy
        case CURLE_COULDNT_CONNECT: systemError == ECONNREFUSED ? .connectionRefused : .notConnected
        case CURLE_INTERFACE_FAILED, CURLE_NO_CONNECTION_AVAILABLE: .notConnected
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        // libcurl says "out of memory" of one header line above 100 kB.
        case CURLE_FILESIZE_EXCEEDED, CURLE_OUT_OF_MEMORY, Self.tooLarge: .tooLarge
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_NOT_BUILT_IN,
            CURLE_READ_ERROR, CURLE_ABORTED_BY_CALLBACK:
            .invalidRequest
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR: brokenConnection
        default: Self.tls.contains(code.rawValue) ? .tls : .brokenOff
        }
    }

    /// In TLS 1.3 the server refuses our certificate only after the handshake, by an alert in place of an answer.
    private var brokenConnection: HTTPError.Kind {
        if connectStatus != 0, connectStatus / 100 != 2 { return .proxy }
        return text.contains("SSL routines") && text.contains(" alert ") ? .tls : .brokenOff
    }

    /// CURLE_TOO_LARGE, from 8.6.
    private static let tooLarge = CURLcode(rawValue: 100)

    private static let tls: Set<UInt32> = Set(
        [
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
        ].map(\.rawValue))
}

extension CurlHandle {
    /// Why the transfer to that URL failed.
    func failure(_ code: CURLcode, url: String) -> CurlFailure {
        let text = text(of: code)
        return CurlFailure(
            code: code, text: text, systemError: Int32(clamping: number(CURLINFO_OS_ERRNO) ?? 0),
            connectStatus: number(CURLINFO_HTTP_CONNECTCODE) ?? 0,
            isProxied: code == CURLE_COULDNT_CONNECT && isProxied(url, text))
    }

    private func isProxied(_ url: String, _ text: String) -> Bool {
        // libcurl says so itself from 8.7 (CURLINFO_USED_PROXY); before, only its text names the host that it tried.
        if let isProxied = number(CURLINFO(rawValue: UInt32(CURLINFO_LONG) + 66)) { return isProxied != 0 }
        return text.hasPrefix("Failed to connect to ") && !text.contains(" to \(target(of: url)) after ")
    }

    /// As libcurl names it: `host port 80`.
    private func target(of url: String) -> String {
        let parts = URLParts(url)
        return "\(parts.host) port \(parts.port ?? (parts.scheme == "https" ? "443" : "80"))"
    }
}
