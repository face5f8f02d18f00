"""Instances die and are replaced, the group grows and shrinks, disks are lost: the cluster stays one and loses nothing."""

from __future__ import annotations

import shutil
import time
from typing import Callable

import pytest

from rig.waiting import wait_until
from rig.world import World
from rig.writer import Writer


def any_endpoint(world: World):
    return world.leader().endpoint


@pytest.mark.measured
def test_the_leaders_instance_is_terminated_and_all_is_well_within_fifteen_seconds(world: World) -> None:
    """Its member goes, the replacement votes, DNS holds the three living ones, no acknowledged write is lost."""
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 50)
        victim = world.leader()
        began = time.monotonic()
        replacement, = world.aws.terminate(victim.id)
        members = world.await_whole(15)
        world.await_dns(15)
        seconds = time.monotonic() - began
        names = {member.name for member in members}
        assert victim.id not in names and replacement.id in names and len(names) == 3
    print(f"\nhealed {seconds:.1f} s after the termination; {len(writer.acknowledged)} writes acknowledged, "
          f"the longest pause {writer.longest_gap:.1f} s")
    assert seconds < 15
    assert writer.missing(any_endpoint(world)) == []
    text = world.leader().log_text()
    assert f"EC2 has terminated {victim.id}" in "".join(host.log_text() for host in world.fleet.living()), text[-2000:]


def test_a_followers_instance_is_terminated_and_replaced(world: World) -> None:
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    victim = next(host for host in world.fleet.living() if host is not leader)
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 20)
        world.aws.terminate(victim.id)
        world.await_whole()
        world.await_dns()
    assert writer.missing(any_endpoint(world)) == []


@pytest.mark.measured
@pytest.mark.limit(300)
def test_three_become_five_become_three(world: World) -> None:
    world.fleet.follow()
    world.await_whole()
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 20)
        world.aws.set_desired_capacity(5)
        began = time.monotonic()
        assert len(world.await_whole(90)) == 5
        world.await_dns()
        grown = time.monotonic() - began
        world.aws.set_desired_capacity(3)
        began = time.monotonic()
        assert len(world.await_whole(90)) == 3
        world.await_dns()
        shrunk = time.monotonic() - began
    print(f"\n3 to 5 in {grown:.1f} s, 5 to 3 in {shrunk:.1f} s")
    assert writer.missing(any_endpoint(world)) == []


def test_one_becomes_three(make_world: Callable[..., World], binary: str) -> None:
    """From its adding until it runs, the second member is the majority that the first one lacks."""
    world = make_world([binary], size=1)
    world.fleet.follow()
    world.await_whole()
    any_endpoint(world).put("before", "kept")
    world.aws.set_desired_capacity(3)
    assert len(world.await_whole(60)) == 3
    assert any_endpoint(world).get("before") == "kept"


def test_a_joiner_whose_etcd_cant_run_is_not_added(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], size=1)
    world.fleet.follow()
    world.await_whole()
    world.fleet.starts = False
    world.aws.set_desired_capacity(2)
    joiner = wait_until("the machine is there", lambda: next(iter(world.fleet.living()[1:]), None))
    joiner.start(ETCD_CLUSTER_ETCD="/nowhere/etcd")
    wait_until("it says why", lambda: "cannot start /nowhere/etcd" in joiner.log_text())
    joiner.stop()
    joiner.start("--", "--no-such-flag=1")
    wait_until("it says why", lambda: "no-such-flag" in joiner.log_text())
    assert len(world.members()) == 1
    any_endpoint(world).put("after", "taken")
    joiner.stop()
    joiner.start()
    assert len(world.await_whole()) == 2


def test_a_database_without_its_log_is_set_aside(make_world: Callable[..., World], binary: str) -> None:
    """etcd would take it for its own, and serve other keys than the other members."""
    world = make_world([binary], starts=False)
    bare = world.bare_etcds(1)
    bare.start()
    wait_until("the other cluster writes", lambda: bare.endpoints[0].put("ghost", "seen"))
    time.sleep(0.5)  # etcd commits to its database ten times a second
    bare.stop()
    world.fleet.sync()
    host = world.fleet.living()[0]
    database = host.data / "member" / "snap" / "db"
    database.parent.mkdir(parents=True)
    shutil.copy(next((world.directory / "bare").rglob("snap/db")), database)
    for one in world.fleet.living():
        one.start()
    world.await_whole()
    revisions = {wait_until("it serves", lambda: one.endpoint.status().revision) for one in world.fleet.living()}
    assert len(revisions) == 1, "all of them tell the same"
    assert [path for path in host.data.glob("aside-*-incomplete/snap/db")]


def test_one_member_loses_its_disk_and_joins_anew(world: World) -> None:
    """F16: the ID of lost data is never used again."""
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    leader.endpoint.put("before", "kept")
    host = next(one for one in world.fleet.living() if one is not leader)
    old = host.endpoint.status().member_id
    host.stop()
    host.start(wipe=True)
    wait_until("it is a member again", lambda: host.endpoint.status().member_id not in ("", old), 90)
    members = world.await_whole()
    assert old not in {member.id for member in members}
    assert host.endpoint.get("before") == "kept"


def test_a_member_that_was_removed_sets_its_data_aside_and_joins_anew(world: World) -> None:
    """F15, F19: nothing is deleted, and the evidence is a linearizable list."""
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    host = next(one for one in world.fleet.living() if one is not leader)
    old = host.endpoint.status().member_id
    # etcd removes nobody until its voters have been connected for five seconds.
    wait_until("etcd takes the removal", lambda: leader.endpoint.call("cluster/member/remove", ID=str(int(old, 16))))
    wait_until("it is a new member", lambda: host.endpoint.status().member_id not in ("", old), 60)
    world.await_whole()
    aside = [path.name for path in host.data.iterdir() if path.name.startswith("aside-")]
    assert len(aside) == 1 and aside[0].endswith("-removed"), aside
    assert list((host.data / aside[0] / "wal").glob("*.wal")), "the old data is all there"


def test_a_member_whose_instance_lives_is_kept_however_ill_it_is(world: World) -> None:
    """F24, F29: unreachable is not dead."""
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    host = next(one for one in world.fleet.living() if one is not leader)
    host.crash()  # the machine's processes are gone, EC2 calls it running
    wait_until("the leader sees it", lambda: "is not healthy, and its instance is running" in leader.log_text())
    turns = len(world.aws.calls(leader.id, "autoscaling:DescribeAutoScalingGroups"))
    wait_until("the leader took more turns", lambda: len(
        world.aws.calls(leader.id, "autoscaling:DescribeAutoScalingGroups")) >= turns + 5)
    assert host.id in {member.name for member in world.members()}
    host.start()
    wait_until("it is back", lambda: host.endpoint.status().leader)
