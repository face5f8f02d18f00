/// One of AWS's services: how it is called, and what its requests look like on the wire.
package struct Service: Sendable, Hashable, CustomStringConvertible {
    /// How operations become HTTP.
    package enum Wire: Sendable, Hashable {
        /// `POST /` with `Action=...&Version=...` as a form: EC2, AutoScaling, STS, CloudWatch.
        case query
        /// Methods, paths and bodies, mostly XML: Route 53, where the API version is part of the path, and S3.
        case restXML
    }

    /// The name for people, in errors and logs.
    package let name: String
    /// The first label of the endpoint's host name, which is also the name in the signature's scope.
    package let endpointPrefix: String
    /// What follows `AWS_ENDPOINT_URL_` in the variable that moves this service elsewhere.
    /// https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html
    package let variableSuffix: String
    /// The version of the API, `yyyy-mm-dd`.
    package let version: String
    package let wire: Wire
    /// Whether one endpoint serves the whole partition; otherwise there is one for each region.
    package let isGlobal: Bool

    package var signingName: String { endpointPrefix }
    package var signingRules: SigV4.Rules { self == .s3 ? .s3 : .standard }
    package var description: String { name }

    /// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
    package static let ec2 = Service(
        name: "EC2", endpointPrefix: "ec2", variableSuffix: "EC2", version: "2016-11-15", wire: .query,
        isGlobal: false)
    /// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/
    package static let autoScaling = Service(
        name: "AutoScaling", endpointPrefix: "autoscaling", variableSuffix: "AUTO_SCALING", version: "2011-01-01",
        wire: .query, isGlobal: false)
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/
    package static let route53 = Service(
        name: "Route 53", endpointPrefix: "route53", variableSuffix: "ROUTE_53", version: "2013-04-01",
        wire: .restXML, isGlobal: true)
    /// Each bucket has an endpoint of its own: `Endpoints.endpoint(ofBucket:in:)`.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/
    package static let s3 = Service(
        name: "S3", endpointPrefix: "s3", variableSuffix: "S3", version: "2006-03-01", wire: .restXML,
        isGlobal: false)
    /// It speaks other protocols, too; this one is the oldest, and goes on being served.
    /// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
    package static let cloudWatch = Service(
        name: "CloudWatch", endpointPrefix: "monitoring", variableSuffix: "CLOUDWATCH", version: "2010-08-01",
        wire: .query, isGlobal: false)
    /// https://docs.aws.amazon.com/STS/latest/APIReference/
    package static let sts = Service(
        name: "STS", endpointPrefix: "sts", variableSuffix: "STS", version: "2011-06-15", wire: .query,
        isGlobal: false)
}
