/// The role of the instance, from its metadata service.
package struct InstanceProfileCredentials: CredentialProvider {
    package let source = "instance profile"
    private let metadata: InstanceMetadata

    package init(_ metadata: InstanceMetadata) {
        self.metadata = metadata
    }

    package func fetch() async throws -> CredentialAnswer {
        do {
            guard let credentials = try await metadata.roleCredentials() else {
                return .notConfigured(because: "this instance has no role")
            }
            return .found(credentials)
        } catch MetadataError.disabled {
            return .notConfigured(because: "\(MetadataError.disabled)")
        } catch let error as MetadataError {
            throw CredentialError(source, .metadata(error))
        }
    }
}
