"""A quorum is lost for good, or only seems so: the survivor's data is carried on, or nothing is touched."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import pytest

from rig.host import Host
from rig.volume import Volume, volumes_can_be_mounted
from rig.waiting import wait_until
from rig.world import World
from rig.writer import Writer

MakeWorld = Callable[..., World]
_GROUPS = "autoscaling:DescribeAutoScalingGroups"
networked = pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces takes root")


def generation(world: World) -> int:
    return int(re.search(r"generation=(\d+)", world.record() or "").group(1))


def ids(world: World) -> set[str]:
    return {host.endpoint.status().member_id for host in world.fleet.living()}


def write_some(world: World, count: int = 100) -> Writer:
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) >= count)
    return writer


@pytest.mark.limit(240)
def test_two_of_three_are_terminated_and_the_survivors_data_is_carried_on(
        make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "15s"})
    world.fleet.follow()
    world.await_whole()
    writer = write_some(world)
    survivor, *victims = world.fleet.living()
    began = time.monotonic()
    for victim in victims:
        world.aws.terminate_at_once(victim.id)
    members = world.await_whole(150)
    seconds = time.monotonic() - began
    print(f"\nthree voters again {seconds:.1f} s after two of three were terminated")
    assert len(members) == 3 and generation(world) == 2
    assert writer.missing(survivor.endpoint) == []
    assert [path for path in survivor.data.glob("aside-*")], "a copy was made before the data was forced"
    survivor.endpoint.put("after", "taken")
    world.await_dns()


def test_all_restart_on_their_disks_and_nothing_is_recovered(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "3s"})
    world.fleet.follow()
    world.await_whole()
    writer = write_some(world)
    before = ids(world)
    for host in world.fleet.living():
        host.crash()
    time.sleep(6)
    for host in world.fleet.living():
        host.start()
    world.await_whole()
    assert ids(world) == before and generation(world) == 1
    assert writer.missing(world.fleet.living()[0].endpoint) == []


@networked
@pytest.mark.limit(240)
def test_two_of_three_are_cut_off_and_nothing_is_recovered(make_world: MakeWorld, binary: str) -> None:
    """Their disks may live: unknown is not dead, for however long."""
    world = make_world([binary], networked=True, environment={"ETCD_CLUSTER_GRACE": "5s"})
    world.fleet.follow()
    world.await_whole()
    writer = write_some(world)
    before = ids(world)
    alone, *rest = world.fleet.living()
    for host in rest:
        world.network.cut_from_peers(host.address)
    wait_until("it says what it waits for", lambda: "the newest data may live on" in alone.log_text(), 60)
    time.sleep(20)
    assert generation(world) == 1
    for host in rest:
        world.network.heal(host.address)
    world.await_whole()
    assert ids(world) == before and generation(world) == 1
    assert writer.missing(alone.endpoint) == []


def test_sigterm_of_every_supervisor_changes_no_membership(make_world: MakeWorld, binary: str) -> None:
    """F26: in turn, and all at once."""
    world = make_world([binary])
    world.fleet.follow()
    members = world.await_whole()
    record = world.record()
    for host in world.fleet.living():
        assert host.stop() == 0
        host.start()
        wait_until("it serves again", lambda: host.endpoint.status().leader)
    programs = [host.supervisor for host in world.fleet.living()]
    for program in programs:
        program.signal(15)
    for host in world.fleet.living():
        host.supervisor.wait(30)
        host.crash()
        host.start()
    assert world.await_whole() == members
    assert world.record() == record


def replaced_on_its_disk(world: World, replace: Callable[[Host], Host]) -> Host:
    """Has a follower's disk go on in another instance, which `replace` finds; answers the one that had it."""
    world.await_whole()
    leader = world.leader()
    old = next(one for one in world.fleet.living() if one is not leader)
    member = old.endpoint.status().member_id
    wait_until("the record tells whose disk it is", lambda: re.search(rf"{old.id}=[^,]*#(d|m)-", world.record() or ""))
    old.stop()
    new = replace(old)
    new.take_disk(old)
    new.start()
    wait_until("it serves under its old ID", lambda: new.endpoint.status().member_id == member, 90)
    return old


