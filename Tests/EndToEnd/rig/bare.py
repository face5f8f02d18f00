"""Plain etcds, started by hand with static flags: what etcd-cluster is measured against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from rig.etcd import Endpoint
from rig.processes import Program


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
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ETCD")}
        for one in [address] if address else self._addresses:
            self.programs[one] = Program(
                [*self._command, "--name", f"bare-{one}", "--data-dir", str(self._directory / one),
                 "--listen-client-urls", f"http://{one}:2379", "--advertise-client-urls", f"http://{one}:2379",
                 "--listen-peer-urls", f"http://{one}:2380", "--initial-advertise-peer-urls", f"http://{one}:2380",
                 "--initial-cluster", cluster, "--initial-cluster-token", "bare", "--initial-cluster-state", "new"],
                environment, self._directory / f"{one}.log", holding=self._holding)

    def stop(self) -> None:
        for program in self.programs.values():
            program.kill_everything()
        self.programs.clear()

    def wipe(self) -> None:
        """Removes the data directories; the etcds must have ended."""
        for one in self._addresses:
            shutil.rmtree(self._directory / one, ignore_errors=True)
