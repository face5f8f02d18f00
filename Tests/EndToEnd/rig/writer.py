"""A client that writes all the time and remembers what was acknowledged: afterwards nothing of that may be missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from rig.etcd import Endpoint, EtcdFailed
from rig.waiting import wait_until


class Writer:
    """Writes `<prefix>00000001`, `<prefix>00000002`, ... through whichever endpoint answers, until stopped.

    `endpoints` is asked before each attempt, so that the writer follows a group as clients that resolve DNS do. A key
    counts as acknowledged once an etcd answered; a failed attempt is repeated with the same key, which does no harm.
    """

    def __init__(self, endpoints: Callable[[], Sequence[Endpoint]], prefix: str = "writer/", pause: float = 0.002,
                 timeout: float = 1.0) -> None:
        self._endpoints, self._prefix, self._pause, self._timeout = endpoints, prefix, pause, timeout
        self.acknowledged: list[str] = []
        self.revisions: list[int] = []  # of each acknowledged key
        self.failures = 0
        self.longest_gap = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="writer")

    def start(self) -> Writer:
        self._thread.start()
        return self

    def __enter__(self) -> Writer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends after the attempt under way."""
        self._stop.set()
        self._thread.join(timeout=30)

    def missing(self, endpoint: Endpoint, up_to: int | None = None) -> list[str]:
        """The acknowledged keys that a linearizable read through this endpoint lacks or shows with another value; only
        those up to a revision, if one is given."""
        present = wait_until("the keys are read", lambda: [endpoint.get_prefix(self._prefix)])[0]
        return [key for key, revision in zip(self.acknowledged, self.revisions)
                if (up_to is None or revision <= up_to) and present.get(key) != key]

    def _run(self) -> None:
        turn, last = 0, time.monotonic()
        while not self._stop.is_set():
            key = f"{self._prefix}{len(self.acknowledged) + 1:08d}"
            endpoints = self._endpoints()
            try:
                if not endpoints:
                    raise EtcdFailed("no endpoint")
                revision = endpoints[turn % len(endpoints)].put(key, key, timeout=self._timeout)
            except EtcdFailed:
                self.failures += 1
                turn += 1
                self._stop.wait(0.01)
                continue
            now = time.monotonic()
            self.revisions.append(revision)
            self.acknowledged.append(key)
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            self._stop.wait(self._pause)
