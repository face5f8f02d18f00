import CCurl
import Glibc

/// libcurl's handle of one transfer, with what must live as long as it.
final class CurlHandle {
    /// libcurl refused an option.
    struct Refusal: Error {
        var option: CURLoption
        var code: CURLcode
    }

    let easy: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    init() throws {
        guard let easy = curl_easy_init() else { throw Refusal(option: CURLOPT_URL, code: CURLE_OUT_OF_MEMORY) }
        self.easy = easy
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorBuffer.deallocate()
    }

    /// What libcurl wrote about a failure, or what it says of the code in general.
    func text(of code: CURLcode) -> String {
        let text = String(cString: errorBuffer)
        return printable(text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
    }

    /// A number that libcurl noted, or nil where this version does not know of it.
    func number(_ info: CURLINFO) -> Int? {
        var value = 0
        return ccurl_get_long(easy, info, &value) == CURLE_OK ? value : nil
    }

    func set(_ option: CURLoption, _ value: Int) throws {
        try check(option, ccurl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) throws {
        try set(option, value ? 1 : 0)
    }

    func set(_ option: CURLoption, offset: Int64) throws {
        try check(option, ccurl_set_offset(easy, option, curl_off_t(offset)))
    }

    func set(_ option: CURLoption, _ value: String?) throws {
        try check(option, ccurl_set_text(easy, option, value))
    }

    /// The pointer must outlive the handle, except with `CURLOPT_COPYPOSTFIELDS`.
    func set(_ option: CURLoption, pointer: UnsafeRawPointer?) throws {
        try check(option, ccurl_set_pointer(easy, option, pointer))
    }

    func set(_ option: CURLoption, _ function: ccurl_io) throws {
        try check(option, ccurl_set_io(easy, option, function))
    }

    func setOpenSocket(_ function: @escaping curl_opensocket_callback) throws {
        try check(CURLOPT_OPENSOCKETFUNCTION, ccurl_set_open_socket(easy, function))
    }

    func setHeaders(_ lines: [String]) throws {
        for line in lines {
            guard let longer = curl_slist_append(headerList, line) else {
                throw Refusal(option: CURLOPT_HTTPHEADER, code: CURLE_OUT_OF_MEMORY)
            }
            headerList = longer
        }
        try check(CURLOPT_HTTPHEADER, ccurl_set_list(easy, CURLOPT_HTTPHEADER, headerList))
    }

    private func check(_ option: CURLoption, _ code: CURLcode) throws {
        if code != CURLE_OK { throw Refusal(option: option, code: code) }
    }
}
