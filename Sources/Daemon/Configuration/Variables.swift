/// Variables of the environment, for those who look one up; not for those who print.

/// Names and values of environment variables. Credentials may be among them, so it prints, dumps and interpolates as the
/// number of its variables.
package struct Variables: Sendable, Equatable {
    package var values: [String: String]

    package init(_ values: [String: String]) { self.values = values }

    /// Nil also where the variable is set to nothing: a template that has no value for it leaves it so, and AWS's own
    /// tools and etcd read it as unset.
    package subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}

extension Variables: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension Variables: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<\(values.count) variables>" }
    package var debugDescription: String { description }
    /// Without children: `dump` and a failed expectation see a mirror, not the description.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Variables {
    /// Whether a container's platform has put the variable there for a service that is called `etcd` or `etcd-cluster`,
    /// as Kubernetes and Docker's links do: `ETCD_PORT=tcp://10.0.0.1:2379`, `ETCD_CLUSTER_SERVICE_HOST=10.0.0.1`.
    /// Nobody has configured anything by it.
    /// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
    static func isServiceLink(_ name: String, value: String) -> Bool {
        guard name.hasPrefix("ETCD_") else { return false }
        let words = name.split(separator: "_").map(String.init)
        if name.hasSuffix("_PORT"), ["tcp://", "udp://"].contains(where: value.hasPrefix) { return true }
        return words.indices.dropFirst().contains { index in
            let (next, afterNext) = (words.dropFirst(index + 1).first, words.dropFirst(index + 2).first)
            return switch words[index] {
            case "SERVICE": next == "HOST" || next == "PORT"
            case "PORT": next.flatMap { Int($0) } != nil && (afterNext == "TCP" || afterNext == "UDP")
            default: false
            }
        }
    }
}
