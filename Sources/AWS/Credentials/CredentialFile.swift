import FoundationEssentials

/// Reads a small text file that a setting names.
///
/// - Parameters:
///   - name: the setting, for the error.
///   - source: the credential source, for the error.
/// - Returns: its text, without the white space at the end.
/// - Throws: `CredentialError` where it can't be read, is larger than 1 MiB, or is no UTF-8.
func readFile(_ path: String, named name: String, source: String) throws(CredentialError) -> String {
    guard let text = try readFileIfPresent(path, named: name, source: source) else {
        throw CredentialError(source, .invalid(what: name, because: "names \(path), which does not exist"))
    }
    return text
}

/// As `readFile`, but nil where the file does not exist.
func readFileIfPresent(_ path: String, named name: String, source: String) throws(CredentialError) -> String? {
    let data: Data
    do {
        data = try Data(contentsOf: URL(filePath: path))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
        return nil
    } catch {
        let reason = (error as? CocoaError)?.code == .fileReadNoPermission ? "which may not be read" : "unreadable"
        throw CredentialError(source, .invalid(what: name, because: "names \(path), \(reason)"))
    }
    guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
        throw CredentialError(source, .invalid(what: name, because: "names \(path), which is no text of up to 1 MiB"))
    }
    return String(text.reversed().drop { $0.isWhitespace }.reversed())
}
