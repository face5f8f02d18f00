"""What a person can do where the supervisors wait: `recover`, `adopt` and `forget`, run beside them."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable

import pytest

from rig.aws import ALLOWED, faults
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World

MakeWorld = Callable[..., World]
QUICK = {"ETCD_CLUSTER_INTERVAL": "500ms"}


def command(host: Host, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command on a machine, beside what runs there, without a terminal."""
    return subprocess.run(
        [*host.prefix, *host.command, *arguments], env={**host.environment(), "USER": "ada", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False)


def answer(host: Host, reply: str, *arguments: str) -> tuple[int, str]:
    """Runs a command on a terminal, and replies to what it asks."""
    master, slave = pty.openpty()
    process = subprocess.Popen([*host.command, *arguments], env=host.environment(), stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    shown = b""
    try:
        while b"[y/N]" not in shown:
            shown += os.read(master, 4096)
        os.write(master, reply.encode() + b"\n")
        code = process.wait(60)
        while True:
            try:
                shown += os.read(master, 4096)
            except OSError:  # EIO: nobody holds the other end any more
                return code, shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(master)


def record_field(world: World, name: str) -> str:
    """A field of the record, whose text stands in the zone in pieces of 255 characters."""
    text = (world.record() or "").strip('"').replace('" "', "")
    found = re.search(rf"(?:^| ){name}=(\S*)", text)
    assert found, text
    return found[1]


def stop_all(world: World) -> None:
    for host in world.fleet.living():
        host.stop()


@pytest.fixture
def quick(make_world: MakeWorld, binary: str) -> World:
    """A group of three that looks often."""
    return make_world([binary], environment=QUICK)


def lose_two(world: World) -> tuple[Host, Host]:
    """Two of three machines are lost at once, one of them terminated and the other only stopped; answers the survivor
    and the stopped one."""
    world.fleet.follow()
    world.await_whole()
    survivor, terminated, stopped = world.fleet.living()
    survivor.endpoint.put("before", "kept")
    world.await_dns()
    terminated.crash()
    stopped.crash()
    world.aws.set_instance_state(stopped.id, "stopped")
    world.aws.terminate_at_once(terminated.id)
    wait_until("the survivor waits for the stopped one", lambda: f"{stopped.id} is stopped" in survivor.log_text(), 60)
    return survivor, stopped


@pytest.mark.limit(240)
def test_a_recovery_waits_for_a_stopped_instance_until_a_person_gives_it_up(quick: World) -> None:
    survivor, stopped = lose_two(quick)
    shown = command(survivor, "recover")
    print(f"\n{shown.stdout}")
    assert shown.returncode == 0, shown.stderr
    assert re.search(rf"voter +{stopped.id}=.*: unknown: {stopped.id} is stopped", shown.stdout)
    assert re.search(rf"voter +{survivor.id}=.*: held by {survivor.id}, committed up to \d+", shown.stdout)
    assert f"nothing to do: the supervisors wait: the newest data may live on: {stopped.id} is stopped" in shown.stdout

    refused = command(survivor, "recover", "--from", "member", "--yes")
    assert refused.returncode == 1 and f"{stopped.id} is stopped; bring them back" in refused.stderr
    refused = command(survivor, "recover", "--declare-gone", stopped.id, "--yes")
    assert refused.returncode == 1 and f"EC2 calls {stopped.id} stopped" in refused.stderr
    before = quick.record()
    unasked = command(survivor, "recover", "--declare-gone", stopped.id, "--even-if-it-returns")
    assert unasked.returncode == 1 and "say --yes" in unasked.stderr
    assert f"would      change the record: ada on {survivor.id} declares gone {stopped.id}=" in unasked.stdout
    assert quick.record() == before

    done = command(survivor, "recover", "--declare-gone", stopped.id, "--even-if-it-returns", "--yes")
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert "generation 2 begins with the disk of member" in done.stdout
    quick.await_whole(120)
    assert record_field(quick, "generation") == "2"
    for host in quick.fleet.living():
        wait_until(f"{host.id} serves what was written", lambda: host.endpoint.get("before") == "kept")


@pytest.mark.limit(240)
def test_what_is_declared_gone_can_be_terminated_by_the_command(quick: World) -> None:
    survivor, stopped = lose_two(quick)
    arguments = ("recover", "--declare-gone", stopped.id, "--terminate", "--from", "member", "--yes")
    refused = command(survivor, *arguments)
    assert refused.returncode == 70 and f"terminate {stopped.id} yourself" in refused.stderr, refused.stderr
    assert record_field(quick, "generation") == "1"
    quick.aws.allow([*ALLOWED, "ec2:TerminateInstances"])
    done = command(survivor, *arguments)
    print(f"\n{done.stdout}")
    assert done.returncode == 0, done.stderr
    assert f"done: terminate {stopped.id}" in done.stdout
    quick.await_whole(120)
    assert record_field(quick, "generation") == "2"
    assert survivor.endpoint.get("before") == "kept"


@pytest.mark.limit(240)
def test_a_forgotten_cluster_makes_way_for_one_of_a_higher_generation(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={**QUICK, "ETCD_BACKUP_BUCKET": "backups", "ETCD_BACKUP_INTERVAL": "0"})
    world.aws.create_bucket("backups")
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    old = world.fleet.living()[0].endpoint.status().cluster_id
    world.aws.put_object("backups", f"{world.version}/3-{old}-17-20260301T120000Z.db", b"a backup")

    host = world.fleet.living()[0]
    refused = command(host, "forget", "--yes")
    assert refused.returncode == 1 and "answers, and a cluster needs its record" in refused.stderr
    assert world.record() and world.present_records() == world.expected_records()

    stop_all(world)
    done = command(host, "forget", "--yes")
    print(f"\n{done.stdout}")
    assert done.returncode == 0, done.stderr
    assert world.record() is None and world.present_records() == {}
    again = command(host, "forget", "--yes")
    assert again.returncode == 0 and "nothing to do" in again.stdout

    for one in world.fleet.living():
        one.start(wipe=True)
    wait_until("what is no backup is not restored, and nothing empty is founded beside it", lambda: any(
        "could not be restored here" in one.log_text() for one in world.fleet.living()), 60)
    assert record_field(world, "generation") == "4"
    refused = command(host, "recover", "--from", "empty", "--yes")
    assert refused.returncode == 1 and "1 backup" in refused.stderr and "--accept-data-loss" in refused.stderr
    wait_until("every supervisor answers and the founding is agreed to", lambda: command(
        host, "recover", "--from=empty", "--accept-data-loss", "--yes").returncode == 0, 60)
    world.await_whole()
    assert record_field(world, "generation") == "5"
    assert host.endpoint.status().cluster_id != old


def delete_record(world: World) -> None:
    record = next(one for one in world.aws.records() if one.type == "TXT")
    world.aws.route53.change_resource_record_sets(HostedZoneId=world.aws.zone_id, ChangeBatch={"Changes": [{
        "Action": "DELETE", "ResourceRecordSet": {"Name": record.name, "Type": "TXT", "TTL": 60, "ResourceRecords": [
            {"Value": value} for value in record.values]}}]})
    assert world.record() is None


def test_a_cluster_whose_record_was_deleted_is_adopted(quick: World) -> None:
    """By a person whom the leader, which may not write, is not faster than."""
    quick.fleet.follow()
    quick.await_whole()
    quick.await_dns()
    voters = record_field(quick, "voters")
    leader = quick.leader()
    host = next(one for one in quick.fleet.living() if one is not leader)
    others = [one.id for one in quick.fleet.living() if one is not host]
    with quick.aws.fault(faults.DENIED, operations=["route53:ChangeResourceRecordSets"], callers=others):
        delete_record(quick)
        code, shown = answer(host, "n", "adopt")
        assert code == 1 and "make the record of a cluster that has none, as generation 1" in shown, shown
        assert "nothing was done" in shown and quick.record() is None
        code, shown = answer(host, "y", "adopt")
        assert code == 0, shown
    assert (record_field(quick, "generation"), record_field(quick, "voters")) == ("1", voters)
    refused = command(host, "adopt", "--yes")
    assert refused.returncode == 1 and "there is a record already" in refused.stderr


def test_a_cluster_of_an_older_tool_is_adopted_before_any_supervisor_runs(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], starts=False)
    world.older_cluster()
    host = world.fleet.living()[0]
    done = command(host, "adopt", "--yes")
    assert done.returncode == 0, done.stderr
    entries = record_field(world, "voters").split(",")
    assert sorted(entries) == sorted(f"{one.id}=http://{one.address}:2380#?" for one in world.fleet.living())
    shown = command(host, "recover")
    assert shown.returncode == 0 and "cluster" in shown.stdout and "3 members, 3 healthy" in shown.stdout


def test_commands_that_can_not_look_say_so(quick: World) -> None:
    """Exit code 70 where AWS does not tell, 64 where the command line is wrong."""
    quick.fleet.follow()
    quick.await_whole()
    host = quick.fleet.living()[0]
    quick.aws.deny("autoscaling:DescribeAutoScalingGroups")
    blind = command(host, "recover")
    assert blind.returncode == 70 and "the autoscaling group could not be read" in blind.stderr
    assert command(host, "recover", "--from=memory").returncode == 64
    assert command(host, "recover", HOSTED_ZONE="").returncode == 64
