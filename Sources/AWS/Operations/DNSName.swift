/// Comparing DNS names: letters in either case are the same, and so is the dot at the end.
enum DNSName {
    static func areSame(_ left: String, _ right: String) -> Bool { canonical(left) == canonical(right) }

    /// Whether `name` is `ancestor` or stands below it.
    static func contains(_ ancestor: String, _ name: String) -> Bool {
        let (ancestor, name) = (canonical(ancestor), canonical(name))
        return name == ancestor || name.hasSuffix("." + ancestor)
    }

    /// Whether a list sorted by reversed labels, as Route 53's are, has nothing of `ancestor` left where it has come to
    /// `name`. The names with `ancestor`, reversed, as their beginning stand together: besides those below it
    /// (`a.main`) that is `main-x`, which some sort in between.
    static func isPast(_ ancestor: String, _ name: String) -> Bool { !reversed(name).hasPrefix(reversed(ancestor)) }

    private static func reversed(_ name: String) -> String {
        canonical(name).split(separator: ".").reversed().joined(separator: ".")
    }

    private static func canonical(_ name: String) -> String {
        (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
    }
}

/// Route 53's notation for bytes other than `a-z 0-9 - _ .` in names: a backslash and three octal digits, `\052` for `*`.
/// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
enum DNSEscapes {
    /// The name with its escapes resolved, where they stand for visible ASCII. Those for a dot or a backslash stay: resolved,
    /// they would mean something else.
    static func resolve(_ name: String) -> String {
        let bytes = Array(name.utf8)
        var resolved: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = byte(escapedAt: index, in: bytes) {
                resolved.append(byte)
                index += 4
            } else {
                resolved.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: resolved, as: UTF8.self)
    }

    private static func byte(escapedAt index: Int, in bytes: [UInt8]) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count else { return nil }
        var value = 0
        for digit in bytes[(index + 1)...(index + 3)] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
            value = value * 8 + Int(digit - UInt8(ascii: "0"))
        }
        guard (0x21...0x7e).contains(value), let byte = UInt8(exactly: value), byte != UInt8(ascii: "."),
            byte != UInt8(ascii: "\\")
        else { return nil }
        return byte
    }
}