@pytest.mark.limit(240)
def test_member_on_a_moved_disk_lives_on(make_world: MakeWorld, binary: str) -> None:
    """Its instance is stopped, and its data moved: the address is updated, nothing is fetched anew."""
    world = make_world([binary], starts=False)
    world.fleet.sync()
    for host in world.fleet.living():
        host.start()

    def add(old: Host) -> Host:
        world.aws.set_instance_state(old.id, "stopped")
        world.aws.set_desired_capacity(4)
        world.fleet.sync()
        return next(one for one in world.fleet.living() if not one.is_up())

    old = replaced_on_its_disk(world, add)
    world.aws.terminate(old.id, replace=False)
    looks = len(world.aws.calls(action=_GROUPS))
    wait_until("the leader has looked", lambda: len(world.aws.calls(action=_GROUPS)) >= looks + 2, 60)
    world.await_whole()


@pytest.mark.skipif(not volumes_can_be_mounted(), reason="mounting volumes takes root and loop devices")
@pytest.mark.limit(240)
def test_member_on_a_volume_of_its_own_outlives_its_instance(make_world: MakeWorld, binary: str) -> None:
    """EC2 has terminated its instance; the volume is attached to the replacement, which nobody hurries (F18)."""
    world = make_world([binary], starts=False)
    world.fleet.sync()
    for host in world.fleet.living():
        host.volume = Volume(host.directory / "volume")
        host.start()

    def terminate(old: Host) -> Host:
        world.aws.terminate(old.id)
        world.fleet.sync()
        waits = f"the volume of {old.id} may come back on another instance"
        wait_until("the leader waits for the volume", lambda: any(waits in one.log_text() for one in world.fleet.living()), 60)
        return next(one for one in world.fleet.living() if not one.is_up())

    replaced_on_its_disk(world, terminate)
    assert "#m-" in (world.record() or "")
    world.await_whole()


def damage_log(host: Host) -> None:
    """Flips the last bytes of a record in the middle of the newest segment of the write-ahead log.

    Its data, and not its length: etcd takes a record that is longer than what follows for one that was never written whole,
    and goes on without. Before each record stands its length, in 56 bits, and in the highest byte how it is padded
    (etcd, wal/decoder.go).
    """
    log = sorted((host.data / "member" / "wal").glob("*.wal"))[-1]
    content = bytearray(log.read_bytes())
    ends, at = [], 0
    while frame := int.from_bytes(content[at:at + 8], "little"):
        ends.append(at + 8 + (frame & (1 << 56) - 1))
        at = ends[-1] + ((frame >> 56) & 7)
    end = ends[len(ends) // 2]
    for index in range(end - 8, end):
        content[index] ^= 0xFF
    log.write_bytes(content)


@pytest.mark.limit(240)
def test_minority_with_a_corrupt_log_heals_itself(make_world: MakeWorld, binary: str) -> None:
    """F20: set aside, and joined anew."""
    world = make_world([binary])
    world.fleet.follow()
    world.await_whole()
    writer = write_some(world)
    leader = world.leader()
    host = next(one for one in world.fleet.living() if one is not leader)
    old = host.endpoint.status().member_id
    host.stop()
    damage_log(host)
    host.start()
    wait_until("it is a new member", lambda: host.endpoint.status().member_id not in ("", old), 120)
    world.await_whole()
    assert list(host.data.glob("aside-*-corrupt"))
    assert writer.missing(host.endpoint) == []


@pytest.mark.limit(240)
def test_single_member_with_a_corrupt_log_stops_and_says_so(make_world: MakeWorld, binary: str) -> None:
    """F20: never wiped."""
    world = make_world([binary], size=1)
    world.fleet.follow()
    world.await_whole()
    write_some(world)
    host = world.fleet.living()[0]
    host.stop()
    damage_log(host)
    host.start()
    wait_until("it says so", lambda: "etcd can't run on the data here" in host.log_text(), 60)
    wait_until("and waits", lambda: "and it stays" in host.log_text(), 60)
    time.sleep(5)
    assert (host.data / "member" / "wal").is_dir() and not list(host.data.glob("aside-*-corrupt"))
