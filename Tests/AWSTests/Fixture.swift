import Foundation

/// A file under `Fixtures`.
enum Fixture {
    struct Missing: Error { var path: String }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else {
            throw Missing(path: path)
        }
        return [UInt8](try Data(contentsOf: url.appendingPathComponent(path)))
    }

    static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try bytes(path)))
    }
}
