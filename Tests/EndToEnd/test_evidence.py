"""Who stays a member, however it looks, and who goes: by evidence alone."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.aws import faults
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World
from rig.writer import Writer

MakeWorld = Callable[..., World]
networked = pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces takes root")


def slow_etcd(directory: Path) -> tuple[Path, Path]:
    """An etcd that starts only once a file is there; the second path is that file."""
    go = directory / "go"
    script = directory / "slow-etcd"
    script.write_text(f"""#!/bin/sh
case "$*" in *--version*) exec etcd "$@" ;; esac
while [ ! -e {go} ]; do sleep 0.1; done
exec etcd "$@"
""")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script, go


def others(world: World, host: Host) -> list[Host]:
    return [one for one in world.fleet.living() if one is not host]


def all_logs(world: World) -> str:
    return "".join(host.log_text() for host in world.fleet.living())


def write_some(world: World, count: int) -> Writer:
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) >= count)
    return writer


def test_amnesiac_founder_waits_for_who_knows_more(make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
    """A and B form and acknowledge writes, C is slow; B's disk is lost and A away for a moment. etcd's own check against
    founding twice fails open then; here B and C wait for A, and no write is lost."""
    world = make_world([binary], starts=False)
    world.fleet.sync()
    a, b, c = world.fleet.living()
    script, go = slow_etcd(tmp_path)
    a.start()
    b.start()
    c.start(ETCD_CLUSTER_ETCD=str(script))
    wait_until("A and B lead", world.leader)
    writer = write_some(world, 50)
    before = a.endpoint.status().cluster_id
    for host in (a, b):
        host.stop()
    b.wipe()
    go.touch()
    b.start()
    wait_until("B waits for what A may hold", lambda: "the newest data may live on" in b.log_text()
               or "yet to start this generation" in b.log_text())
    time.sleep(8)
    assert b.etcd() is None, "nothing is started on a disk that the record does not name"
    assert not [host for host in (b, c) if host.etcd() and leads(host)], "two of three do not lead without A"
    a.start()
    wait_until("B has joined anew", lambda: leads(b), 90)
    world.await_whole(90)
    assert {host.endpoint.status().cluster_id for host in (a, b, c)} == {before}
    assert writer.missing(a.endpoint) == []


def leads(host: Host) -> bool:
    try:
        return bool(host.endpoint.status(timeout=1).leader)
    except Exception:  # no answer is no leader
        return False


@networked
@pytest.mark.limit(480)
def test_member_that_is_cut_off_for_five_minutes_is_still_one(make_world: MakeWorld, binary: str) -> None:
    """F29: its instance is in the group. The grace is over ten times meanwhile."""
    world = make_world([binary], networked=True, environment={"ETCD_CLUSTER_GRACE": "20s"})
    world.fleet.follow()
    world.await_whole()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    member = host.endpoint.status().member_id
    record = world.record()
    world.network.cut_from_peers(host.address)
    writer = write_some(world, 20)
    time.sleep(300)
    rest = others(world, host)
    assert member in {one.id for one in rest[0].endpoint.members()}
    assert world.record() == record, "and nobody has begun another generation"
    world.network.heal(host.address)
    wait_until("it follows", lambda: host.endpoint.status().leader)
    assert host.endpoint.status().member_id == member
    assert writer.missing(host.endpoint) == []


def test_detached_instance_that_serves_is_kept(make_world: MakeWorld, binary: str) -> None:
    """F24: both witnesses are needed."""
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "3s"})
    world.fleet.follow()
    world.await_whole()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    world.aws.detach(host.id)
    wait_until("the leader says so", lambda: f"member {host.id}" in all_logs(world)
               and "the group does not list its instance" in all_logs(world))
    time.sleep(12)
    assert host.id in {one.name for one in world.members()}
    assert host.endpoint.status().leader


def test_replacement_with_the_dead_ones_address_joins(make_world: MakeWorld, binary: str) -> None:
    """F13: an address is no identity."""
    world = make_world([binary])
    world.fleet.follow()
    world.await_whole()
    host = next(one for one in world.fleet.living() if one is not world.leader())
    old, address = host.endpoint.status().member_id, host.address
    world.aws.free_address(host.id)
    replacement, = world.aws.terminate(host.id)
    assert replacement.address == address
    members = world.await_whole()
    assert old not in {one.id for one in members}
    world.await_dns()


@pytest.mark.limit(420)
def test_healthy_member_that_aws_hides_for_three_minutes_is_kept(make_world: MakeWorld, binary: str) -> None:
    """F39: neither the group nor EC2 knows it, and another instance joins meanwhile. The grace is over six times."""
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "30s"})
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    hidden, victim = others(world, leader)
    member = hidden.endpoint.status().member_id
    with world.aws.fault(faults.hidden([hidden.id])):
        began = time.monotonic()
        replacement, = world.aws.terminate(victim.id)
        wait_until("the replacement is a voter", lambda: any(
            one.name == replacement.id and one.is_started and not one.is_learner for one in world.members()), 90)
        time.sleep(max(0.0, began + 180 - time.monotonic()))
        assert member in {one.id for one in world.members()}
        assert hidden.endpoint.status().leader
    said = all_logs(world)
    assert f"member {hidden.id}" in said and "stays, though the group does not list its instance" in said
    world.await_whole()


def test_instance_that_vanished_and_that_ec2_forgot_is_replaced(make_world: MakeWorld, binary: str) -> None:
    """The leader was blind when EC2 said `terminated`, and then EC2 knows the ID no more: weak evidence, with a newcomer
    that asks to take the place."""
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "10s", "ETCD_CLUSTER_INTERVAL": "2s"})
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    victim = others(world, leader)[0]
    with world.aws.fault(faults.hidden([victim.id])):
        replacement, = world.aws.terminate(victim.id)
        wait_until("the newcomer has taken the place", lambda: {one.name for one in world.members()
                   if one.is_started and not one.is_learner} >= {replacement.id, leader.id}
                   and victim.id not in {one.name for one in world.members()}, 90)
    assert "EC2 does not know" in all_logs(world)
