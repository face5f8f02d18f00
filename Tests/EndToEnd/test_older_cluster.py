"""A cluster that plain etcds form, as an older tool leaves it, is taken over by rolling its instances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.host import Host
from rig.waiting import wait_until
from rig.world import World
from rig.writer import Writer

MakeWorld = Callable[..., World]


def by_address(host: Host) -> str:
    """As zalando's tool named its members, more or less."""
    return "etcd-" + host.address.replace(".", "-")


@pytest.mark.limit(300)
def test_static_cluster_is_taken_over_by_rolling(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], starts=False, environment={"ETCD_CLUSTER_GRACE": "10s"})
    world.older_cluster()
    old = world.fleet.living()
    world.fleet.starts = True
    world.fleet.follow()
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 20)
        for host in old:
            replacement, = world.aws.terminate(host.id)
            wait_until("the replacement is a voter", lambda: replacement.id in {
                one.name for one in world.members() if one.is_started and not one.is_learner}, 90)
        world.await_whole(90)
    assert writer.missing(world.leader().endpoint) == []
    assert "generation=1 " in world.record()
    world.await_dns()


@pytest.mark.parametrize("name", [lambda host: host.id, by_address], ids=["named by instance", "named otherwise"])
def test_static_cluster_is_taken_over_in_place(
        make_world: MakeWorld, binary: str, name: Callable[[Host], str]) -> None:
    """The same machines and disks, another supervisor: data without a stamp is resumed, and stamped."""
    world = make_world([binary], starts=False)
    older = world.older_cluster(name)
    hosts = world.fleet.living()
    hosts[0].endpoint.put("before", "kept")
    members = {one.id for one in hosts[0].endpoint.members()}
    for host in hosts:
        older.replace_in_place(host)
        wait_until("it serves", lambda: host.endpoint.status().leader)
    assert {one.id for one in world.await_whole()} == members
    wait_until("a record is made", world.record)
    wait_until("all have their generation", lambda: all(
        '"generation" : 1' in (host.data / "etcd-cluster.json").read_text() for host in hosts), 60)
