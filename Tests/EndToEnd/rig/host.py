"""The machine of one instance: its metadata service, its disk, its log, its processes, and its place in the network."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.aws import AWS, Instance
from rig.etcd import Endpoint
from rig.imds import InstanceMetadata
from rig.network import Network
from rig.processes import Program
from rig.volume import Volume

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "LD_LIBRARY_PATH")


class Host:
    """The machine of one instance: its metadata service, its disk, its log, and its processes.

    The supervisor may be killed and started again while its etcd lives on; a crash ends everything at once. `prefix` in
    front of a command runs it in this machine's network. `volume` is mounted on the data directory where only its own
    processes see it: none by default, the data is part of the machine's disk then.
    """

    def __init__(self, instance: Instance, aws: AWS, directory: Path, command: Sequence[str],
                 environment: Mapping[str, str], network: Network | None = None) -> None:
        self.instance = instance
        self.imds = InstanceMetadata(instance, lambda lifetime: aws.issue_key(instance.id, lifetime),
                                     address=aws.block.resolver if network else "127.0.0.1")
        self._network = network
        self.prefix = network.attach(instance.address).prefix if network else []
        self.directory = directory
        self.data = directory / "data"
        self.volume: Volume | None = None
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
        return self.run([*self.command, *arguments], {**self.environment(), **environment})

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Program:
        """Runs any program on this machine; to the rig it is the supervisor from now on."""
        # What ended entirely is forgotten; what left an etcd behind is still part of this machine.
        self._programs = [one for one in self._programs if one.processes()]
        mounting = self.volume.prefix(self.data) if self.volume else []
        program = Program([*self.prefix, *mounting, *command], environment, self.log, directory=self.directory,
                          holding=[self._aws.block.descriptor])
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

    def has_started_etcd(self) -> bool:
        """Whether an etcd was ever started to serve here; the supervisor also runs it to be told its version."""
        return "etcd started" in self.log_text() or (self.data / "member").exists()

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

    def vanish(self) -> None:
        """The machine is lost as a whole: every process ends at once and says goodbye to nobody, no packet comes back.

        EC2 and the group know nothing of it yet.
        """
        if self._network is None:
            raise LookupError("only a machine with a network of its own can vanish: make the world with networked=True")
        self._network.cut(self.address)
        self.crash()

    def remove(self) -> None:
        """The instance is no more: nothing of its machine is left but the disk."""
        self.crash()
        self.imds.close()
        if self._network:
            self._network.detach(self.address)

    def take_disk(self, other: Host) -> None:
        """Moves the data of another machine here: its volume, or what lies in its directory. Neither may run."""
        self.wipe()
        if other.volume:
            self.volume, other.volume = other.volume, None
        else:
            shutil.move(other.data, self.data)

    def clone_disk(self, other: Host) -> None:
        """Copies the data directory of another machine, as a volume made from its snapshot, or an image, does."""
        self.wipe()
        shutil.copytree(other.data, self.data)

    def wipe(self) -> None:
        """Loses the disk. The processes must have ended, or expect to be surprised."""
        shutil.rmtree(self.data, ignore_errors=True)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""
