"""What can go wrong with AWS, as values: the rig injects them, the gate carries them out."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass


class Kind(str, enum.Enum):
    """The ways in which a call can go wrong."""

    EMPTY_GROUP = "empty-group"  # the group exists and has no instances; EC2 knows none either
    NO_GROUP = "no-group"  # no group of that name; the instance is in no group
    WITHOUT_CALLER = "without-caller"  # all instances but the one that asks
    HALF = "half"  # every second instance, the caller's always among them
    STATUS = "status"  # an HTTP error without an AWS body, as a load balancer in front gives it
    REFUSAL = "refusal"  # an AWS error with a code
    HANG = "hang"  # no answer until the fault is lifted
    RESET = "reset"  # TCP RST instead of an answer
    TRUNCATED = "truncated"  # a complete HTTP answer with half of the XML
    CUT = "cut"  # the connection ends in the middle of the answer
    HUGE = "huge"  # a well-formed answer of very many bytes
    GARBAGE = "garbage"  # status 200 and no XML at all, as a captive portal gives it
    LATENCY = "latency"  # the right answer, later


_LISTS = ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances")


@dataclass(frozen=True)
class Fault:
    """One fault. `operations` are actions such as `ec2:DescribeInstances`, `callers` instance IDs; empty means all.

    `performed`: the call takes effect before it goes wrong (an answer lost on its way back). `seconds`: the latency.
    `count`: how many bytes a huge answer has. `times`: how many calls it strikes; 0 means until it is lifted.
    """

    kind: Kind
    operations: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    status: int = 503
    code: str = "Throttling"
    message: str = "Rate exceeded"
    seconds: float = 0.0
    count: int = 100_000_000
    performed: bool = False
    times: int = 0

    def matches(self, caller: str, action: str) -> bool:
        return (not self.operations or action in self.operations) and (not self.callers or caller in self.callers)

    def to_json(self) -> dict:
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_json(cls, data: dict) -> Fault:
        lists = {name: tuple(data.get(name, ())) for name in ("operations", "callers")}
        return cls(**{**data, **lists, "kind": Kind(data["kind"])})


# The usual ones, ready to inject. The list faults strike the two calls that list instances.
EMPTY_GROUP = Fault(Kind.EMPTY_GROUP, operations=_LISTS)
NO_GROUP = Fault(Kind.NO_GROUP, operations=(*_LISTS, "autoscaling:DescribeAutoScalingInstances"))
WITHOUT_CALLER = Fault(Kind.WITHOUT_CALLER, operations=_LISTS)
HALF = Fault(Kind.HALF, operations=_LISTS)
UNAVAILABLE = Fault(Kind.STATUS, status=503)
THROTTLING = Fault(Kind.REFUSAL, status=400, code="Throttling", message="Rate exceeded")
EC2_THROTTLING = Fault(Kind.REFUSAL, status=503, code="RequestLimitExceeded", message="Request limit exceeded.")
HANG = Fault(Kind.HANG)
RESET = Fault(Kind.RESET)
TRUNCATED = Fault(Kind.TRUNCATED)
CUT = Fault(Kind.CUT)
HUGE = Fault(Kind.HUGE)
GARBAGE = Fault(Kind.GARBAGE)


def latency(seconds: float) -> Fault:
    """Every answer comes `seconds` later."""
    return Fault(Kind.LATENCY, seconds=seconds)
