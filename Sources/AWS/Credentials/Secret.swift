/// A string that must not reach a log, an error or a crash report: it prints, dumps and interpolates as `<redacted>`.
package struct Secret: Sendable, Equatable {
    /// The secret itself, for the one place that signs or sends it.
    package let plainText: String

    package init(_ plainText: String) {
        self.plainText = plainText
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { description }
    /// Without children: `dump` and the debugger's default view see a mirror, not the description.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
