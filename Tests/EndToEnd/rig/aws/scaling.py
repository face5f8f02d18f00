"""How the group launches and terminates, through its lifecycle hooks: in place of moto's own ways, which know none.

An instance that a hook holds on its way out no longer counts, so its replacement is launched at once; with
`replaces_late`, only once it has ended. AWS does either, by the group's maintenance policy.
"""

from __future__ import annotations

import time
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (AutoScalingBackend, DetachInstanceActivity, FakeAutoScalingGroup, InstanceState,
                                     LifecycleHook, TerminateInstanceActivity, autoscaling_backends)

from rig.aws.answers import Answer, Refused
from rig.aws.hooks import LAUNCHING, TERMINATING, Action, Hooks, done
from rig.aws.operation import Operation

_PROCEED_SECONDS = 0.5
_launch = FakeAutoScalingGroup.replace_autoscaling_group_instances
_detach = AutoScalingBackend.detach_instances
_set_health = AutoScalingBackend.set_instance_health


class Scaling:
    """The group's own decisions. There is one for the process: moto's classes are patched to ask it."""

    def __init__(self, account: str, region: str) -> None:
        self.hooks = Hooks()
        self.replaces_late = False
        self.detached: set[str] = set()
        self._surplus: dict[str, int] = {}  # instances beyond the desired capacity, by group
        self._ending: dict[str, float] = {}  # Terminating:Proceed, until when
        self._owed: set[str] = set()  # on their way out, and replaced only once they have ended
        self._moto = autoscaling_backends[account][region]
        self._patch()

    def _patch(self) -> None:
        """Methods of moto's, in moto's own terms; `self` is there what it is in moto."""
        scaling = self

        def resize(group: FakeAutoScalingGroup, capacity: int | None) -> None:
            group.desired_capacity = group.min_size if capacity is None else capacity
            scaling.settle(group)

        def set_capacity(_: AutoScalingBackend, name: str, capacity: int | None) -> None:
            scaling.resize(name, capacity or 0)

        def terminate(_: AutoScalingBackend, instance_id: str, should_decrement: bool) -> TerminateInstanceActivity:
            return scaling.terminate(instance_id, should_decrement)

        def notice(_: AutoScalingBackend, instance_ids: list[str]) -> None:
            for state in [one for name in instance_ids if (one := scaling.state(name))]:
                scaling.lose(state)

        def set_health(backend: AutoScalingBackend, instance_id: str, health_status: str) -> None:
            state = scaling.managed(instance_id)
            _set_health(backend, instance_id, health_status)
            if health_status == "Unhealthy":
                scaling.lose(state)

        def detach(backend: AutoScalingBackend, name: str, ids: list[str], decrement: bool) -> list[DetachInstanceActivity]:
            scaling.detached.update(ids)
            for one in ids:
                scaling.hooks.forget(one)
            return _detach(backend, name, ids, decrement)

        def delete(backend: AutoScalingBackend, name: str) -> None:
            for state in list(scaling.group(name).instance_states):
                scaling.end(state)
            scaling._surplus.pop(name, None)
            del backend.autoscaling_groups[name]

        patched: dict[type, dict[str, Any]] = {
            FakeAutoScalingGroup: {"set_desired_capacity": resize},
            AutoScalingBackend: {
                "set_desired_capacity": set_capacity, "terminate_instance": terminate, "detach_instances": detach,
                "notify_terminate_instances": notice, "set_instance_health": set_health,
                "delete_auto_scaling_group": delete},
        }
        for where, methods in patched.items():
            for name, method in methods.items():
                setattr(where, name, method)

    # Who is where

    def group(self, name: str) -> FakeAutoScalingGroup:
        found = self._moto.autoscaling_groups.get(name)
        if found is None:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        return found

    def state(self, instance_id: str) -> InstanceState | None:
        """An instance as its group has it; None if no group does."""
        return next((state for group in self._moto.autoscaling_groups.values() for state in group.instance_states
                     if state.instance.id == instance_id), None)

    def managed(self, instance_id: str) -> InstanceState:
        state = self.state(instance_id)
        if state is None:
            raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
        return state

    def target(self, instance_id: str) -> str:
        """The state that an instance is on its way to, as its metadata service tells it."""
        state = self.state(instance_id)
        if state is None:
            return "Detached" if instance_id in self.detached else "Terminated"
        name = state.lifecycle_state
        if name.startswith("Warmed:"):
            return name
        aims = {"Terminating": "Terminated", "Terminated": "Terminated", "Detaching": "Detached", "Detached": "Detached",
                "Standby": "Standby", "EnteringStandby": "Standby"}
        return aims.get(name.partition(":")[0], "InService")

    def _hooks_for(self, group: FakeAutoScalingGroup, transition: str) -> list[LifecycleHook]:
        return [one for one in self._moto.describe_lifecycle_hooks(group.name) if one.lifecycle_transition == transition]

    # Coming and going

    def settle(self, group: FakeAutoScalingGroup) -> None:
        """Launches or terminates until the group has what it wants; the oldest go first."""
        counted = [one for one in group.instance_states if self._counts(one)]
        excess = len(counted) - (group.desired_capacity or 0) - self._surplus.get(group.name, 0)
        if excess < 0:
            self._launch(group, -excess)
        free = [one for one in counted if not one.protected_from_scale_in and one.instance.id not in self._owed]
        for state in free[:max(excess, 0)]:
            self._leave(state, replaced=False)

    def _counts(self, state: InstanceState) -> bool:
        stays = state.lifecycle_state.partition(":")[0] in ("Pending", "InService")
        return stays or state.instance.id in self._owed

    def _launch(self, group: FakeAutoScalingGroup, count: int) -> None:
        before = len(group.instance_states)
        _launch(group, count, group.get_propagated_tags())
        hooks = self._hooks_for(group, LAUNCHING)
        for state in group.instance_states[before:]:
            if hooks:
                state.lifecycle_state = "Pending:Wait"
                self.hooks.hold(state.instance.id, hooks)

    def resize(self, name: str, capacity: int) -> None:
        """SetDesiredCapacity, within the group's limits."""
        group = self.group(name)
        for beyond, limit, word in ((capacity > group.max_size, group.max_size, "above max"),
                                    (capacity < group.min_size, group.min_size, "below min")):
            if beyond:
                raise ValidationError(f"New SetDesiredCapacity value {capacity} is {word} value {limit} for the "
                                      "AutoScalingGroup.")
        group.desired_capacity = capacity
        self.settle(group)

    def surplus(self, name: str, count: int) -> None:
        """Lets a group have so many instances more than it desires, as while an instance is replaced by launching first."""
        self._surplus[name] = count
        self.settle(self.group(name))

    def terminate(self, instance_id: str, decrements: bool) -> TerminateInstanceActivity:
        """TerminateInstanceInAutoScalingGroup."""
        state = self.managed(instance_id)
        group, before = state.auto_scaling_group, state.auto_scaling_group.desired_capacity or 0
        if decrements:
            if before <= (group.min_size or 0):
                raise ValidationError(f"Currently, desiredSize equals minSize ({before}). Terminating instance without "
                                      "replacement will violate group's min size constraint.")
            group.desired_capacity = before - 1
        self._leave(state, replaced=not decrements)
        self.settle(group)
        return TerminateInstanceActivity(state.instance, before)

    def retire(self, instance_id: str) -> None:
        """Terminates an instance whose place a surplus one has taken."""
        state = self.managed(instance_id)
        name = state.auto_scaling_group.name
        self._surplus[name] = max(self._surplus.get(name, 0) - 1, 0)
        self._leave(state, replaced=False)
        self.settle(state.auto_scaling_group)

    def lose(self, state: InstanceState) -> None:
        """Replaces an instance that is unhealthy, or that EC2 has terminated already: its hooks then come too late."""
        state.health_status = "Unhealthy"
        self._leave(state)
        self.settle(state.auto_scaling_group)

    def _leave(self, state: InstanceState, replaced: bool = True) -> None:
        """Begins to terminate an instance, unless that has begun."""
        if state.lifecycle_state.startswith("Terminating"):
            return
        instance_id, group = state.instance.id, state.auto_scaling_group
        self.hooks.forget(instance_id)
        hooks = self._hooks_for(group, TERMINATING)
        if not hooks:
            self.end(state)
            return
        if self.replaces_late and replaced:
            self._owed.add(instance_id)
        state.lifecycle_state = "Terminating:Wait"
        self.hooks.hold(instance_id, hooks)

    def end(self, state: InstanceState) -> None:
        """Terminates an instance; the group lets go of it."""
        instance_id = state.instance.id
        self.hooks.forget(instance_id)
        self._owed.discard(instance_id)
        self._ending.pop(instance_id, None)
        state.auto_scaling_group.instance_states.remove(state)
        self._moto.ec2_backend.terminate_instances([instance_id])
        self.hooks.note(instance_id, "end", result="Terminated")

    # Hooks

    def act(self, operation: Operation) -> Answer | None:
        """CompleteLifecycleAction and RecordLifecycleActionHeartbeat; None for other calls."""
        if operation.action == "autoscaling:RecordLifecycleActionHeartbeat":
            self.hooks.beat(self.hooks.active(operation))
            return done(operation)
        if operation.action != "autoscaling:CompleteLifecycleAction":
            return None
        result = operation.parameters.get("LifecycleActionResult", "")
        if result not in ("CONTINUE", "ABANDON"):
            raise Refused("ValidationError", f"Invalid Lifecycle Action Result: {result}. Must be CONTINUE or ABANDON.", 400)
        self._finish(self.hooks.active(operation), "complete", result)
        return done(operation)

    def pass_time(self) -> None:
        """Carries out what is due: hooks whose time has run out, and instances that have been let go."""
        for action in self.hooks.expired():
            self._finish(action, "timeout", action.hook.default_result)
        for instance_id in [one for one, when in self._ending.items() if when <= time.time()]:
            state = self.state(instance_id)
            if state:
                self.end(state)
                self.settle(state.auto_scaling_group)

    def _finish(self, action: Action, kind: str, result: str) -> None:
        state = self.state(action.instance)
        if not self.hooks.finish(action, kind, result) or state is None:
            return
        if action.hook.lifecycle_transition == TERMINATING:
            state.lifecycle_state = "Terminating:Proceed"
            self._ending[action.instance] = time.time() + _PROCEED_SECONDS
        elif result == "ABANDON":
            self.end(state)
            self.settle(state.auto_scaling_group)
        else:
            state.lifecycle_state = "InService"
            self.hooks.note(action.instance, "end", result="InService")
