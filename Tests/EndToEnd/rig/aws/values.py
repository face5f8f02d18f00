"""What the rig says of its AWS, as values: instances, records, calls, keys, and what became of lifecycle hooks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instance:
    """An instance as EC2 and its group see it. `lifecycle` is empty once the group has let go of it.

    `target` is the state that it is on its way to, as its metadata service tells it: `InService`, `Terminated`, ...
    """

    id: str
    address: str
    state: str
    group: str
    lifecycle: str
    image: str
    type: str
    zone: str
    launched: str
    tags: dict[str, str]
    target: str = "InService"


@dataclass(frozen=True)
class RecordSet:
    """A record set of the hosted zone; the values are sorted."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A call that reached AWS. `time` is in seconds since 1970; `fault` names what was injected into it."""

    time: float
    caller: str
    action: str
    status: int
    error: str
    fault: str


@dataclass(frozen=True)
class LifecycleEvent:
    """Something that happened to an instance at a hook. `time` is in seconds since 1970.

    `kind`: `wait` (it is held), `heartbeat`, `complete` and `timeout` (with the result that counted), `end` (it is
    terminated or in service; the hook is empty then).
    """

    time: float
    instance: str
    hook: str
    transition: str
    kind: str
    result: str


@dataclass(frozen=True)
class Datum:
    """A number that CloudWatch was told."""

    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


@dataclass(frozen=True)
class AccessKey:
    """Temporary credentials. `expires` is in seconds since 1970."""

    access_key: str
    secret_key: str
    token: str
    expires: float
