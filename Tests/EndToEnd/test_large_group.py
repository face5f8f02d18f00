"""A group of a thousand instances is read whole, over several pages, in one pass and in little memory (F5, F23)."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from rig.waiting import wait_until
from rig.world import World

_LIMIT_MEGABYTES = 50


def peak_megabytes(pid: int) -> float:
    """The most memory that the process ever had resident, since its exec."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@pytest.mark.measured
@pytest.mark.limit(300)
def test_a_thousand_instances_are_read_whole_in_one_pass(make_world: Callable[..., World], binary: str) -> None:
    world = make_world([binary], size=1000, large=True, starts=False)
    instances = world.aws.running()
    assert len(instances) == 1000
    lowest = sorted(instance.id for instance in instances)[:3]
    one = next(instance for instance in instances if instance.id not in lowest)
    # One of a thousand: it can't found before all of them have said what they hold, and it has to name those that have not.
    host = world.fleet.add(one)
    host.start(ETCD_CLUSTER_SIZE="3")
    wait_until("it has read the group", lambda: "and 983 more" in host.log_text(), 120)
    megabytes = peak_megabytes(host.supervisor.pid)
    calls = world.aws.calls(host.id)
    looks = sum(call.action == "autoscaling:DescribeAutoScalingGroups" for call in calls)
    pages = sum(call.action == "ec2:DescribeInstances" for call in calls)
    print(f"\n1000 instances: {megabytes:.1f} MB at most; {pages} pages of DescribeInstances in {looks} look(s)")
    assert all(name in host.log_text() for name in lowest), "the three lowest of all thousand"
    assert looks >= 1 and 5 <= pages <= 5 * looks, "each page once"
    assert all(call.status == 200 for call in calls)
    assert megabytes < _LIMIT_MEGABYTES
