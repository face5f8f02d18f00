import CCurl
import Glibc

/// The loop's thread: everything here happens on it, and everything of libcurl happens here.
final class CurlWorker {
    private let inbox: CurlInbox
    private let idleLimit: Duration
    private var multi: CurlMulti
    private var running: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var mayHoldConnections = false

    init(_ inbox: CurlInbox, _ multi: CurlMulti, idleLimit: Duration) {
        self.inbox = inbox
        self.multi = multi
        self.idleLimit = idleLimit
    }

    func run() {
        blockSIGPIPE()
        while true {
            let contents = inbox.take()
            if contents.isClosed { return close(contents) }
            contents.added.forEach(start)
            contents.cancelled.forEach(cancel)
            advance()
            finishCompleted()
            sleep()
        }
    }

    /// OpenSSL may write to a socket that the peer has closed; a signal blocked here and never taken is no signal.
    private func blockSIGPIPE() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func start(_ order: CurlOrder, _ continuation: CurlContinuation) {
        guard !order.isCancelled.load(ordering: .acquiring) else {
            return continuation.resume(throwing: CancellationError())
        }
        do {
            let transfer = try CurlTransfer(order, continuation, idleLimit: idleLimit)
            running[transfer.easy] = transfer
            mayHoldConnections = true
            let code = curl_multi_add_handle(multi.handle, transfer.easy)
            if code != CURLM_OK { end(transfer, .failure(transfer.failure(.notConnected, text(of: code)))) }
        } catch {
            continuation.resume(throwing: error)
        }
    }

    private func cancel(_ order: CurlOrder) {
        guard let transfer = running.values.first(where: { $0.order === order }) else { return }
        end(transfer, .failure(CancellationError()))
    }

    private func advance() {
        var count: Int32 = 0
        let code = curl_multi_perform(multi.handle, &count)
        if code != CURLM_OK { startOver(code) }
    }

    private func finishCompleted() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = running[easy]
            else { continue }
            end(transfer, transfer.outcome(ccurl_result(message)))
        }
    }

    private func end(_ transfer: CurlTransfer, _ outcome: Result<HTTPResponse, any Error>) {
        running[transfer.easy] = nil
        curl_multi_remove_handle(multi.handle, transfer.easy)
        transfer.close(outcome)
    }

    /// Until a socket is ready, a timer of libcurl's is due, or the inbox has something.
    private func sleep() {
        let isIdle = running.isEmpty
        let timeout = isIdle && mayHoldConnections ? idleLimit.wholeMilliseconds : Int(Int32.max)
        let start = ContinuousClock.now
        let code = curl_multi_poll(multi.handle, nil, 0, Int32(clamping: timeout), nil)
        if code != CURLM_OK { return startOver(code) }
        // libcurl looks at unused connections only when it starts a transfer. A daemon that falls silent would keep
        // them, half closed by the other side, for ever.
        if isIdle, mayHoldConnections, ContinuousClock.now - start >= idleLimit { replaceMulti() }
    }

    /// libcurl itself failed (no memory, no descriptors): everything under way is lost, and the next transfers get a
    /// new handle, after a breath, as the cause may last.
    private func startOver(_ code: CURLMcode) {
        for transfer in running.values { end(transfer, .failure(transfer.failure(.brokenOff, text(of: code)))) }
        replaceMulti()
        usleep(100_000)
    }

    /// Closes every connection.
    private func replaceMulti() {
        mayHoldConnections = false
        guard let new = CurlMulti() else { return }
        let old = multi
        multi = new
        inbox.wake(new)
        old.free()
    }

    private func close(_ contents: CurlInbox.Contents) {
        inbox.wake(nil)
        for (_, continuation) in contents.added { continuation.resume(throwing: CancellationError()) }
        for transfer in running.values { end(transfer, .failure(CancellationError())) }
        multi.free()
    }

    private func text(of code: CURLMcode) -> String { String(cString: curl_multi_strerror(code)) }
}
