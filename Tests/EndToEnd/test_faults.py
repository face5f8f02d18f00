"""AWS answers wrongly, partly, late or not at all: nobody is removed, nothing is set aside, nothing is founded, and the
log names the cause (F2, F5, F23, F39)."""

from __future__ import annotations

import re
from typing import Callable

import pytest

from rig.aws import faults
from rig.aws.faults import Fault
from rig.fleet import Host
from rig.imds import Behaviour
from rig.waiting import wait_until
from rig.world import STEADY, World

_GROUPS = "autoscaling:DescribeAutoScalingGroups"

# By name: the fault, and what the log of whoever meets it has to say.
FAULTS: dict[str, tuple[Fault, str]] = {
    "an empty group": (faults.EMPTY_GROUP, "lists 0 instances, but not this one"),
    "a group without us": (faults.WITHOUT_CALLER, "lists 2 instances, but not this one"),
    "no such group": (faults.NO_GROUP, "no (autoscaling )?group"),
    "HTTP 503": (faults.UNAVAILABLE, "503"),
    "Throttling": (faults.THROTTLING, "Throttling"),
    "a hang": (faults.HANG, "timed out"),
    "a reset": (faults.RESET, "broken off"),
    "truncated XML": (faults.TRUNCATED, "can't be read: XML: "),
    "an answer that is cut": (faults.CUT, "broken off"),
    "no XML at all": (faults.GARBAGE, "can't be read: XML: "),
    "100 MB of XML": (faults.HUGE, "too large"),
}


def nothing_was_set_aside(world: World) -> bool:
    return not [path for host in world.fleet.living() for path in host.data.glob("aside-*")]


def says(host: Host, cause: str) -> bool:
    return re.search(cause, host.log_text()) is not None


@pytest.mark.limit(240)
@pytest.mark.parametrize("name", FAULTS)
def test_a_running_cluster_is_left_alone(make_world: Callable[..., World], binary: str, name: str) -> None:
    """One member is dead, and EC2 has terminated its instance: the strongest temptation to remove somebody."""
    fault, cause = FAULTS[name]
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s", **STEADY})
    world.fleet.follow()
    before = {member.id for member in world.await_whole()}
    world.await_dns()
    records, leader = world.present_records(), world.leader()
    victim = next(host for host in world.fleet.living() if host is not leader)
    etcds = {host: host.etcd() for host in world.fleet.living() if host is not victim}
    with world.aws.fault(fault):
        world.aws.terminate(victim.id)
        wait_until(f"the leader says: {cause}", lambda: says(leader, cause), 60)
        calls = len(world.aws.calls(leader.id))
        wait_until("the leader asked a few more times", lambda: len(world.aws.calls(leader.id)) >= calls + 2, 60)
        assert {member.id for member in world.members()} == before, "nobody was removed"
        assert nothing_was_set_aside(world)
        assert world.present_records() == records, "DNS is as it was"
        assert all(host.etcd() == etcd for host, etcd in etcds.items())
    names = {member.name for member in world.await_whole()}
    assert victim.id not in names, "what was held back is done once AWS answers well"


@pytest.mark.limit(240)
@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_founded(make_world: Callable[..., World], binary: str, name: str) -> None:
    fault, cause = FAULTS[name]
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s"}, starts=False)
    world.fleet.sync()
    hosts = world.fleet.living()
    with world.aws.fault(fault):
        for host in hosts:
            host.start()
        for host in hosts:
            wait_until(f"{host.id} says: {cause}", lambda: says(host, cause), 60)
        calls = len(world.aws.calls())
        wait_until("they asked a few more times", lambda: len(world.aws.calls()) >= calls + 6, 90)
        assert [host.etcd() for host in hosts] == [None, None, None]
        assert "etcd started" not in "".join(host.log_text() for host in hosts)
    world.await_whole()


def test_half_of_the_instances_found_nothing(make_world: Callable[..., World], binary: str) -> None:
    """Each sees another half, always with itself in it (F1)."""
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s"}, starts=False)
    world.fleet.sync()
    with world.aws.fault(faults.HALF):
        for host in world.fleet.living():
            host.start()
        for host in world.fleet.living():
            wait_until(f"{host.id} waits for the rest", lambda: says(host, "3 are wanted to found"))
        calls = len(world.aws.calls())
        wait_until("they asked a few more times", lambda: len(world.aws.calls()) >= calls + 6)
        assert all(host.etcd() is None for host in world.fleet.living())
    world.await_whole()


