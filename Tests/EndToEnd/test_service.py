"""As a service and as a container's first process: ready at once, says what it waits for, leaves nobody behind (F6, F45)."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Callable

import pytest

from rig.processes import Program
from rig.waiting import wait_until
from rig.world import World


def test_systemd_hears_ready_before_the_peers_are_there(
        make_world: Callable[..., World], binary: str, tmp_path: Path) -> None:
    """A boot that waits for readiness must not wait for instances that are yet to boot (F6)."""
    world = make_world([binary], starts=False)
    world.fleet.sync()
    world.aws.set_instance_state(world.fleet.living()[2].id, "pending")
    host = world.fleet.living()[0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        path = tmp_path / "notify"
        notifications.bind(str(path))
        notifications.settimeout(20)
        host.start(NOTIFY_SOCKET=str(path))
        heard: list[str] = []

        def hears(text: str) -> bool:
            heard.extend(notifications.recv(4096).decode().splitlines())
            return any(text in line for line in heard)

        wait_until("it is ready", lambda: hears("READY=1"))
        wait_until("it says what it waits for", lambda: hears("STATUS=waiting: data may live on instances that can't be asked"))
        assert host.etcd() is None
        host.supervisor.signal(15)
        wait_until("it says that it stops", lambda: hears("STOPPING=1"))
        assert host.supervisor.wait(20) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="making a process namespace takes root")
def test_as_the_first_process_of_a_container_it_reaps_and_stops_in_order(
        make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], size=1, starts=False)
    world.fleet.sync()
    host = world.fleet.living()[0]
    container = Program(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *host.command], host.environment(), host.log,
        directory=host.directory)
    try:
        wait_until("etcd serves", lambda: host.endpoint.status().leader)
        supervisor = container.find("etcd-cluster")
        assert supervisor is not None
        status = Path(f"/proc/{supervisor}/status").read_text()
        assert any(line.startswith("NSpid:") and line.split()[-1] == "1" for line in status.splitlines())
        os.kill(supervisor, 15)
        wait_until("all of it ends", lambda: not container.is_running())
        assert "etcd stopped" in host.log_text()
    finally:
        container.kill_everything()
