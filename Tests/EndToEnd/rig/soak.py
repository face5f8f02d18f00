"""An hour of turns in a minute: a world with a short interval, watched while its leader takes turn after turn."""

from __future__ import annotations

from dataclasses import dataclass

from rig.measure import Memory, memory_of
from rig.waiting import wait_until
from rig.world import World

INTERVAL = "100ms"
TURNS = 360  # at the default interval of 10 s, an hour
LIMIT_MEGABYTES = 20.0
# Of memory that is ours alone, in kB, in half of the turns. A leak of 2 kB in each turn would be more than this.
GROWTH_LIMIT = 256
_TURN = "autoscaling:DescribeAutoScalingGroups"  # the one call that each turn of the leader makes


@dataclass(frozen=True)
class Soaked:
    """The memory of one supervisor at the start, after half of the turns, after three quarters, and at the end."""

    role: str
    start: Memory
    middle: Memory
    late: Memory
    end: Memory

    @property
    def growth(self) -> int:
        """For half of the turns, in kB of memory that is ours alone: pages of code come and go with their use. By the quieter of
        the last two quarters, for a leak is in both, and a thread that comes takes its own part along once."""
        return 2 * min(self.end.anonymous - self.late.anonymous, self.late.anonymous - self.middle.anonymous)

    @property
    def is_within_target(self) -> bool:
        return self.end.megabytes < LIMIT_MEGABYTES and self.growth <= GROWTH_LIMIT

    def __str__(self) -> str:
        return (f"{self.role}: {self.start} at the start, {self.end} at the end; of its own "
                f"{self.start.anonymous}, {self.middle.anonymous}, {self.late.anonymous}, {self.end.anonymous} kB")


def soak(world: World, turns: int = TURNS, timeout: float = 300.0) -> list[Soaked]:
    """Follows the group, and for `turns` turns of the leader the memory of every supervisor; the leader comes first."""
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    leader = world.leader()
    hosts = sorted(world.fleet.living(), key=lambda host: host is not leader)

    def memories() -> list[Memory]:
        return [memory_of(host.supervisor.pid) for host in hosts]

    def await_turns(count: int) -> None:
        wait_until(f"the leader has taken {count} turns", lambda: len(world.aws.calls(action=_TURN)) >= count,
                   timeout, interval=0.5)

    world.aws.forget_calls()
    start = memories()
    await_turns(turns // 2)
    middle = memories()
    await_turns(turns * 3 // 4)
    late = memories()
    await_turns(turns)
    roles = ["leader"] + [f"follower {number}" for number in range(1, len(hosts))]
    return [Soaked(*measured) for measured in zip(roles, start, middle, late, memories())]
