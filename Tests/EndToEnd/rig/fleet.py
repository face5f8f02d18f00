"""The instances' machines: one `etcd-cluster` for each running instance of the group, following the group."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rig.aws import AWS, Instance
from rig.etcd import Endpoint
from rig.imds import InstanceMetadata
from rig.processes import Program

_FOLLOW_SECONDS = 0.2
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "LD_LIBRARY_PATH")


class Host:
    """The machine of one instance: its metadata service, its disk, its log, and its processes.

    The supervisor may be killed and started again while its etcd lives on; a crash ends everything at once.
    """

    def __init__(self, instance: Instance, aws: AWS, directory: Path, command: Sequence[str],
                 environment: Mapping[str, str]) -> None:
        self.instance = instance
        self.imds = InstanceMetadata(instance, lambda lifetime: aws.issue_key(instance.id, lifetime))
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "log"
        self.command = list(command)
        self._extra = dict(environment)
        self._aws = aws
        self._programs: list[Program] = []
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def id(self) -> str:
        return self.instance.id

    @property
    def address(self) -> str:
        return self.instance.address

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"http://{self.address}:2379")

    @property
    def metrics_url(self) -> str:
        return f"http://{self.address}:2381"

    def learn(self, instance: Instance) -> None:
        """Takes in how AWS sees the instance now; its metadata service then tells where it is bound for."""
        if instance.target != self.instance.target:
            self.imds.lifecycle_state = instance.target
        self.instance = instance

    def environment(self) -> dict[str, str]:
        """The environment of this instance's `etcd-cluster`: nothing of ours but where to find what."""
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        return {
            **kept, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.imds.endpoint, "AWS_ENDPOINT_URL": self._aws.endpoint,
            "HOSTED_ZONE": self._aws.zone_name, "ETCD_DATA_DIR": str(self.data),
            "ETCD_LISTEN_CLIENT_URLS": f"http://{self.address}:2379",
            "ETCD_LISTEN_PEER_URLS": f"http://{self.address}:2380",
            "ETCD_LISTEN_METRICS_URLS": self.metrics_url, **self._extra}

    def start(self, *arguments: str, wipe: bool = False, **environment: str) -> Program:
        """Starts the supervisor; `wipe` first loses the disk. Further variables go on top of the usual ones."""
        if self.is_up():
            raise RuntimeError(f"{self.id} runs already")
        if wipe:
            self.wipe()
        # What ended entirely is forgotten; what left an etcd behind is still part of this machine.
        self._programs = [one for one in self._programs if one.processes()]
        program = Program([*self.command, *arguments], {**self.environment(), **environment}, self.log,
                          directory=self.directory, holding=[self._aws.block.descriptor])
        self._programs.append(program)
        return program

    @property
    def supervisor(self) -> Program:
        """The supervisor that was started last."""
        return self._programs[-1]

    def is_up(self) -> bool:
        return bool(self._programs) and self.supervisor.is_running()

    def ended(self) -> int | None:
        """The exit code of the supervisor that was started last; None if it runs, or none was started yet."""
        return self.supervisor.exit_code() if self._programs else None

    def processes(self) -> list[int]:
        """Every process on this machine, whoever started it."""
        return [pid for program in self._programs for pid in program.processes()]

    def etcd(self) -> int | None:
        """The process ID of this machine's etcd."""
        return next((pid for program in reversed(self._programs) if (pid := program.find("etcd"))), None)

    def kill_etcd(self) -> int:
        """SIGKILL for etcd alone; answers the process ID that it had."""
        pid = self.etcd()
        if pid is None:
            raise RuntimeError(f"no etcd runs on {self.id}")
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_supervisor(self) -> int:
        """SIGKILL for the supervisor alone; what becomes of its etcd is its own affair."""
        self.supervisor.signal(signal.SIGKILL)
        self.supervisor.wait(10)
        return self.supervisor.pid

    def stop(self, timeout: float = 20.0) -> int:
        """SIGTERM to the supervisor; answers its exit code. Nothing else is left afterwards."""
        code = self.supervisor.stop(timeout)
        self.crash()
        return code

    def crash(self) -> None:
        """Every process of this machine ends at once, by SIGKILL. Its kernel still says goodbye to open connections,
        which a machine without power would not."""
        for program in self._programs:
            program.kill_everything()
        self._programs = self._programs[-1:]

    def wipe(self) -> None:
        """Loses the disk. The processes must have ended, or expect to be surprised."""
        shutil.rmtree(self.data, ignore_errors=True)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Fleet:
    """All machines of the group. While following, a new instance gets a machine, a terminated one crashes.

    `command` is what each machine runs. `delay` says for each instance how many seconds after its launch was seen its
    supervisor starts; `environment` adds variables for each. With `starts` off machines exist without running anything.
    """

    def __init__(self, aws: AWS, directory: Path, command: Sequence[str],
                 environment: Mapping[str, str] | Callable[[Instance], Mapping[str, str]] = {},
                 delay: Callable[[Instance], float] = lambda _: 0.0, starts: bool = True) -> None:
        self._aws, self._directory, self._command = aws, directory, list(command)
        self._environment, self._delay = environment, delay
        self.starts = starts
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
            self.hosts[instance.id].crash()
            if instance.state == "terminated":
                self.hosts[instance.id].imds.close()

    def add(self, instance: Instance) -> Host:
        """Gives one instance a machine, switched off: enough where the others of the group need none."""
        extra = self._environment(instance) if callable(self._environment) else self._environment
        self.hosts[instance.id] = Host(instance, self._aws, self._directory / instance.id, self._command, extra)
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
        """The machines of instances that are not terminated or stopped, in order of launch."""
        with self._lock:
            return [host for name, host in self.hosts.items() if name not in self._off]

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
            host.imds.close()
