/// What systemd is told, where it listens.

import Supervision

/// Passes notices to systemd. That nobody hears them is no reason to do anything else than we do.
struct ServiceNotices: Sendable {
    private let notifier: ServiceNotifier?
    private let logger: Logger

    init(environment: Variables, logger: Logger) {
        notifier = ServiceNotifier(address: environment["NOTIFY_SOCKET"])
        self.logger = logger
    }

    func tell(_ messages: ServiceNotifier.Message...) {
        for message in messages {
            do {
                try notifier?.send(message)
            } catch {
                logger.debug("systemd did not hear us", ["error": error])
            }
        }
    }
}
