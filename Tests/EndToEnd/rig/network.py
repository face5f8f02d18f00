"""A network of its own for each machine of a world, so that it can be cut, or vanish without a goodbye. Takes root.

Every machine has a network namespace with its instance's address, linked to one more namespace, the switch, which
routes between them and to this process. A cut is a routing rule in the switch: packets are dropped there in silence,
as a network drops them, whatever address or port either side thinks it uses. Nothing is left behind, however the rig
ends: namespaces exist only as long as the programs that hold them, and the link from here to the switch ends with it.

The addresses stay those of the block, 127.77.x.y: `route_localnet` lets them leave a machine by its link.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rig.addresses import VPC, Block
from rig.processes import Program
from rig.waiting import wait_until

# What every namespace here needs: loopback up, but 127.77.0.0/16 not on it; those addresses go over links.
_LOCAL = """
for one in all default; do
    echo 1 >/proc/sys/net/ipv4/conf/$one/route_localnet
    echo 0 >/proc/sys/net/ipv4/conf/$one/rp_filter
done
ip link set lo up
ip route del local 127.0.0.0/8 dev lo table local
ip route add local 127.0.0.0/16 dev lo table local src 127.0.0.1
"""


@dataclass(frozen=True)
class _End:
    """An end of a link: every link is apart from the others, so all can be alike."""

    address: str
    mac: str
    other: str


_ENDS = {"switch": _End("169.254.0.1", "02:00:00:00:00:01", "machine"),
         "machine": _End("169.254.0.2", "02:00:00:00:00:02", "switch")}
_FIRST, _EXCEPTION, _DROP = 50, 100, 200  # priorities of rules: the lowest counts


class Namespace:
    """A network namespace, and the program that holds it open."""

    def __init__(self, log: Path, block: Block) -> None:
        self._holder = Program(["unshare", "--net", "sleep", "infinity"], dict(os.environ), log, holding=[block.descriptor])
        self.pid = self._holder.pid
        ours = os.readlink("/proc/self/ns/net")
        try:
            wait_until("the namespace is there", lambda: os.readlink(f"/proc/{self.pid}/ns/net") != ours, 10, 0.002)
            self.run(_LOCAL)
        except BaseException:
            self.close()
            raise

    @property
    def prefix(self) -> list[str]:
        """What to put in front of a command so that it runs in here; the process stays the one that was started."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", "--"]

    def run(self, script: str) -> None:
        """Runs lines of shell in the namespace."""
        _shell(script, self.prefix)

    def close(self) -> None:
        self._holder.kill_everything()