def test_half_of_the_instances_remove_nobody(make_world: Callable[..., World], binary: str) -> None:
    """Members whose instances AWS does not mention stay: not to be mentioned is no evidence (F23, F39)."""
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s", **STEADY})
    world.fleet.follow()
    before = {member.id for member in world.await_whole()}
    world.await_dns()
    leader = world.leader()
    with world.aws.fault(faults.HALF):
        wait_until("the leader says whom AWS does not mention",
                   lambda: says(leader, "stays, though the group does not list its instance"))
        calls = len(world.aws.calls(leader.id, _GROUPS))
        wait_until("it took more turns", lambda: len(world.aws.calls(leader.id, _GROUPS)) >= calls + 3)
        assert {member.id for member in world.members()} == before
        assert nothing_was_set_aside(world)
    assert world.present_records() == world.expected_records()


def test_a_wrong_secret_is_refused_and_named(make_world: Callable[..., World], binary: str) -> None:
    """The simulated AWS checks signatures: without that no other test here would mean much."""
    world = make_world([binary], starts=False, size=1)
    world.fleet.sync()
    host = world.fleet.living()[0]
    key = world.aws.issue_key(host.id, 3600)
    host.start(AWS_ACCESS_KEY_ID=key.access_key, AWS_SECRET_ACCESS_KEY="not" + key.secret_key,
               AWS_SESSION_TOKEN=key.token)
    wait_until("it says so", lambda: says(host, "SignatureDoesNotMatch"))
    assert host.etcd() is None
    assert key.secret_key not in host.log_text() and key.token not in host.log_text(), "no secret in the log"
    host.stop()
    host.start(AWS_ACCESS_KEY_ID=key.access_key, AWS_SECRET_ACCESS_KEY=key.secret_key, AWS_SESSION_TOKEN=key.token)
    world.await_whole()


def test_a_missing_permission_is_named(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], size=1)
    world.aws.allow(["autoscaling:DescribeAutoScalingInstances", _GROUPS])
    world.fleet.follow()
    host = wait_until("the machine is there", lambda: world.fleet.living()[0])
    wait_until("it says which", lambda: says(host, "DescribeInstances") and says(host, "UnauthorizedOperation"))
    assert host.etcd() is None


def test_expired_credentials_are_fetched_anew(make_world: Callable[..., World], binary: str) -> None:
    """F38: without a failed turn."""
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "1s", **STEADY})
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    leader = world.leader()
    # The new ones first: in a turn between the two orders it would be handed the old ones once more.
    fresh = leader.imds.renew()
    world.aws.expire_keys(leader.id, spared=fresh.access_key)
    wait_until("a call met the expiry", lambda: any(
        call.error == "ExpiredToken" for call in world.aws.calls()))
    calls = len([call for call in world.aws.calls(leader.id) if call.status == 200])
    wait_until("and others succeed", lambda: len(
        [call for call in world.aws.calls(leader.id) if call.status == 200]) >= calls + 2)
    assert "could not be read" not in leader.log_text()


def test_a_clock_that_is_wrong_is_allowed_for(make_world: Callable[..., World], binary: str) -> None:
    """F36: the offset is learnt from AWS's own clock."""
    world = make_world([binary], starts=False)
    world.fleet.sync()
    world.aws.set_clock(1200)
    for host in world.fleet.living():
        host.start()
    world.await_whole()


def test_a_metadata_service_behind_too_few_hops_is_explained(make_world: Callable[..., World], binary: str) -> None:
    """F37: inside a container's bridge the answer to the token's PUT never arrives."""
    world = make_world([binary], starts=False, size=1)
    world.fleet.sync()
    host = world.fleet.living()[0]
    host.imds.behave(Behaviour.HANGS)
    host.start()
    wait_until("it says what to do", lambda: says(host, "HttpPutResponseHopLimit"))
    host.imds.behave(Behaviour.NORMAL)
    world.await_whole()
