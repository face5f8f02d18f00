/// JSON as we write it everywhere: for people to read, and the same bytes for the same value.

import FoundationEssentials

/// The value with its keys sorted, a line each, and a line break at the end.
///
/// - Throws: `EncodingError` where the value can't be written, as a number that is none.
func prettyJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
}
