import CCurl

/// libcurl's handle for many transfers. Only the loop's thread uses it, but any thread may wake it.
///
/// The pointer is sent to the loop's thread once; `curl_multi_wakeup` is the one call that libcurl allows from elsewhere
/// (https://curl.se/libcurl/c/curl_multi_wakeup.html).
struct CurlMulti: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Already woken once, so that nothing left before the first sleep is slept over; nil where descriptors or memory
    /// have run out.
    init?() {
        guard let handle = curl_multi_init() else { return nil }
        // The cap on all connections keeps a burst within the usual limit of 1024 descriptors. There is none per host:
        // it would make parallel requests to one host wait for each other.
        let isUsable =
            ccurl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, 32) == CURLM_OK
            && ccurl_multi_set_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, 256) == CURLM_OK
            && curl_multi_wakeup(handle) == CURLM_OK
        guard isUsable else {
            curl_multi_cleanup(handle)
            return nil
        }
        self.handle = handle
    }

    func wake() { curl_multi_wakeup(handle) }

    /// Closes its connections. Nothing may wake it any more.
    func free() { curl_multi_cleanup(handle) }
}
