/// An AWS region by its code, such as `eu-central-1`. It becomes part of host names, so it is checked.
package struct Region: Sendable, Hashable, CustomStringConvertible {
    package let code: String

    /// - Throws: `EndpointError.invalidRegion` where `code` has not the form of a region's name.
    package init(_ code: String) throws(EndpointError) {
        guard Self.isPlausible(code) else { throw .invalidRegion(code) }
        self.code = code
    }

    package var description: String { code }

    /// Every region's name ends in a number of its own, so `eu-central-1a` is refused.
    private static func isPlausible(_ code: String) -> Bool {
        let parts = code.split(separator: "-", omittingEmptySubsequences: false)
        guard code.utf8.count <= 63, parts.count >= 3, let last = parts.last else { return false }
        return parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { isLetter($0) || isDigit($0) } }
            && last.utf8.allSatisfy(isDigit)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// A separate world of regions, with accounts, host names and global services of its own.
/// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
package struct Partition: Sendable, Hashable {
    /// As it stands in ARNs.
    package let id: String
    let suffix: String
    let dualStackSuffix: String
    let hasFIPS: Bool
    /// The region that requests to the partition's Route 53 are signed for.
    let globalRegion: String

    package static let aws = Partition(
        id: "aws", suffix: "amazonaws.com", dualStackSuffix: "api.aws", hasFIPS: true, globalRegion: "us-east-1")
    package static let china = Partition(
        id: "aws-cn", suffix: "amazonaws.com.cn", dualStackSuffix: "api.amazonwebservices.com.cn", hasFIPS: false,
        globalRegion: "cn-northwest-1")
    package static let usGov = Partition(
        id: "aws-us-gov", suffix: "amazonaws.com", dualStackSuffix: "api.aws", hasFIPS: true,
        globalRegion: "us-gov-west-1")
}

extension Region {
    /// The partition by the region's name. Regions of partitions that are not public are taken for `aws`; for them
    /// `AWS_ENDPOINT_URL` has to be set.
    package var partition: Partition {
        if code.hasPrefix("cn-") { return .china }
        if code.hasPrefix("us-gov-") { return .usGov }
        return .aws
    }
}
