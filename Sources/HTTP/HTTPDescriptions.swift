// How requests and answers print themselves: a log or a failed test must never show a credential.

extension HTTPRequest: CustomStringConvertible, CustomDebugStringConvertible {
    /// The label and the headers; of the body only its size.
    package var description: String {
        let size =
            switch body {
            case .none: "no body"
            case .bytes(let bytes): "\(bytes.count) bytes"
            case .file(let path, nil): "file \(path)"
            case .file(let path, let range?): "bytes \(range.lowerBound)..<\(range.upperBound) of file \(path)"
            }
        return "\(label) (\(headers)) \(size)"
    }

    package var debugDescription: String { description }
}

extension HTTPResponse: CustomStringConvertible, CustomDebugStringConvertible {
    /// The status and the headers; of the body only its size, as it may hold credentials.
    package var description: String { "\(status) (\(headers)) \(body.count) bytes" }

    package var debugDescription: String { description }
}

extension HTTPHeaders: CustomStringConvertible, CustomDebugStringConvertible {
    /// Names and values, less the values that are secret.
    package var description: String {
        fields.map { name, value in
            "\(printable(name)): \(secretNames.contains(name.lowercased()) ? "(secret)" : printable(value))"
        }.joined(separator: ", ")
    }

    package var debugDescription: String { description }
}

private let secretNames: Set = [
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-amz-security-token", "x-aws-ec2-metadata-token",
    "x-amz-server-side-encryption-customer-key",
]
