/// XML as we send it: Route 53's batches, S3's lists of parts.

/// An element that holds text.
func element(_ name: String, _ text: String) -> String { "<\(name)>\(escaped(text))</\(name)>" }

/// Text as XML. A carriage return would be read back as a line feed if it were not escaped (XML 1.0, 2.11).
private func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "\r": escaped += "&#13;"
        default: escaped.unicodeScalars.append(character)
        }
    }
    return escaped
}
