"""A world: an AWS, the machines of its group and, if wanted, a resolver, on addresses of its own."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rig import addresses
from rig.aws import AWS
from rig.bare import BareEtcds, OlderCluster
from rig.dns import Resolver
from rig.etcd import Endpoint, Member, leader_of
from rig.fleet import Fleet
from rig.host import Host
from rig.network import Network
from rig.waiting import wait_until

# For tests in which an election that nobody brought about would be taken for what they look for; etcd has 100 and 1000.
STEADY = {"ETCD_HEARTBEAT_INTERVAL": "300", "ETCD_ELECTION_TIMEOUT": "3000"}


class World:
    """Everything that a test needs, in `directory`; a context manager that leaves nothing behind.

    `size` is the group's desired capacity; `command` what each instance runs; `large` asks for addresses for some
    four thousand instances; `networked` gives each machine a network of its own, which can be cut (root is needed for
    that). `options` go to `Fleet`: delays, environment. The machines start with `world.fleet.follow()`.
    """

    def __init__(self, directory: Path, command: Sequence[str], size: int = 3, version: str = "v1",
                 zone: str = "example.org", large: bool = False, networked: bool = False, **options: Any) -> None:
        self.directory = directory
        self.version = version
        self.block = addresses.reserve(large)
        self.resolver: Resolver | None = None
        self._bare: BareEtcds | None = None
        self._network: Network | None = None
        try:
            self._network = Network(self.block, directory) if networked else None
            self.aws = AWS(directory / "aws", self.block, size, version, zone,
                           self.block.aws if networked else "127.0.0.1")
        except BaseException:
            if self._network:
                self._network.close()
            self.block.release()
            raise
        self.fleet = Fleet(self.aws, directory / "instances", command, network=self._network, **options)
        # If this process ends without closing: threads that still run while the interpreter is torn down can block it.
        atexit.register(self.close)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def network(self) -> Network:
        """The network of the machines, for cutting it."""
        if self._network is None:
            raise LookupError("this world has no network of its own: make it with networked=True")
        return self._network

    @property
    def domain(self) -> str:
        """The cluster's DNS name: the stack's version under the zone."""
        return f"{self.version}.{self.aws.zone_name}"

    def serve_dns(self) -> Resolver:
        """Starts the resolver, unless it runs."""
        if self.resolver is None:
            self.resolver = Resolver(self.aws, self.directory / "dns")
        return self.resolver

    def bare_etcds(self, count: int = 3, command: Sequence[str] = ("etcd",)) -> BareEtcds:
        """Plain etcds with static flags on spare addresses of this world; not started yet."""
        self._bare = BareEtcds(self.directory / "bare", [self.block.spare(index) for index in range(count)],
                               holding=[self.block.descriptor], command=command)
        return self._bare

    def older_cluster(self, name: Callable[[Host], str] = lambda host: host.id) -> OlderCluster:
        """Plain etcds on the group's instances, running; see `OlderCluster`. The world must be made with `starts=False`."""
        return OlderCluster(self.fleet, name)

    def endpoints(self) -> list[Endpoint]:
        return self.fleet.endpoints()

    def leader(self) -> Host:
        """The machine whose etcd leads, waited for: on a busy machine there is an election at any time."""
        return wait_until("an etcd leads", self.leader_now)

    def leader_now(self) -> Host | None:
        """The machine whose etcd leads, if one does."""
        leading = leader_of(self.endpoints())
        return next((one for one in self.fleet.living() if leading and one.endpoint.url == leading.url), None)

    def members(self) -> list[Member]:
        """The member list as the leader shows it."""
        return wait_until("a leader shows the members", self._members)

    def _members(self) -> list[Member]:
        leader = self.leader_now()
        if leader is None:
            raise LookupError("no etcd leads")
        return leader.endpoint.members()

    def whole(self) -> list[Member] | None:
        """The members, if they are exactly the group's instances, all of them started voters that follow one leader."""
        members = self._members()
        running = {one.id for one in self.aws.running()}
        voting = all(one.is_started and not one.is_learner for one in members)
        if not voting or {one.name for one in members} != running:
            return None
        # The list is what was once agreed on: a member that is just being started again is on it, too.
        leaders = {one.endpoint.status().leader for one in self.fleet.living()}
        return members if len(leaders) == 1 and "" not in leaders else None

    def await_whole(self, timeout: float = 60.0) -> list[Member]:
        """Waits until the members are exactly the group's instances, started, voting and serving."""
        return wait_until("the members are exactly the running instances", self.whole, timeout)

    def expected_records(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The record sets that the zone has to hold for the group as it is: by name and type, the sorted values."""
        running = self.aws.running()
        hosts = {one.id: f"{one.id}.{self.domain}." for one in running}
        expected: dict[tuple[str, str], tuple[str, ...]] = {(hosts[one.id], "A"): (one.address,) for one in running}
        for name in (f"{self.domain}.", f"etcd-server.{self.domain}."):
            expected[(name, "A")] = tuple(sorted(one.address for one in running))
        for service, port in (("_etcd-server", 2380), ("_etcd-client", 2379), ("_etcd", 2379)):
            values = tuple(sorted(f"1 1 {port} {hosts[one.id]}" for one in running))
            expected[(f"{service}._tcp.{self.domain}.", "SRV")] = values
        return expected

    def present_records(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """What the zone holds for clients, SRV targets with their final dot: all but the cluster's own record."""
        def dotted(kind: str, value: str) -> str:
            return value.rstrip(".") + "." if kind == "SRV" else value

        return {(one.name, one.type): tuple(sorted(dotted(one.type, value) for value in one.values))
                for one in self.aws.records() if one.type != "TXT"}

    def record(self) -> str | None:
        """The text of the cluster's record, in the zone or in the bucket; None where there is none."""
        texts = [one.values[0] for one in self.aws.records() if one.type == "TXT"]
        return texts[0] if texts else None

    def await_dns(self, timeout: float = 60.0) -> None:
        """Waits until the zone holds exactly the records that the group should have."""
        wait_until("the zone holds exactly the running members",
                   lambda: self.present_records() == self.expected_records(), timeout)

    def logs(self) -> list[Path]:
        """Every log of this world, AWS's and the resolver's too."""
        more = [self.resolver.log] if self.resolver else []
        return [self.aws.program.log, *more, *self.fleet.logs()]

    def close(self) -> None:
        """Ends everything, in the order in which nothing would miss the other. May be called again."""
        atexit.unregister(self.close)
        self.fleet.close()
        if self._bare:
            self._bare.stop()
        if self.resolver:
            self.resolver.close()
        self.aws.stop()
        if self._network:
            self._network.close()
        self.block.release()
