"""What a member does about its own instance: it lets itself be replaced, drained or relieved of leadership."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.aws import faults
from rig.waiting import wait_until
from rig.world import STEADY, World

MakeWorld = Callable[..., World]


@pytest.mark.limit(300)
def test_leader_that_is_blind_to_aws_hands_over(make_world: MakeWorld, binary: str) -> None:
    """After two minutes without a good view, to a member that AWS answers; then the dead are removed again."""
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "2s", **STEADY})
    world.fleet.follow()
    world.await_whole()
    blind = world.leader()
    victim = next(one for one in world.fleet.living() if one is not blind)
    with world.aws.fault(faults.UNAVAILABLE, callers=[blind.id]):
        replacement, = world.aws.terminate(victim.id)
        wait_until("it hands over", lambda: "AWS answers it, and not us" in blind.log_text(), 180)
        wait_until("another one leads", lambda: world.leader_now() not in (None, blind))
        wait_until("the dead one is replaced", lambda: victim.id not in {one.name for one in world.members()}
                   and any(one.name == replacement.id and not one.is_learner for one in world.members()), 90)
    world.await_whole()


@pytest.mark.limit(240)
def test_sick_member_has_its_instance_replaced(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={
        "ETCD_CLUSTER_REPLACE_SICK": "true", "ETCD_CLUSTER_UNHEALTHY_AFTER": "10s"})
    world.fleet.follow()
    world.await_whole()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    host.stop()
    # A port that is taken: etcd can't run here, whatever its data.
    host.start(ETCD_LISTEN_PEER_URLS=f"http://{world.leader().address}:2380")
    wait_until("it asks for a replacement", lambda: "asking the group to replace this instance" in host.log_text(), 90)
    wait_until("it is replaced", lambda: host.id not in {one.id for one in world.aws.running()}, 60)
    world.await_whole(90)


def test_spot_instance_that_is_taken_away_is_drained(make_world: MakeWorld, binary: str) -> None:
    """Before EC2 terminates it: the notice comes two minutes ahead."""
    world = make_world([binary])
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    leader.imds.announce_interruption()
    wait_until("its member has left", lambda: leader.id not in {one.name for one in world.members()}, 60)
    assert leader.is_up()
    assert "leaves the group" in "".join(host.log_text() for host in world.fleet.living())
