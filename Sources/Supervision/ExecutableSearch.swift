import Glibc

/// Finds the file that a command's name means, as execvp(3) would, before anything is started.
///
/// - Parameters:
///   - name: with a slash: a path, relative to our own working directory; without: looked up.
///   - searchPath: directories, separated by colons. Empty and relative ones are passed over: what is run must not
///     depend on where we stand.
/// - Returns: an absolute path of a regular file that we may execute.
/// - Throws: `SpawnError.notFound`, or `.refused` where there is such a file and it can't be executed.
package func findExecutable(_ name: String, searchPath: String) throws(SpawnError) -> String {
    guard !name.contains("/") else {
        let path = name.hasPrefix("/") ? name : "\(try currentDirectory(for: name))/\(name)"
        let code = obstacle(toExecuting: path)
        guard code == 0 else { throw .refused(name, code: code) }
        return path
    }
    guard !name.isEmpty else { throw .notFound(name, searchPath: searchPath) }
    var refusal: (path: String, code: Int32)?
    for directory in searchPath.split(separator: ":") where directory.hasPrefix("/") {
        let path = "\(directory)/\(name)"
        let code = obstacle(toExecuting: path)
        if code == 0 { return path }
        if code != ENOENT, code != ENOTDIR, refusal == nil { refusal = (path, code) }
    }
    if let refusal { throw .refused(refusal.path, code: refusal.code) }
    throw .notFound(name, searchPath: searchPath)
}

/// Where nobody sets a `PATH`: Debian's own default for root.
let defaultSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/// 0 for a regular file that we may execute, else the `errno` that says why not.
private func obstacle(toExecuting path: String) -> Int32 {
    var information = stat()
    guard stat(path, &information) == 0 else { return errno }
    guard information.st_mode & S_IFMT == S_IFREG else { return EACCES }
    return access(path, X_OK) == 0 ? 0 : errno
}

private func currentDirectory(for name: String) throws(SpawnError) -> String {
    guard let path = getcwd(nil, 0) else { throw .refused(name, code: errno, during: "read the working directory") }
    defer { free(path) }
    return String(cString: path)
}
