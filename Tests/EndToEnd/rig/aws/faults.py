"""What can go wrong with AWS, as values: the rig injects them, the gate carries them out."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import asdict, dataclass


class Kind(str, enum.Enum):
    """The ways in which a call can go wrong."""

    EMPTY_GROUP = "empty-group"  # the group exists and has no instances; EC2 knows none either
    NO_GROUP = "no-group"  # no group of that name; the instance is in no group
    WITHOUT_CALLER = "without-caller"  # all instances but the one that asks
    HALF = "half"  # every second instance, the caller's always among them
    SHOWN = "shown"  # none but the named instances
    HIDDEN = "hidden"  # all but the named instances
    STATUS = "status"  # an HTTP error without an AWS body, as a load balancer in front gives it
    REFUSAL = "refusal"  # an AWS error with a code
    DENIED = "denied"  # the role may not do it, in the service's own words
    HANG = "hang"  # no answer until the fault is lifted
    RESET = "reset"  # TCP RST instead of an answer
    TRUNCATED = "truncated"  # a complete HTTP answer with half of the XML
    CUT = "cut"  # the connection ends in the middle of the answer
    HUGE = "huge"  # a well-formed answer of very many bytes
    GARBAGE = "garbage"  # status 200 and no XML at all, as a captive portal gives it
    LATENCY = "latency"  # the right answer, later


LIST_KINDS = (Kind.EMPTY_GROUP, Kind.NO_GROUP, Kind.WITHOUT_CALLER, Kind.HALF, Kind.SHOWN, Kind.HIDDEN)
_LISTS = ("autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances")
_ALL_LISTS = (*_LISTS, "autoscaling:DescribeAutoScalingInstances")


@dataclass(frozen=True)
class Fault:
    """One fault. `operations` are actions such as `ec2:DescribeInstances`, or all of a service by `s3:*`; `callers` are
    instance IDs. Empty means all. `instances` are those that a list shows or hides.

    `performed`: the call takes effect before it goes wrong (an answer lost on its way back). `seconds`: the latency.
    `count`: how many bytes a huge answer has. `times`: how many calls it strikes; 0 means until it is lifted. `target`: what
    has to stand in the path or the query of a request, such as a part of an object's key.
    """

    kind: Kind
    operations: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    status: int = 503
    code: str = "Throttling"
    message: str = "Rate exceeded"
    seconds: float = 0.0
    count: int = 100_000_000
    performed: bool = False
    times: int = 0
    target: str = ""

    def matches(self, caller: str, action: str, target: str = "") -> bool:
        meant = not self.operations or any(action == one or _covers(one, action) for one in self.operations)
        return meant and (not self.callers or caller in self.callers) and self.target in target

    def to_json(self) -> dict:
        return {**asdict(self), "kind": self.kind.value}

    @classmethod
    def from_json(cls, data: dict) -> Fault:
        lists = {name: tuple(data.get(name, ())) for name in ("operations", "callers", "instances")}
        return cls(**{**data, **lists, "kind": Kind(data["kind"])})


def _covers(pattern: str, action: str) -> bool:
    """Whether `pattern` is a whole service, such as `route53:*`, and the action one of its own."""
    return pattern.endswith(":*") and action.startswith(pattern[:-1])


# The usual ones, ready to inject. The list faults strike the two calls that list instances.
EMPTY_GROUP = Fault(Kind.EMPTY_GROUP, operations=_LISTS)
NO_GROUP = Fault(Kind.NO_GROUP, operations=_ALL_LISTS)
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
DENIED = Fault(Kind.DENIED)
LOST_ANSWER = Fault(Kind.RESET, performed=True)  # the call took effect, and its caller can't know
LATE_ANSWER = Fault(Kind.HANG, performed=True)  # the same, the connection open until the fault is lifted
SLOW_DOWN = Fault(Kind.REFUSAL, status=503, code="SlowDown", message="Please reduce your request rate.",
                  operations=("s3:*",))
# S3 itself is never full; the stores that speak its language are, and say it so.
FULL = Fault(Kind.REFUSAL, status=507, code="XMinioStorageFull", message="Storage backend has reached its minimum free drive "
             "threshold. Please delete a few objects to proceed.",
             operations=("s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart"))
CONFLICT = Fault(Kind.REFUSAL, status=409, code="ConditionalRequestConflict", message="The conditional request cannot "
                 "succeed due to a conflicting operation against this resource.", operations=("s3:PutObject",))


def shown(instances: Iterable[str]) -> Fault:
    """Every list of instances has only these, and EC2 knows no others."""
    return Fault(Kind.SHOWN, operations=_ALL_LISTS, instances=tuple(instances))


def hidden(instances: Iterable[str]) -> Fault:
    """No list of instances has these, and EC2 does not know them."""
    return Fault(Kind.HIDDEN, operations=_ALL_LISTS, instances=tuple(instances))


def latency(seconds: float) -> Fault:
    """Every call takes effect and is answered `seconds` later: for a caller with less patience, after its timeout."""
    return Fault(Kind.LATENCY, seconds=seconds)
