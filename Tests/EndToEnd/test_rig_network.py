"""The rig's machines can be cut off, vanish without a goodbye, leave their address and their disk to others (takes root)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.host import Host
from rig.processes import is_alive
from rig.waiting import wait_until
from rig.world import World

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces takes root")

# What each machine runs: it answers on two ports with the address of whoever asks, and once asked so, connects itself.
TALKER = """
import os, socket, socketserver, sys, threading, urllib.request
address = os.environ["ETCD_LISTEN_PEER_URLS"].split("/")[2].split(":")[0]
def visit(url, seconds):
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=float(seconds)).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return "no"
class Talker(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            word, _, rest = line.decode().strip().partition(" ")
            if word == "who":
                said = self.client_address[0]
            elif word == "visit":
                said = visit(*rest.split())
            else:
                host, port, seconds = rest.split()
                try:
                    with socket.create_connection((host, int(port)), float(seconds)) as there:
                        there.sendall(b"who\\n")
                        said = there.makefile().readline().strip()
                except OSError as error:
                    said = "no"
            self.wfile.write(f"{said}\\n".encode())
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
servers = [Server((address, port), Talker) for port in (2379, 2380)]
threading.Thread(target=servers[0].serve_forever, daemon=True).start()
servers[1].serve_forever()
"""


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    world = make_world([sys.executable, "-c", TALKER], size=3, networked=True)
    world.fleet.follow()
    for host in world.fleet.living():
        wait_until("it talks", lambda host=host: ask(host, "who"))
    return world


def ask(host: Host, line: str, port: int = 2379, timeout: float = 20) -> str:
    """What a machine answers to a line sent from here; "no" if it can't be reached."""
    try:
        with socket.create_connection((host.address, port), timeout) as connection:
            connection.sendall(f"{line}\n".encode())
            return connection.makefile().readline().strip()
    except TimeoutError:
        return "no"


# What works is given time; for what must not work, a second is enough to see that nothing comes.
PATIENT, BRIEF = 10, 1


def reaches(one: Host, other: Host, port: int = 2380, seconds: float = PATIENT) -> bool:
    return ask(one, f"tell {other.address} {port} {seconds}") != "no"


def misses(one: Host, other: Host, port: int = 2380) -> bool:
    return not reaches(one, other, port, BRIEF)


def reaches_aws(world: World, host: Host, seconds: float = PATIENT) -> bool:
    return ask(host, f"visit {world.aws.endpoint}/ {seconds}") != "no"


def misses_aws(world: World, host: Host) -> bool:
    return not reaches_aws(world, host, BRIEF)


class TestCuts:
    def test_machines_have_their_own_addresses_and_reach_all_there_is(self, world: World) -> None:
        a, b, _ = world.fleet.living()
        assert ask(a, f"tell {b.address} 2380 {PATIENT}") == a.address, "a machine that binds nothing comes from its own address"
        assert ask(a, f"tell {a.address} 2380 {PATIENT}") == a.address
        assert ask(a, "who") == str(world.block.network[1])
        assert reaches_aws(world, a)
        assert ask(a, f"visit {a.imds.endpoint}/latest/meta-data/instance-id {PATIENT}") == "401"

    def test_cut_from_peers_leaves_aws(self, world: World) -> None:
        a, b, c = world.fleet.living()
        world.network.cut_from_peers(a.address)
        assert ask(a, "who", timeout=BRIEF) == "no"
        assert misses(b, a) and reaches(b, c)
        seen = subprocess.run(
            [*a.prefix, "curl", "-s", "--noproxy", "*", "-m", "15", "-o", "/dev/null", "-w", "%{http_code}", world.aws.endpoint],
            capture_output=True, text=True, timeout=20, check=True)
        assert seen.stdout == "403"  # an unsigned request
        world.network.heal(a.address)
        assert ask(a, "who") != "no" and reaches(b, a) and reaches(a, b)

    def test_cut_from_aws_leaves_peers_and_the_metadata_service(self, world: World) -> None:
        a, b, _ = world.fleet.living()
        world.network.cut_from_aws(a.address)
        assert misses_aws(world, a) and reaches_aws(world, b)
        assert reaches(a, b) and reaches(b, a)
        assert ask(a, f"visit {a.imds.endpoint}/ {PATIENT}") == "401"
        world.network.heal(a.address)
        assert reaches_aws(world, a)

    def test_single_ports_can_be_cut(self, world: World) -> None:
        a, b, c = world.fleet.living()
        world.network.cut_from_peers(a.address, ports=[2380])
        assert misses(a, b, 2380) and misses(b, a, 2380)
        assert reaches(a, b, 2379) and reaches(b, a, 2379) and reaches(b, c, 2380) and reaches_aws(world, a)

    def test_two_can_be_cut_from_each_other(self, world: World) -> None:
        a, b, c = world.fleet.living()
        for _ in range(2):
            world.network.cut_between(a.address, b.address)
        assert misses(a, b) and misses(b, a)
        assert reaches(a, c) and reaches(c, b)
        world.network.heal(b.address)
        assert reaches(a, b)

    def test_cut_is_silent_however_long_one_asks(self, world: World) -> None:
        """Not even a machine that has never met the other is told that there is no route: that takes three seconds."""
        a, b, _ = world.fleet.living()
        world.network.cut(b.address)
        probe = ("import socket, sys\ntry: socket.create_connection((sys.argv[1], 2380), 6)\n"
                 "except OSError as error: print(type(error).__name__)")
        seen = [subprocess.Popen([*prefix, sys.executable, "-c", probe, b.address], stdout=subprocess.PIPE, text=True)
                for prefix in (a.prefix, [])]
        assert [one.communicate(timeout=30)[0].strip() for one in seen] == ["TimeoutError"] * 2

    def test_cuts_add_up(self, world: World) -> None:
        a, b, _ = world.fleet.living()
        world.network.cut_from_aws(b.address)
        world.network.cut_from_peers(b.address, ports=[2380])
        assert misses_aws(world, b) and misses(a, b, 2380) and reaches(a, b, 2379)


class TestMachines:
    @pytest.mark.parametrize("vanishes", [True, False])
    def test_vanished_machine_says_no_goodbye(self, world: World, vanishes: bool) -> None:
        victim, other, _ = world.fleet.living()
        pids = victim.processes()
        with socket.create_connection((victim.address, 2379), 5) as connection:
            connection.sendall(b"who\n")
            assert connection.recv(100)
            victim.vanish() if vanishes else victim.crash()
            assert not any(is_alive(pid) for pid in pids)
            connection.settimeout(BRIEF)
            if vanishes:
                with pytest.raises(TimeoutError):
                    connection.recv(100)
                assert ask(victim, "who", timeout=BRIEF) == "no"
            else:
                assert connection.recv(100) == b""
                with pytest.raises(ConnectionRefusedError):
                    ask(victim, "who")
        assert world.aws.instance(victim.id).state == "running" and ask(other, "who") != "no"

    def test_address_passes_on_to_a_new_machine_without_its_cuts(self, world: World) -> None:
        victim = world.fleet.living()[0]
        victim.vanish()
        world.aws.terminate(victim.id, replace=False)
        world.aws.free_address(victim.id)
        world.aws.set_desired_capacity(3)
        heir = wait_until("it is launched", lambda: next(
            one for one in world.fleet.living() if one.address == victim.address and one is not victim))
        wait_until("it talks", lambda: ask(heir, "who"))
        assert reaches(heir, world.fleet.living()[0]) and reaches(world.fleet.living()[0], heir)

    def test_disks_move_and_are_cloned(self, world: World) -> None:
        a, b, c = world.fleet.living()
        (a.data / "member").mkdir(parents=True)
        (a.data / "member" / "wal").write_text("bytes")
        b.clone_disk(a)
        assert (a.data / "member" / "wal").read_text() == (b.data / "member" / "wal").read_text() == "bytes"
        (c.data / "old").mkdir(parents=True)
        c.take_disk(a)
        assert (c.data / "member" / "wal").read_text() == "bytes" and not a.data.exists() and not (c.data / "old").exists()

    def test_stopped_program_starts_again_in_its_network(self, world: World) -> None:
        host, other, _ = world.fleet.living()
        host.kill_supervisor()
        host.start()
        wait_until("it talks", lambda: reaches(other, host))


def links() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir() if path.name.startswith("rig")}


