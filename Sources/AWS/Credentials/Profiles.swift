/// The shared `config` and `credentials` files of AWS's tools, read into profiles.
/// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
struct Profiles: Sendable, Equatable {
    /// Settings by profile and by lower-case key.
    private(set) var settings: [String: [String: String]] = [:]

    /// - Parameters:
    ///   - config: sections are `[default]` and `[profile NAME]`; others are something else and are passed over.
    ///   - credentials: sections are `[NAME]`; what stands here has precedence.
    init(config: String, credentials: String) {
        for (section, values) in Self.sections(config) {
            guard let name = Self.profile(inConfig: section) else { continue }
            settings[name, default: [:]].merge(values) { $1 }
        }
        for (section, values) in Self.sections(credentials) { settings[section, default: [:]].merge(values) { $1 } }
    }

    private static func profile(inConfig section: String) -> String? {
        if section == "default" { return section }
        let words = section.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        return words.count == 2 && words[0] == "profile" ? trimmed(words[1]) : nil
    }

    private static func sections(_ text: String) -> [(name: String, values: [String: String])] {
        var sections: [(name: String, values: [String: String])] = []
        for line in text.split(whereSeparator: \.isNewline) {
            // An indented line belongs to a nested setting, of which none concerns credentials.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                sections.append((trimmed(line.dropFirst().prefix { $0 != "]" }), [:]))
            } else if let equals = line.firstIndex(of: "="), !sections.isEmpty {
                let key = trimmed(line[..<equals]).lowercased()
                sections[sections.count - 1].values[key] = value(line[line.index(after: equals)...])
            }
        }
        return sections
    }

    /// A comment within a line begins with white space.
    private static func value(_ text: Substring) -> String {
        var kept = text
        for (index, next) in zip(text.indices, text.indices.dropFirst())
        where text[index].isWhitespace && (text[next] == "#" || text[next] == ";") {
            kept = text[..<index]
            break
        }
        return trimmed(kept)
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
