"""Three machines that know nothing but themselves become one cluster, whichever comes first (F1, F2)."""

from __future__ import annotations

import statistics
import time
from typing import Callable

import pytest

from rig.etcd import await_write
from rig.waiting import wait_until
from rig.world import World

# When each of the three instances starts its supervisor, in seconds after the first.
ORDERS = {
    "all at once": (0.0, 0.0, 0.0),
    "one after the other": (0.0, 1.0, 2.0),
    "the last one late": (0.0, 0.1, 5.0),
    "the first one late": (5.0, 0.0, 0.3),
    "two late ones": (0.0, 4.5, 5.0),
}


def start_at(delays: tuple[float, ...]) -> Callable[[object], float]:
    remaining = list(delays)
    return lambda _: remaining.pop(0)


def cluster_ids(world: World) -> set[str]:
    return {endpoint.status().cluster_id for endpoint in world.endpoints()}


@pytest.mark.parametrize("delays", ORDERS.values(), ids=ORDERS.keys())
def test_three_instances_are_one_cluster_in_any_order(
        make_world: Callable[..., World], binary: str, delays: tuple[float, ...]) -> None:
    world = make_world([binary], delay=start_at(delays))
    world.fleet.follow()
    members = world.await_whole()
    assert len(members) == 3
    wait_until("all three answer", lambda: len(cluster_ids(world)) == 1)
    world.await_dns()
    founders = [host for host in world.fleet.living() if "found a cluster of 3" in host.log_text()]
    assert founders, "nobody says that it founded"


@pytest.mark.measured
@pytest.mark.limit(240)
def test_first_write_comes_at_most_two_seconds_after_that_of_bare_etcds(
        make_world: Callable[..., World], binary: str) -> None:
    """Measured in pairs in one run: the medians of what each pair took."""
    ours, bare = [], []
    for _ in range(5):
        world = make_world([binary], starts=False)
        world.fleet.sync()
        etcds = world.bare_etcds()
        etcds.start()
        bare.append(await_write(etcds.endpoints, 60))
        etcds.stop()
        for host in world.fleet.living():
            host.start()
        ours.append(await_write(world.endpoints(), 60))
        world.close()
    above = statistics.median(ours) - statistics.median(bare)
    print(f"\nfirst write after {statistics.median(ours):.2f} s, bare etcds {statistics.median(bare):.2f} s, "
          f"{above:+.2f} s")
    assert above <= 2.0


def test_an_instance_that_the_group_lacks_waits_and_says_so(
        make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], starts=False)
    world.fleet.sync()
    first, second, _ = world.fleet.living()
    world.aws.set_instance_state(world.fleet.living()[2].id, "pending")
    first.start()
    second.start()
    for host in (first, second):
        wait_until(f"{host.id} waits", lambda: "data may live on instances that can't be asked" in host.log_text())
        assert host.etcd() is None
    world.aws.set_instance_state(world.fleet.living()[2].id, "running")
    world.fleet.living()[2].start()
    world.await_whole()


def test_nothing_is_founded_where_the_zone_names_an_earlier_cluster(world: World) -> None:
    """F4: nobody answers, and yet there was a cluster, whose data may live."""
    name = f"i-0123456789abcdef0.{world.domain}."
    world.aws.route53.change_resource_record_sets(
        HostedZoneId=world.aws.zone_id, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
            "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.77.0.99"}]}}]})
    world.fleet.follow()
    for host in wait_until("all machines are up", lambda: len(world.fleet.living()) == 3 and world.fleet.living()):
        wait_until(f"{host.id} waits for the zone", lambda: "the zone names members of an earlier cluster" in host.log_text())
    began = time.monotonic()
    wait_until("they have looked a few more times", lambda: time.monotonic() - began > 3)
    assert all(host.etcd() is None for host in world.fleet.living())
    world.aws.route53.change_resource_record_sets(
        HostedZoneId=world.aws.zone_id, ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": {
            "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.77.0.99"}]}}]})
    world.await_whole()
