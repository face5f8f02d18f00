/// The head of an answer, gathered line by line as libcurl hands it over.
struct ResponseHead {
    /// The head is larger than any honest one.
    struct TooLarge: Error, Equatable {}

    /// Fields, and bytes over all lines; AWS and etcd send a tenth of it.
    static let fieldLimit = 256
    static let byteLimit = 64 << 10

    private(set) var status = 0
    private(set) var fields: [(name: String, value: String)] = []
    private var byteCount = 0
    private var isComplete = false

    /// It came to its empty line, and no other head follows.
    var isFinal: Bool { isComplete && status >= 200 }

    /// - Parameter line: one line with its line break; the empty one ends a head.
    /// - Throws: `TooLarge`.
    mutating func take(_ line: UnsafeRawBufferPointer) throws {
        byteCount += line.count
        guard byteCount <= Self.byteLimit, fields.count < Self.fieldLimit else { throw TooLarge() }
        // Trailers come after a final head and are no headers: https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
        guard !isFinal else { return }
        let text = String(decoding: line, as: UTF8.self).trimmingLineBreak()
        if text.isEmpty {
            isComplete = true
        } else if text.hasPrefix("HTTP/") {
            self = ResponseHead(status: status(of: text), byteCount: byteCount)
        } else {
            takeField(text)
        }
    }

    init() {}

    private init(status: Int, byteCount: Int) {
        self.status = status
        self.byteCount = byteCount
    }

    private func status(of line: String) -> Int {
        Int(line.drop { $0 != " " }.dropFirst().prefix { $0.isNumber }) ?? 0
    }

    private mutating func takeField(_ line: String) {
        if line.hasPrefix(" ") || line.hasPrefix("\t"), !fields.isEmpty {
            // A folded line, as old servers send them, goes on with the field before it.
            fields[fields.count - 1].value += " " + line.trimmingBlanks()
        } else if let colon = line.firstIndex(of: ":") {
            fields.append((name: String(line[..<colon]), value: line[line.index(after: colon)...].trimmingBlanks()))
        }
    }
}

extension StringProtocol {
    fileprivate func trimmingLineBreak() -> String {
        String(decoding: utf8.prefix { $0 != 0x0d && $0 != 0x0a }, as: UTF8.self)
    }

    fileprivate func trimmingBlanks() -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let bytes = Array(utf8.drop(while: isBlank))
        return String(decoding: bytes[..<(bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? 0)], as: UTF8.self)
    }
}
