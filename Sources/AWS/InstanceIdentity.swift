/// Who this instance is, by the instance identity document.
/// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
package struct InstanceIdentity: Sendable, Equatable, Decodable {
    package var instanceID: EC2.InstanceID
    package var region: String
    package var accountID: String
    package var availabilityZone: String
    /// The primary private IPv4 address.
    package var privateIP: String
    package var imageID: String
    package var instanceType: String
    package var architecture: String

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        instanceID = EC2.InstanceID(try container.decode(String.self, forKey: .instanceId))
        region = try container.decode(String.self, forKey: .region)
        accountID = try container.decode(String.self, forKey: .accountId)
        availabilityZone = try container.decode(String.self, forKey: .availabilityZone)
        privateIP = try container.decode(String.self, forKey: .privateIp)
        imageID = try container.decode(String.self, forKey: .imageId)
        instanceType = try container.decode(String.self, forKey: .instanceType)
        architecture = try container.decode(String.self, forKey: .architecture)
    }

    /// As the document spells them.
    private enum Key: String, CodingKey {
        case instanceId, region, accountId, availabilityZone, privateIp, imageId, instanceType, architecture
    }
}
