"""Instances that come and go with lifecycle hooks: a member leaves before its instance does."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import pytest

from rig.etcd import EtcdFailed
from rig.waiting import wait_until
from rig.world import STEADY, World
from rig.writer import Writer

MakeWorld = Callable[..., World]
# An election takes one to two seconds; a client that had the leader notices it by its own timeout first.
ONE_ELECTION = 5.0


class HealthyVoters:
    """Counts the voters that know a leader, all the time; remembers the fewest that no election explains."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.fewest = 99
        self._failure: Exception | None = None
        self._counted: deque[tuple[float, int]] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> HealthyVoters:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
        if self._failure:
            raise self._failure
        assert not self._thread.is_alive() and self.fewest < 99, "nobody was ever counted"

    def _run(self) -> None:
        try:
            self._count()
        except Exception as error:  # whatever it is, the test has measured nothing since
            self._failure = error

    def _count(self) -> None:
        while not self._stop.wait(0.1):
            count = 0
            for endpoint in self._world.endpoints():
                try:
                    status = endpoint.status(timeout=2)
                    count += bool(status.leader) and not status.is_learner
                except EtcdFailed:
                    continue
            # In an election some know a leader and some don't, for a moment: that is not a voter less, unless it lasts.
            now = time.monotonic()
            self._counted.append((now, count))
            if now - self._counted[0][0] < ONE_ELECTION:
                continue
            self.fewest = min(self.fewest, max(seen for _, seen in self._counted))
            while now - self._counted[1][0] >= ONE_ELECTION:
                self._counted.popleft()


def kinds(world: World, instance: str) -> list[str]:
    return [event.kind for event in world.aws.lifecycle_events(instance)]


def any_endpoint(world: World):
    return world.leader().endpoint


@pytest.mark.parametrize("which", ["the leader", "a follower"])
def test_member_leaves_before_its_instance_dies(make_world: MakeWorld, binary: str, which: str) -> None:
    world = make_world([binary])
    world.aws.put_hook("terminating", 120)
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    victim = leader if which == "the leader" else next(one for one in world.fleet.living() if one is not leader)
    with Writer(world.endpoints) as writer:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 50)
        world.aws.terminate(victim.id)
        wait_until("it is no member", lambda: victim.id not in {one.name for one in world.members()})
        assert victim.is_up() or "complete" in kinds(world, victim.id), "the instance lives on until its hook is completed"
        wait_until("its hook is completed", lambda: "complete" in kinds(world, victim.id), 60)
        world.await_whole(90)
    print(f"\nthe longest pause of writes {writer.longest_gap:.1f} s; {kinds(world, victim.id)}")
    assert writer.longest_gap < ONE_ELECTION
    assert writer.missing(any_endpoint(world)) == []


@pytest.mark.limit(240)
def test_drain_is_held_while_another_voter_is_dead(make_world: MakeWorld, binary: str) -> None:
    """F25: heartbeats until the dead one is replaced, then the drain."""
    world = make_world([binary], environment={"ETCD_CLUSTER_INTERVAL": "2s", **STEADY})
    world.aws.put_hook("terminating", 24)
    world.fleet.follow()
    world.await_whole()
    leader = world.leader()
    dead, leaving = (one for one in world.fleet.living() if one is not leader)
    dead.crash()
    wait_until("the leader sees it", lambda: "is not healthy" in leader.log_text())
    world.aws.terminate(leaving.id)
    wait_until("it says why", lambda: f"{leaving.id} is held, though it is to leave" in leader.log_text())
    wait_until("heartbeats are sent", lambda: kinds(world, leaving.id).count("heartbeat") >= 3, 90)
    assert leaving.id in {one.name for one in world.members()}
    world.aws.terminate_at_once(dead.id)
    wait_until("then it leaves", lambda: leaving.id not in {one.name for one in world.members()}, 90)
    world.await_whole(90)


@pytest.mark.limit(300)
@pytest.mark.parametrize("launch_first", [False, True], ids=["terminate first", "launch first"])
def test_instance_refresh_replaces_everybody_one_by_one(
        make_world: MakeWorld, binary: str, launch_first: bool) -> None:
    """F44: never fewer than two healthy voters, nothing lost."""
    world = make_world([binary])
    world.aws.update_group(MaxSize=6)
    world.aws.put_hook("terminating", 120, name="leaving")
    world.fleet.follow()
    world.await_whole()
    world.aws.put_hook("launching", 120, name="coming")
    before = {one.id for one in world.aws.running()}
    with Writer(world.endpoints) as writer, HealthyVoters(world) as voters:
        wait_until("the client writes", lambda: len(writer.acknowledged) > 50)
        began = time.monotonic()
        world.aws.refresh(launch_first=launch_first, timeout=240)
        world.await_whole(90)
        seconds = time.monotonic() - began
    after = {one.id for one in world.aws.running()}
    print(f"\nreplaced all three in {seconds:.1f} s; at least {voters.fewest} healthy voters, "
          f"{len(writer.acknowledged)} writes, the longest pause {writer.longest_gap:.1f} s")
    assert not before & after and len(after) == 3
    assert voters.fewest >= 2
    assert writer.longest_gap < ONE_ELECTION
    assert writer.missing(any_endpoint(world)) == []


def test_first_group_with_a_launching_hook_is_not_held_up(make_world: MakeWorld, binary: str) -> None:
    """F6: the founders are all held by the hook; none waits for a quorum that waits for the hook."""
    world = make_world([binary], starts=False)
    world.aws.delete_group()
    wait_until("nobody is left", lambda: not world.aws.running())
    world.fleet.starts = True
    world.aws.create_group(0)
    world.aws.put_hook("launching", 120)
    world.fleet.follow()
    world.aws.set_desired_capacity(3)
    world.await_whole(90)
    wait_until("all are in service", lambda: len(world.aws.in_service()) == 3)


def test_last_voters_drain_waits_for_a_successor(make_world: MakeWorld, binary: str) -> None:
    """A group of one that is replaced with a hook hands its data over."""
    world = make_world([binary], size=1)
    world.aws.put_hook("terminating", 120)
    world.fleet.follow()
    world.await_whole()
    first = world.fleet.living()[0]
    first.endpoint.put("before", "kept")
    successor, = world.aws.terminate(first.id)
    wait_until("the successor is all there is", lambda: {one.id for one in world.aws.running()} == {successor.id}, 90)
    world.await_whole(30)
    successor = world.fleet.host(successor.id)
    assert successor.endpoint.get("before") == "kept"
