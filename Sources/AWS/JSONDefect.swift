/// What is wrong with a JSON document, without repeating any of it.
func jsonDefect(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "no \(key.stringValue)"
    case DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context):
        "something unexpected as \(context.codingPath.map(\.stringValue).joined(separator: "."))"
    default: "no JSON of the expected kind"
    }
}
