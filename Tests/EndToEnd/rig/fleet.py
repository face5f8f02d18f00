"""The instances' machines: one `etcd-cluster` for each running instance of the group, following the group."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rig.aws import AWS, Instance
from rig.etcd import Endpoint
from rig.host import Host
from rig.network import Network

_FOLLOW_SECONDS = 0.2


class Fleet:
    """All machines of the group. While following, a new instance gets a machine, a terminated one crashes.

    `command` is what each machine runs. `delay` says for each instance how many seconds after its launch was seen its
    supervisor starts; `environment` adds variables for each. With `starts` off machines exist without running anything.
    """

    def __init__(self, aws: AWS, directory: Path, command: Sequence[str],
                 environment: Mapping[str, str] | Callable[[Instance], Mapping[str, str]] = {},
                 delay: Callable[[Instance], float] = lambda _: 0.0, starts: bool = True,
                 network: Network | None = None) -> None:
        self._aws, self._directory, self._command = aws, directory, list(command)
        self._environment, self._delay = environment, delay
        self.starts = starts
        self._network = network
        self.hosts: dict[str, Host] = {}
        self._off: set[str] = set()
        self._due: dict[str, float] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.errors: list[str] = []

    def sync(self) -> None:
        """Brings the machines in line with EC2, once."""
        with self._lock:
            if self._stop.is_set():
                return
            for instance in self._aws.instances():
                self._follow(instance)
            for instance_id in [one for one, when in self._due.items() if when <= time.monotonic()]:
                del self._due[instance_id]
                self.hosts[instance_id].start()

    def _follow(self, instance: Instance) -> None:
        on = instance.state in ("pending", "running", "shutting-down", "stopping")
        if on and instance.id not in self.hosts:
            self.add(instance)
            self._switch_on(instance)
        elif on and instance.id in self._off:
            self._off.discard(instance.id)
            self._switch_on(instance)
        if instance.id in self.hosts:
            self.hosts[instance.id].learn(instance)
        if not on and instance.id in self.hosts and instance.id not in self._off:
            self._off.add(instance.id)
            self._due.pop(instance.id, None)
            if instance.state == "terminated":
                self.hosts[instance.id].remove()
            else:
                self.hosts[instance.id].crash()

    def add(self, instance: Instance) -> Host:
        """Gives one instance a machine, switched off: enough where the others of the group need none."""
        extra = self._environment(instance) if callable(self._environment) else self._environment
        self.hosts[instance.id] = Host(
            instance, self._aws, self._directory / instance.id, self._command, extra, self._network)
        return self.hosts[instance.id]

    def _switch_on(self, instance: Instance) -> None:
        if self.starts:
            self._due[instance.id] = time.monotonic() + self._delay(instance)

    def follow(self) -> None:
        """Keeps the machines in line with EC2 from now on, from a thread."""
        self.sync()
        self._thread = threading.Thread(target=self._run, daemon=True, name="fleet")
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02 if self._due else _FOLLOW_SECONDS):
            try:
                self.sync()
            except Exception as error:  # kept for the verdict: this thread must go on following
                self.errors.append(repr(error))

    def living(self) -> list[Host]:
        """The machines of instances that are not terminated or stopped, in order of launch.

        Without the lock: who writes or counts all the time must not stand still while a machine starts or ends.
        """
        return [host for name, host in list(self.hosts.items()) if name not in self._off]

    def endpoints(self) -> list[Endpoint]:
        return [host.endpoint for host in self.living()]

    def host(self, instance_id: str) -> Host:
        return self.hosts[instance_id]

    def logs(self) -> list[Path]:
        return [host.log for host in self.hosts.values()]

    def close(self) -> None:
        """Ends every process of every machine."""
        with self._lock:
            self._stop.set()
        if self._thread:
            self._thread.join(timeout=10)
        for host in self.hosts.values():
            host.crash()
            host.imds.close()  # the network ends as a whole, after AWS
