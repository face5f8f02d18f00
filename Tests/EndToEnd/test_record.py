"""Who founds, and when: one record, changed by compare-and-swap, in the hosted zone or in a bucket."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from rig.aws import faults
from rig.waiting import wait_until
from rig.world import World

MakeWorld = Callable[..., World]
BUCKET = "etcd-cluster-records"
STORES = {"in the hosted zone": {}, "in a bucket": {"HOSTED_ZONE": "", "ETCD_BACKUP_BUCKET": BUCKET}}


def cluster_ids(world: World) -> set[str]:
    return {host.endpoint.status().cluster_id for host in world.fleet.living()}


def generation(world: World) -> int:
    """Of the record, wherever it is kept."""
    text = world.record() or world.aws.get_object(BUCKET, f"{world.version}.record").decode()
    return int(re.search(r"generation=(\d+)", text).group(1))


def say(world: World, text: str) -> bool:
    """Whether every living instance has said so."""
    return all(text in host.log_text() for host in world.fleet.living())


@pytest.mark.parametrize("environment", STORES.values(), ids=STORES)
def test_five_who_see_different_groups_are_one_cluster(
        make_world: MakeWorld, binary: str, environment: dict[str, str]) -> None:
    """F1: for 20 s each of the five is shown another part of the group."""
    world = make_world([binary], size=5, starts=False, environment=environment)
    world.aws.create_bucket(BUCKET)
    world.fleet.sync()
    hosts = world.fleet.living()
    ids = [host.id for host in hosts]
    parts = {one: [one, *ids[(index + 1) % 5:][:index % 3]] for index, one in enumerate(ids)}
    with world.aws.views(parts):
        began = time.monotonic()
        for host in hosts:
            host.start()
        wait_until("all of them wait", lambda: say(world, "msg=waiting"))
        time.sleep(max(0.0, began + 20 - time.monotonic()))
        assert not any(host.etcd() for host in hosts), "nobody has founded on a part of the group"
    assert len(world.await_whole(60)) == 5
    assert len(cluster_ids(world)) == 1
    assert generation(world) == 1


@pytest.mark.parametrize("environment", STORES.values(), ids=STORES)
def test_store_that_is_down_at_first_boot_holds_the_founding_up(
        make_world: MakeWorld, binary: str, environment: dict[str, str]) -> None:
    world = make_world([binary], environment={**environment, "ETCD_CLUSTER_INTERVAL": "2s"})
    world.aws.create_bucket(BUCKET)
    with world.aws.fault(faults.UNAVAILABLE, services=["route53", "s3"]):
        world.fleet.follow()
        wait_until("all say why they wait", lambda: len(world.fleet.living()) == 3 and say(
            world, "the record could not be read"))
        assert not any(host.has_started_etcd() for host in world.fleet.living())
    began = time.monotonic()
    wait_until("it is founded", world.leader_now, 60)
    seconds = time.monotonic() - began
    world.await_whole()
    print(f"\nfounded {seconds:.1f} s after the store was back")
    assert len(cluster_ids(world)) == 1


@pytest.mark.parametrize("environment", STORES.values(), ids=STORES)
@pytest.mark.parametrize("fault", [faults.LOST_ANSWER, faults.DENIED], ids=["lost answers", "denied"])
def test_swap_whose_answer_is_lost_or_refused_is_read_again(
        make_world: MakeWorld, binary: str, environment: dict[str, str], fault: faults.Fault) -> None:
    """A swap that was carried out after its timeout is followed, and not made again; a refused one changes nothing."""
    world = make_world([binary], environment={**environment, "ETCD_CLUSTER_INTERVAL": "2s"})
    world.aws.create_bucket(BUCKET)
    world.aws.inject(fault, operations=["route53:ChangeResourceRecordSets", "s3:PutObject"], times=3)
    world.fleet.follow()
    world.await_whole(90)
    assert len(cluster_ids(world)) == 1
    assert generation(world) == 1


def test_record_of_a_deleted_group_is_replaced(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={"ETCD_CLUSTER_GRACE": "8s"})
    world.fleet.follow()
    world.await_whole()
    first = cluster_ids(world)
    world.aws.delete_group()
    wait_until("its instances are gone", lambda: not world.aws.running())
    world.aws.create_group(3)
    world.await_whole(90)
    assert generation(world) == 2
    assert cluster_ids(world) != first
    assert any("the record under this name is of arn:" in host.log_text() for host in world.fleet.living())


def test_record_of_a_living_group_is_refused(make_world: MakeWorld, binary: str) -> None:
    """Another group with the same cluster name founds nothing, and its leader, had it one, would write no DNS."""
    world = make_world([binary], environment={"ETCD_CLUSTER_NAME": "shared", "ETCD_CLUSTER_GRACE": "2s"})
    world.version = "shared"
    world.fleet.follow()
    wait_until("the first group has a leader", world.leader_now)
    mine = {one.id for one in world.aws.running()}
    before = world.record()
    world.aws.create_group(2, name="another-group")
    strangers = wait_until("the other group is up", lambda: [
        host for host in world.fleet.living() if host.id not in mine and "msg=waiting" in host.log_text()])
    wait_until("it says why", lambda: all(
        "it is alive; give this cluster a name of its own" in host.log_text() for host in strangers))
    time.sleep(5)
    assert not any(host.has_started_etcd() for host in strangers)
    assert world.record() == before


def test_without_zone_and_bucket_it_says_what_to_set(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], size=1, starts=False, environment={"HOSTED_ZONE": ""})
    world.fleet.sync()
    host = world.fleet.living()[0]
    host.start()
    assert wait_until("it ends", lambda: host.ended()) == 64
    text = host.log_text()
    assert "--hosted-zone or --backup-bucket" in text and "--without-record" in text


def test_without_a_record_the_reports_decide(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={"HOSTED_ZONE": "", "ETCD_CLUSTER_WITHOUT_RECORD": "true"})
    world.fleet.follow()
    world.await_whole()
    assert len(cluster_ids(world)) == 1
    victim = world.leader()
    world.aws.terminate(victim.id)
    world.await_whole()