def routes() -> list[str]:
    done = subprocess.run(["ip", "route", "list", "table", "local"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


class TestNothingIsLeftBehind:
    def test_closing_removes_the_link_and_its_routes(self, world: World) -> None:
        link, third = world.network._uplink, ".".join(str(world.block.network).split(".")[:3]) + "."
        assert link in links() and len([line for line in routes() if third in line]) >= 5
        world.close()
        assert link not in links() and not [line for line in routes() if third in line]

    def test_killing_the_rig_removes_them_too(self, tmp_path: Path) -> None:
        victim = ("import sys, threading\nfrom pathlib import Path\nfrom rig.world import World\n"
                  "world = World(Path(sys.argv[1]), ['sleep', '1000'], size=2, networked=True)\nworld.fleet.follow()\n"
                  "print(world.network._uplink, str(world.block.network)[:-4], "
                  "*(pid for host in world.fleet.living() for pid in host.processes()), flush=True)\n"
                  "threading.Event().wait(100)")
        rig = subprocess.Popen([sys.executable, "-c", victim, str(tmp_path)], text=True, stdout=subprocess.PIPE,
                               cwd=Path(__file__).parent)
        try:
            assert rig.stdout
            link, third, *pids = rig.stdout.readline().split()
            assert link in links() and any(third in line for line in routes())
            rig.send_signal(signal.SIGKILL)
            wait_until("the link is gone", lambda: link not in links(), 20)
            assert not [line for line in routes() if third in line]
            wait_until("so are the machines", lambda: not any(is_alive(int(pid)) for pid in pids), 10)
        finally:
            rig.kill()
            rig.wait()
