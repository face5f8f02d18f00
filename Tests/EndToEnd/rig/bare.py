"""Plain etcds, started by hand with static flags: what etcd-cluster is measured against, and what it takes over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rig.etcd import Endpoint, await_write
from rig.fleet import Fleet
from rig.host import Host
from rig.processes import Program
from rig.waiting import wait_until


def static_flags(name: str, address: str, data: Path, cluster: str, token: str) -> list[str]:
    """The flags of a founding member; an etcd that has data ignores most of them."""
    return ["--name", name, "--data-dir", str(data),
            "--listen-client-urls", f"http://{address}:2379", "--advertise-client-urls", f"http://{address}:2379",
            "--listen-peer-urls", f"http://{address}:2380", "--initial-advertise-peer-urls", f"http://{address}:2380",
            "--initial-cluster", cluster, "--initial-cluster-token", token, "--initial-cluster-state", "new"]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ETCD")}


class BareEtcds:
    """A static cluster of etcds without any supervisor, one on each of the addresses."""

    def __init__(self, directory: Path, addresses: Sequence[str], holding: Sequence[int] = (),
                 command: Sequence[str] = ("etcd",)) -> None:
        self._directory, self._addresses, self._holding, self._command = directory, list(addresses), holding, command
        self.programs: dict[str, Program] = {}
        self.endpoints = [Endpoint(f"http://{address}:2379") for address in addresses]
        directory.mkdir(parents=True, exist_ok=True)

    def start(self, address: str | None = None) -> None:
        """Starts all of them, or the one at `address` again."""
        cluster = ",".join(f"bare-{one}=http://{one}:2380" for one in self._addresses)
        for one in [address] if address else self._addresses:
            flags = static_flags(f"bare-{one}", one, self._directory / one, cluster, "bare")
            self.programs[one] = Program([*self._command, *flags], _environment(), self._directory / f"{one}.log",
                                         holding=self._holding)

    def stop(self) -> None:
        for program in self.programs.values():
            program.kill_everything()
        self.programs.clear()

    def wipe(self) -> None:
        """Removes the data directories; the etcds must have ended."""
        for one in self._addresses:
            shutil.rmtree(self._directory / one, ignore_errors=True)


class OlderCluster:
    """A cluster as an older tool leaves it: plain etcds on a group's instances, each with its data where etcd-cluster
    looks for it, and without a stamp, a record, or anybody that answers for them.

    The fleet's machines must not have started anything (`starts=False`). Whatever instance comes later runs the
    fleet's own command. `name` tells how the tool named a member; by its instance, if nothing is said.
    """

    def __init__(self, fleet: Fleet, name: Callable[[Host], str] = lambda host: host.id) -> None:
        self._fleet, self._name = fleet, name
        fleet.sync()
        self.hosts = fleet.living()
        self._cluster = ",".join(f"{name(one)}=http://{one.address}:2380" for one in self.hosts)
        for one in self.hosts:
            self.start(one)
        fleet.starts = True
        await_write([one.endpoint for one in self.hosts], 60)
        for one in self.hosts:
            wait_until(f"{one.id} serves, and knows that all do", lambda one=one: one.endpoint.status().leader and all(
                member.is_started for member in one.endpoint.members()), 60)

    def start(self, host: Host) -> None:
        """Starts an etcd, the first time or again."""
        host.run(["etcd", *static_flags(self._name(host), host.address, host.data, self._cluster, "older")], _environment())

    def replace_in_place(self, host: Host) -> None:
        """Ends an etcd of the older tool, and lets the fleet's command go on with its disk."""
        host.stop()
        host.start()
