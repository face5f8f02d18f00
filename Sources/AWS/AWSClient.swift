import FoundationEssentials
import HTTP
import Synchronization

/// Performs operations: credentials, signature, HTTP, retries, decoding. Every call has a deadline and throws `AWSError`.
package final class AWSClient: Sendable {
    package let endpoints: Endpoints
    private let http: any HTTPClient
    private let bulk: any HTTPClient
    private let credentials: CredentialChain
    let policy: RetryPolicy
    let timing: Timing
    private let userAgent: String
    private let offset = Mutex(Duration.zero)
    /// Of buckets that turned out not to be in our region.
    private let bucketRegions = Mutex<[String: Region]>([:])

    /// - Parameters:
    ///   - http: sends the requests.
    ///   - bulk: sends those that have a file on either side, on a loop of its own, as files hold up whatever shares
    ///     their loop; nil: `http`.
    ///   - endpoints: where the services are.
    ///   - credentials: signs them.
    ///   - userAgent: `etcd-cluster/<version>`, for the logs of AWS (CloudTrail).
    package init(
        http: any HTTPClient, bulk: (any HTTPClient)? = nil, endpoints: Endpoints, credentials: CredentialChain,
        policy: RetryPolicy = RetryPolicy(), userAgent: String = "etcd-cluster", timing: Timing = .system
    ) {
        self.http = http
        self.bulk = bulk ?? http
        self.endpoints = endpoints
        self.credentials = credentials
        self.policy = policy
        self.userAgent = userAgent
        self.timing = timing
    }

    /// By how much AWS's clock is ahead of this machine's, as learnt from a refused request: worth a line in the log.
    /// Zero as long as AWS accepts our time (F36).
    package var clockOffset: Duration { offset.withLock { $0 } }

    /// Performs one call.
    ///
    /// - Parameters:
    ///   - operation: the call.
    ///   - deadline: how long all of it may take, repetitions included.
    /// - Throws: `AWSError`; `CancellationError` where the task was cancelled.
    package func send<Output>(
        _ operation: Operation<Output>, deadline: Duration = .seconds(10)
    ) async throws -> Output {
        var call = Call(operation, at: endpoint(of: operation), deadline)
        let elapsed = timing.stopwatch()
        while true {
            do {
                return try await attempt(&call, elapsed)
            } catch let error as AWSError {
                call.failure = error
                call.situation.elapsed = elapsed()
                call.situation.random = timing.random()
                try await prepareRepetition(of: &call, after: error)
            }
        }
    }

    /// Reads every page of a list.
    ///
    /// - Parameters:
    ///   - first: the call for the first page.
    ///   - pageLimit: more pages than this are an error, not a shorter list.
    ///   - deadline: how long all pages may take together.
    ///   - pageDeadline: how long one of them may take.
    /// - Returns: the whole list; never a part of it (F5, F23).
    /// - Throws: `AWSError`; `CancellationError`.
    package func all<Item>(
        _ first: Operation<Page<Item>>, pageLimit: Int = 1000, deadline: Duration = .seconds(60),
        pageDeadline: Duration = .seconds(10)
    ) async throws -> [Item] {
        let elapsed = timing.stopwatch()
        var (operation, items, seen) = (first, [Item](), Set<Payload>())
        for number in 1...pageLimit {
            // A list that points back to itself would otherwise be read until the limit, every item many times over.
            guard seen.insert(operation.payload).inserted else {
                throw error(operation, .repeatedPage(number: number - 1))
            }
            let page = try await send(operation, deadline: min(pageDeadline, deadline - elapsed()))
            items += page.items
            guard let next = page.next else { return items }
            operation.payload = next
        }
        throw error(operation, .tooManyPages(limit: pageLimit))
    }

    /// Reads several lists, one after the other, as one: for what has to be asked in portions.
    ///
    /// - Parameter deadline: how long all of them may take together.
    /// - Throws: `AWSError`; `CancellationError`.
    package func all<Item>(
        _ lists: [Operation<Page<Item>>], deadline: Duration = .seconds(60)
    ) async throws -> [Item] {
        let elapsed = timing.stopwatch()
        var items: [Item] = []
        for list in lists { items += try await all(list, deadline: deadline - elapsed()) }
        return items
    }

    private func error<Output>(_ operation: Operation<Output>, _ cause: AWSError.Cause) -> AWSError {
        Call(operation, at: endpoint(of: operation), .zero).error(cause)
    }

    /// - Parameter region: where S3 has said that the bucket is: remembered from now on.
    private func endpoint<Output>(of operation: Operation<Output>, in region: Region? = nil) -> Endpoint {
        guard let bucket = operation.bucket else { return endpoints.endpoint(of: operation.service) }
        let known = bucketRegions.withLock { regions in
            if let region { regions[bucket] = region }
            return regions[bucket]
        }
        return endpoints.endpoint(ofBucket: bucket, in: known)
    }
}

