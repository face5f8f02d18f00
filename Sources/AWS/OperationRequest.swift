/// From an operation to the HTTP request that carries it, not signed yet.

import HTTP

extension Operation {
    /// The operation as HTTP, complete but for the signature. Pure: its inputs decide every byte.
    ///
    /// - Parameter userAgent: the program's name and version.
    package func request(at endpoint: Endpoint, userAgent: String) -> HTTPRequest {
        var request = unmarked(at: endpoint)
        request.headers["User-Agent"] = userAgent
        request.isRepeatable = isIdempotent && !countsEverySending
        request.sink = .memory(limit: answerLimit)
        switch file {
        case .source(let path, let range, _): request.body = .file(path: path, range: range)
        case .destination(let path, let limit): request.sink = .fileEnd(path: path, status: 206, limit: limit)
        case nil: break
        }
        return request
    }

    /// What the signature says of the body.
    var signedPayload: SigV4.Payload {
        if case .source(_, _, let sha256) = file { .hash(Hex.encode(sha256)) } else { .body }
    }

    private func unmarked(at endpoint: Endpoint) -> HTTPRequest {
        switch payload {
        case .query(let parameters):
            let form = [Parameter("Action", name), Parameter("Version", service.version)] + parameters
            return HTTPRequest(
                "POST", endpoint.url + "/",
                headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                body: .bytes(Array(encoded(form).utf8)))
        case .rest(let method, let path, let query, let headers, let body):
            var request = HTTPRequest(method, endpoint.url + path)
            if !query.isEmpty { request.url += "?" + encoded(query) }
            if !body.isEmpty {
                request.headers["Content-Type"] = "application/xml"
                request.body = .bytes(body)
            }
            for header in headers { request.headers[header.name] = header.value }
            return request
        }
    }
}

/// `a=1&b=2`, in the order given.
private func encoded(_ parameters: [Parameter]) -> String {
    parameters.map { "\(URIEncoding.encode($0.name))=\(URIEncoding.encode($0.value))" }.joined(separator: "&")
}
