"""Real etcds on the rig's machines: a cluster as an older tool leaves it, and what a cut and a loss do to it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from rig.etcd import EtcdFailed, await_write, leader_of
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World

MakeWorld = Callable[..., World]
networked = pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces takes root")


def names(host: Host) -> list[str]:
    return [one.name for one in host.endpoint.members()]


class TestOlderCluster:
    def test_members_are_the_instances_and_newcomers_run_the_command(self, make_world: MakeWorld) -> None:
        world = make_world(["sleep", "1000"], starts=False)
        older = world.older_cluster()
        hosts = world.fleet.living()
        assert names(hosts[0]) == sorted(one.id for one in hosts)
        assert all(one.etcd() for one in hosts) and (hosts[0].data / "member").is_dir()
        assert [path.name for path in hosts[0].data.iterdir()] == ["member"], "no stamp"
        world.fleet.follow()
        world.aws.terminate(hosts[0].id)
        newcomer = wait_until("it is launched", lambda: next(one for one in world.fleet.living() if one not in hosts))
        wait_until("it runs the command", lambda: newcomer.is_up() and newcomer.etcd() is None and newcomer.processes())
        await_write([one.endpoint for one in hosts[1:]], 20)
        hosts[1].stop()
        older.start(hosts[1])
        wait_until("it is back on its disk", lambda: hosts[1].endpoint.status().leader)
        older.replace_in_place(hosts[2])
        assert hosts[2].is_up() and hosts[2].etcd() is None and (hosts[2].data / "member").is_dir()

    def test_members_can_have_other_names(self, make_world: MakeWorld) -> None:
        world = make_world(["true"], starts=False, size=1)
        world.older_cluster(lambda host: "etcd-" + host.address.replace(".", "-"))
        host = world.fleet.living()[0]
        assert names(host) == ["etcd-" + host.address.replace(".", "-")]


@networked
class TestEtcdsOnNetworks:
    def test_leader_that_is_cut_off_is_deposed_and_follows_again(self, make_world: MakeWorld) -> None:
        """Also what each had already connected to the other stops: what etcd streams over goes both ways."""
        world = make_world(["true"], starts=False, networked=True)
        world.older_cluster()
        hosts = world.fleet.living()
        old = wait_until("one leads", lambda: leader_of(world.endpoints()))
        leader = next(one for one in hosts if one.endpoint.url == old.url)
        others = [one.endpoint for one in hosts if one is not leader]
        term = leader.endpoint.status().term
        world.network.cut_from_peers(leader.address, ports=[2380])
        wait_until("another leads", lambda: leader_of(others))
        assert await_write(others, 20) < 20
        wait_until("it knows that it leads no more", lambda: not leader.endpoint.status().leader)
        with pytest.raises(EtcdFailed):
            leader.endpoint.put("lost", "x", timeout=2)
        world.network.heal(leader.address)
        wait_until("it follows", lambda: leader.endpoint.status().leader and leader.endpoint.status().term > term)
        assert len(leader.endpoint.members()) == 3

    def test_cluster_goes_on_without_one_that_vanished(self, make_world: MakeWorld) -> None:
        world = make_world(["true"], starts=False, networked=True)
        world.older_cluster()
        lost, *left = world.fleet.living()
        lost.vanish()
        await_write([one.endpoint for one in left], 30)
        with pytest.raises(EtcdFailed, match="(?i)timed? ?out"):
            lost.endpoint.status(timeout=0.5)
        assert lost.etcd() is None