// MARK: - Attempts

extension AWSClient {
    /// One call on its way through its attempts.
    private struct Call<Output: Sendable> {
        let operation: Operation<Output>
        var endpoint: Endpoint
        var situation = RetryPolicy.Situation()
        /// What the next attempt is signed with.
        var credentials: Credentials?
        /// Why the latest attempt failed.
        var failure: AWSError?

        init(_ operation: Operation<Output>, at endpoint: Endpoint, _ deadline: Duration) {
            self.operation = operation
            self.endpoint = endpoint
            situation.attempt = 0
            situation.deadline = deadline
            situation.isIdempotent = operation.isIdempotent
        }

        func error(_ cause: AWSError.Cause) -> AWSError {
            AWSError(
                call: "\(operation.service) \(operation.name)", endpoint: endpoint.url, attempts: situation.attempt,
                cause: cause)
        }
    }

    private func attempt<Output>(
        _ call: inout Call<Output>, _ elapsed: @Sendable () -> Duration
    ) async throws -> Output {
        if call.operation.isSigned, call.credentials == nil {
            call.credentials = try await credentials(for: call, within: call.situation.deadline - elapsed())
        }
        let date = timing.now().adding(clockOffset)
        let request = try signedRequest(for: call, at: date)
        let limit = min(call.operation.attemptTimeout ?? policy.attemptTimeout, call.situation.deadline - elapsed())
        guard limit > .zero else { throw call.failure ?? call.error(.outOfTime) }
        call.situation.attempt += 1
        let response = try await answer(to: request, of: call, within: limit)
        guard (200..<300).contains(response.status), !call.operation.isRefusedLate(by: response) else {
            throw call.error(.refused(Refusal(response, signedAt: date)))
        }
        do {
            return try call.operation.read(response)
        } catch {
            throw call.error(.unreadable(error, requestID: response.requestID))
        }
    }

    private func answer<Output>(
        to request: HTTPRequest, of call: Call<Output>, within limit: Duration
    ) async throws -> HTTPResponse {
        do {
            return try await (call.operation.file == nil ? http : bulk).send(request, deadline: limit)
        } catch let error as HTTPError {
            throw call.error(.noAnswer(error))
        }
    }

    /// Does what the policy says: sleeps, or makes the call ready to go at once. Throws `error` where it says stop.
    private func prepareRepetition<Output>(of call: inout Call<Output>, after error: AWSError) async throws {
        switch policy.verdict(on: error, in: call.situation) {
        case .stop: throw error
        case .retry(let pause): try await timing.clock.sleep(for: pause)
        case .adjustClock(let difference):
            call.situation.hasAdjustedClock = true
            offset.withLock { $0 += difference }
        case .changeRegion(let region):
            call.situation.hasChangedRegion = true
            let refusing = call.endpoint
            call.endpoint = endpoint(of: call.operation, in: region)
            if call.endpoint == refusing { throw error }
        case .refreshCredentials:
            call.situation.hasRefreshedCredentials = true
            let (refused, remaining) = (call.credentials, call.situation.deadline - call.situation.elapsed)
            call.credentials = try await credentials(for: call, replacing: refused, within: remaining)
            // The same again would be refused again.
            if call.credentials == refused { throw error }
        }
    }

    private func credentials<Output>(
        for call: Call<Output>, replacing refused: Credentials? = nil, within limit: Duration
    ) async throws -> Credentials {
        do {
            return try await withTimeLimit(limit) { [credentials] in
                guard let refused else { return try await credentials.credentials() }
                return try await credentials.credentials(replacing: refused)
            }
        } catch let error as CredentialError {
            throw call.error(.credentials(error))
        } catch is TimeLimitError {
            throw call.error(.credentials(CredentialError("any source", .timedOut(after: limit))))
        }
    }

    private func signedRequest<Output>(for call: Call<Output>, at date: Date) throws(AWSError) -> HTTPRequest {
        var request = call.operation.request(at: call.endpoint, userAgent: userAgent)
        guard let credentials = call.credentials else { return request }
        let service = call.operation.service
        let signer = SigV4(
            region: call.endpoint.signingRegion, service: service.signingName, rules: service.signingRules)
        do {
            for (name, value) in try signer.sign(
                request, payload: call.operation.signedPayload, with: credentials, at: date
            ).fields {
                request.headers[name] = value
            }
        } catch {
            throw call.error(.unsignable(error))
        }
        return request
    }
}
