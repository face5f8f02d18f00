"""Lifecycle hooks, of which moto keeps the definitions alone: who is held by which hook, until when, and what came of it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from moto.autoscaling.models import LifecycleHook

from rig.aws.answers import Answer, Refused
from rig.aws.operation import Operation
from rig.aws.values import LifecycleEvent

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
_HEARTBEATS = 100  # so many timeouts of the hook an action can last, or 48 hours
_LONGEST_SECONDS = 48 * 3600.0


@dataclass
class Action:
    """One hook's hold on one instance. Times are in seconds since 1970."""

    instance: str
    hook: LifecycleHook
    token: str
    deadline: float
    last: float

    def extend(self, now: float) -> None:
        self.deadline = min(now + self.hook.heartbeat_timeout, self.last)


class Hooks:
    """The actions under way, and the history of all. The caller holds the backend's lock."""

    def __init__(self) -> None:
        self.events: list[LifecycleEvent] = []
        self._actions: list[Action] = []

    def hold(self, instance: str, hooks: Iterable[LifecycleHook]) -> None:
        """Lets each of the hooks hold the instance."""
        now = time.time()
        for hook in hooks:
            last = now + min(_HEARTBEATS * hook.heartbeat_timeout, _LONGEST_SECONDS)
            action = Action(instance, hook, str(uuid.uuid4()), 0.0, last)
            action.extend(now)
            self._actions.append(action)
            self.note(instance, "wait", hook)

    def note(self, instance: str, kind: str, hook: LifecycleHook | None = None, result: str = "") -> None:
        """Writes into the history."""
        name, transition = (hook.name, hook.lifecycle_transition or "") if hook else ("", "")
        self.events.append(LifecycleEvent(time.time(), instance, name, transition, kind, result))

    def active(self, operation: Operation) -> Action:
        """The action that a call speaks of, by its token or its instance."""
        asked = operation.parameters
        instance, token = asked.get("InstanceId", ""), asked.get("LifecycleActionToken", "")
        for one in self._actions:
            meant = one.token == token if token else one.instance == instance
            named = (one.hook.name, one.hook.auto_scaling_group_name) == (
                asked.get("LifecycleHookName"), asked.get("AutoScalingGroupName"))
            if meant and named:
                return one
        what = f"token {token}" if token else f"instance ID {instance}"
        raise Refused("ValidationError", f"No active Lifecycle Action found with {what}", 400)

    def beat(self, action: Action) -> None:
        """Records a heartbeat: the hook's timeout begins anew."""
        action.extend(time.time())
        self.note(action.instance, "heartbeat", action.hook)

    def finish(self, action: Action, kind: str, result: str) -> bool:
        """Ends an action; ABANDON ends the instance's other ones too. Answers whether none is left."""
        self.note(action.instance, kind, action.hook, result)
        self._actions = [one for one in self._actions if one is not action
                         and not (result == "ABANDON" and one.instance == action.instance)]
        return not any(one.instance == action.instance for one in self._actions)

    def forget(self, instance: str) -> None:
        """Ends all holds on an instance that the group has let go of."""
        self._actions = [one for one in self._actions if one.instance != instance]

    def expired(self) -> list[Action]:
        """The actions whose time has run out, the oldest first."""
        now = time.time()
        return sorted((one for one in self._actions if one.deadline <= now), key=lambda one: one.deadline)


def done(operation: Operation) -> Answer:
    """The answer of the two calls that speak of actions."""
    name, namespace = operation.name, "http://autoscaling.amazonaws.com/doc/2011-01-01/"
    xml = (f'<{name}Response xmlns="{namespace}"><{name}Result/><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId>'
           f"</ResponseMetadata></{name}Response>")
    return Answer(200, xml.encode())
