import Testing

@testable import AWS

struct SecretTests {
    @Test func printsNowhere() {
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("hunter2"), sessionToken: Secret("hunter2"))
        var dumped = ""
        dump(credentials, to: &dumped)
        let texts = [
            "\(credentials)", String(reflecting: credentials), dumped, "\(credentials.secretAccessKey)",
            String(reflecting: credentials.secretAccessKey), "\([credentials.sessionToken])",
        ]
        for text in texts {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("<redacted>"))
        }
        #expect(credentials.secretAccessKey.plainText == "hunter2")
    }
}
