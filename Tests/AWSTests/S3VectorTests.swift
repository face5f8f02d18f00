import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// Our calls on objects against botocore's: where they go, and how they are signed. Where they come from is in
/// `Fixtures/sigv4/README.md`.
struct S3VectorTests {
    @Test func everyVectorIsThere() {
        #expect(vectors.count == 120)
        #expect(Set(vectors.map(\.kind)) == ["get", "create", "swap", "delete", "delete-unchanged"])
        #expect(vectors.contains { $0.endpoint != nil })
    }

    @Test(arguments: vectors)
    func agreesWithBotocore(vector: Vector) throws {
        let endpoints = try Endpoints(
            region: Region(vector.region), environment: vector.endpoint.map { ["AWS_ENDPOINT_URL_S3": $0] } ?? [:])
        let endpoint = endpoints.endpoint(ofBucket: vector.bucket)
        let request = vector.request(at: endpoint)
        #expect(request.url == vector.url)
        let signer = SigV4(region: endpoint.signingRegion, service: "s3", rules: Service.s3.signingRules)
        let added = try signer.sign(
            request, with: vector.credentials, at: Date(timeIntervalSince1970: Double(vector.secondsSince1970)))
        #expect(Set(added.fields.map(\.name)) == Set(vector.addedHeaders.map { $0[0] }))
        for header in vector.addedHeaders { #expect(added[header[0]] == header[1]) }
    }

    struct Vector: Decodable, CustomTestStringConvertible {
        var name, kind, region, bucket, key, etag, body, url, accessKeyID, secretAccessKey: String
        var endpoint, sessionToken: String?
        var secondsSince1970: Int
        var addedHeaders: [[String]]

        var testDescription: String { name }

        var credentials: Credentials {
            Credentials(
                accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey),
                sessionToken: sessionToken.map(Secret.init))
        }

        func request(at endpoint: Endpoint) -> HTTPRequest {
            func request<Output>(_ operation: Operation<Output>) -> HTTPRequest {
                operation.request(at: endpoint, userAgent: "etcd-cluster")
            }
            let (bytes, etag) = (Array(body.utf8), S3.ETag(etag))
            return switch kind {
            case "get": request(.getObject(key, in: bucket))
            case "create": request(.putObject(bytes, as: key, in: bucket, if: .absent))
            case "swap": request(.putObject(bytes, as: key, in: bucket, if: .unchanged(etag)))
            case "delete": request(.deleteObject(key, in: bucket))
            default: request(.deleteObject(key, in: bucket, ifUnchanged: etag))
            }
        }
    }
}

/// Test arguments cannot throw: a file that cannot be read leaves no vectors, which `everyVectorIsThere` notices.
private let vectors: [S3VectorTests.Vector] = {
    do {
        return try Fixture.json("sigv4/botocore-s3.json", as: [S3VectorTests.Vector].self)
    } catch {
        Issue.record(error)
        return []
    }
}()