class Network:
    """The network of one world. Machines are named by their addresses."""

    def __init__(self, block: Block, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._block, self._log = block, directory / "network.log"
        self._lock = threading.RLock()
        self._machines: dict[str, Namespace] = {}
        self._uplink = "rig" + _link(str(block.network[0]))
        self._switch = Namespace(self._log, block)
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        """Links this process's namespace with the switch: here are AWS, the metadata services, and whoever tests."""
        block, name = self._block, self._uplink
        here = [str(block.network[1]), block.resolver, block.aws]
        _shell(f"""
            ! ip link show {name} >/dev/null 2>&1 || ip link del {name}
            {_add_link("uplink", f"netns {self._switch.pid}", name, "")}
            echo 1 >/proc/sys/net/ipv4/conf/{name}/route_localnet
            {"".join(f"ip addr add {one}/32 dev {name};" for one in here)}
            ip link set {name} up
            {_know("machine", name)}""")
        self._switch.run(f"""
            echo 1 >/proc/sys/net/ipv4/ip_forward
            ip link set uplink up
            {_know("switch", "uplink")}
            ip route add blackhole {VPC}
            {"".join(f"ip route add {one} {_via('switch', 'uplink')};" for one in [*here, block.spares])}""")
        _shell(f"""
            ip route add local {block.spares} dev {name} table local
            ip route add {block.network} {_via("machine", name)} table local src {here[0]}""")

    def attach(self, address: str) -> Namespace:
        """Gives a machine its link, with nothing cut."""
        with self._lock:
            self.detach(address)
            machine = self._machines[address] = Namespace(self._log, self._block)
            link = _link(address)
            self._switch.run(f"""
                {_add_link(link, "", "eth0", f"netns {machine.pid}")}
                ip link set {link} up
                {_know("switch", link)}
                ip route add {address} {_via("switch", link)}""")
            machine.run(f"""
                ip addr add {address}/32 dev eth0
                ip link set eth0 up
                {_know("machine", "eth0")}
                ip route add {VPC} {_via("machine", "eth0")} src {address}""")
            return machine

    def detach(self, address: str) -> None:
        """Takes a machine off the network; the programs in its namespace should have ended."""
        with self._lock:
            machine = self._machines.pop(address, None)
            if machine:
                self.heal(address)
                self._switch.run(f"ip link del {_link(address)}")
                machine.close()

    # Cuts. They add up until they are healed.

    def cut(self, address: str) -> None:
        """Cuts a machine off from all, AWS and its metadata service too."""
        self._rules(_FIRST, [f"from {address}", f"to {address}"])

    def cut_from_peers(self, address: str, ports: Iterable[int] = ()) -> None:
        """Cuts a machine off from its peers and from clients, AWS stays. With `ports`, only what goes to or comes from
        them, on this machine or on the others: `[2380]` is etcd's traffic among peers."""
        services = [self._block.resolver, self._block.aws]
        for one in services:
            self._rules(_EXCEPTION, [f"from {address} to {one}", f"from {one} to {address}"], "lookup main")
        ends = [f" ipproto tcp {end} {port}" for port in ports for end in ("sport", "dport")] or [""]
        self._rules(_DROP, [f"{way} {address}{end}" for way in ("from", "to") for end in ends])

    def cut_from_aws(self, address: str) -> None:
        """Cuts a machine off from AWS; its peers, its clients and its metadata service stay."""
        self.cut_between(address, self._block.aws)

    def cut_between(self, one: str, other: str) -> None:
        """Cuts two machines off from each other."""
        self._rules(_FIRST, [f"from {one} to {other}", f"from {other} to {one}"])

    def heal(self, address: str) -> None:
        """Ends all cuts in which the machine has a part."""
        with self._lock:
            self._switch.run(f"""
                ip rule list | sed 's/\\[.*//' | grep -E '(from|to) {address.replace(".", "[.]")}( |$)' | while read -r rule; do
                    set -- $rule
                    priority=${{1%:}}
                    shift
                    ip rule del priority "$priority" "$@"
                done""")

    def _rules(self, priority: int, selectors: Iterable[str], action: str = "blackhole") -> None:
        with self._lock:
            for rule in (f"priority {priority} {one} {action}" for one in selectors):
                self._switch.run(f"ip rule del {rule} 2>/dev/null || true\nip rule add {rule}")  # there but once

    def close(self) -> None:
        """Ends all namespaces, and the link from here."""
        with self._lock:
            for machine in self._machines.values():
                machine.close()
            self._machines.clear()
            _shell(f"! ip link show {self._uplink} >/dev/null 2>&1 || ip link del {self._uplink}")
            self._switch.close()


def _link(address: str) -> str:
    """The name of a link: the kernel takes fifteen characters."""
    return "m" + "-".join(address.split(".")[2:])


def _add_link(switch_end: str, switch_where: str, end: str, where: str) -> str:
    """The line that adds a link, one end of it in the switch; `netns PID` says where an end is, if not here."""
    return (f"ip link add {switch_end} {switch_where} address {_ENDS['switch'].mac} type veth "
            f"peer name {end} {where} address {_ENDS['machine'].mac}")


def _know(end: str, link: str) -> str:
    """The line by which one end of a link knows the other for good. If it had to ask, a cut would show: what asks
    in vain is told that there is no route, where it should hear nothing."""
    other = _ENDS[_ENDS[end].other]
    return f"ip neigh replace {other.address} lladdr {other.mac} nud permanent dev {link}"


def _via(end: str, link: str) -> str:
    """How one end of a link routes to the other."""
    return f"via {_ENDS[_ENDS[end].other].address} dev {link} onlink"


def _shell(script: str, prefix: Iterable[str] = ()) -> None:
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    command = [*prefix, "sh", "-euc", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()[-500:]}\n{script}")
