import CCurl

/// The machine's libcurl: initialised once for the whole process, and judged.
enum LibCurl {
    /// Why it can't be used, or nil.
    static let shortcoming: String? = {
        let code = curl_global_init(Int(CURL_GLOBAL_ALL))
        guard code == CURLE_OK else { return "libcurl: curl_global_init: \(String(cString: curl_easy_strerror(code)))" }
        guard let info = curl_version_info(CURLVERSION_TENTH) else { return "libcurl: no version information" }
        return shortcoming(version: info.pointee.version_num, features: info.pointee.features)
    }()

    /// - Parameters:
    ///   - version: as `curl_version_info` has it: 0x075800 is 7.88.0.
    ///   - features: its bits `CURL_VERSION_...`.
    static func shortcoming(version: UInt32, features: Int32) -> String? {
        let name = "libcurl \(version >> 16).\(version >> 8 & 0xff).\(version & 0xff)"
        // Without CURLOPT_QUICK_EXIT one name server that does not answer stalls every transfer, past all deadlines.
        guard version >= 0x075700 else { return "\(name) is too old: 7.87.0 or later is needed" }
        guard features & CURL_VERSION_SSL != 0 else { return "\(name) was built without TLS" }
        guard features & CURL_VERSION_ASYNCHDNS != 0 else { return "\(name) was built without asynchronous DNS" }
        return nil
    }

    /// Where this libcurl was told to find the authorities, or nil.
    static var builtInBundle: String? {
        curl_version_info(CURLVERSION_TENTH)?.pointee.cainfo.map { String(cString: $0) }
    }
}
