"""The rig's hold on the group: its instances, their coming and going, and its lifecycle hooks."""

from __future__ import annotations

from typing import Any

from rig.aws.values import Instance, LifecycleEvent
from rig.waiting import wait_until

STACK_TAG = "aws:cloudformation:stack-name"
_TRANSITIONS = {"launching": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminating": "autoscaling:EC2_INSTANCE_TERMINATING"}


class Group:
    """The part of `AWS` that is about the group and its instances."""

    group: str
    stack: str
    ec2: Any
    autoscaling: Any
    _subnet: str

    def _order(self, order: str, **arguments: Any) -> Any:
        raise NotImplementedError

    # Instances

    def instances(self) -> list[Instance]:
        """Every instance that EC2 still knows, terminated ones too, in order of launch."""
        return [Instance(**one) for one in self._order("instances")]

    def running(self) -> list[Instance]:
        """The instances that are running or about to."""
        return [one for one in self.instances() if one.state in ("pending", "running")]

    def in_service(self) -> list[Instance]:
        """The instances that the group counts as `InService`."""
        return [one for one in self.running() if one.lifecycle == "InService"]

    def instance(self, instance_id: str) -> Instance:
        return next(one for one in self.instances() if one.id == instance_id)

    def terminate(self, instance_id: str, replace: bool = True) -> list[Instance]:
        """Terminates an instance through its group, and so through its hooks; answers the replacements there are already."""
        before = {one.id for one in self.instances()}
        self.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=not replace)
        return [one for one in self.running() if one.id not in before]

    def terminate_at_once(self, instance_id: str) -> None:
        """Terminates an instance through EC2, past all hooks: the group notices, and its hooks come too late."""
        self.ec2.terminate_instances(InstanceIds=[instance_id])

    def detach(self, instance_id: str, replace: bool = True) -> None:
        """Detaches an instance: it goes on running, outside of the group."""
        self.autoscaling.detach_instances(
            InstanceIds=[instance_id], AutoScalingGroupName=self.group, ShouldDecrementDesiredCapacity=not replace)

    def set_instance_health(self, instance_id: str, status: str = "Unhealthy") -> None:
        """Tells the group of an instance's health; one that is unhealthy is replaced."""
        self.autoscaling.set_instance_health(InstanceId=instance_id, HealthStatus=status)

    def set_instance_state(self, instance_id: str, name: str) -> None:
        """Shows an instance as `pending`, `shutting-down`, `stopped`, ... until it is told otherwise."""
        self._order("set_instance_state", instance_id=instance_id, name=name)

    def set_lifecycle_state(self, instance_id: str, name: str) -> None:
        """Shows an instance of the group in another lifecycle state, such as `Warmed:Running`, and holds nobody up."""
        self._order("set_lifecycle_state", instance_id=instance_id, name=name)

    def free_address(self, instance_id: str) -> None:
        """Gives the address of a terminated instance to the next one that is launched."""
        self._order("free_address", instance_id=instance_id)

    # The group

    def create_group(self, size: int, name: str | None = None) -> None:
        """Creates the group anew, or another one beside it by another name, of the same stack."""
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name or self.group, MinSize=0, MaxSize=max(10_000, size), DesiredCapacity=size,
            LaunchTemplate={"LaunchTemplateName": self.stack, "Version": "$Latest"}, VPCZoneIdentifier=self._subnet,
            Tags=[{"Key": STACK_TAG, "Value": self.stack, "PropagateAtLaunch": True}])

    def delete_group(self, name: str | None = None) -> None:
        """Deletes a group by force: its instances end without waiting for hooks, detached ones go on running."""
        self.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name or self.group, ForceDelete=True)

    def update_group(self, **changes: Any) -> None:
        """Changes the group, by the names of the API: `MaxSize`, `MinSize`, `DesiredCapacity`, ..."""
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=self.group, **changes)

    def set_desired_capacity(self, size: int) -> None:
        """Scales the group; it terminates its oldest instances when it shrinks."""
        self.autoscaling.set_desired_capacity(AutoScalingGroupName=self.group, DesiredCapacity=size)

    def launch_surplus(self, count: int) -> None:
        """Lets the group have so many instances more than it desires; at 0 again, its oldest ones go."""
        self._order("set_surplus", group=self.group, count=count)

    def replace_late(self, late: bool = True) -> None:
        """Launches replacements only once the instances that a hook holds have ended; else, as by default, at once."""
        self._order("replace_late", late=late)

    # Hooks

    def put_hook(self, transition: str, seconds: int = 3600, result: str = "ABANDON", name: str | None = None) -> str:
        """Adds a hook for `launching` or `terminating`; answers its name. `result` is what counts when time runs out."""
        hook = name or f"etcd-{transition}"
        self.autoscaling.put_lifecycle_hook(
            LifecycleHookName=hook, AutoScalingGroupName=self.group, LifecycleTransition=_TRANSITIONS[transition],
            HeartbeatTimeout=seconds, DefaultResult=result)
        return hook

    def complete(self, instance_id: str, hook: str, result: str = "CONTINUE") -> None:
        """Completes an instance's lifecycle action, as the rig."""
        self.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName=self.group, LifecycleHookName=hook, InstanceId=instance_id, LifecycleActionResult=result)

    def lifecycle_events(self, instance_id: str | None = None) -> list[LifecycleEvent]:
        """What happened at hooks, in order."""
        found = [LifecycleEvent(**one) for one in self._order("lifecycle_events")]
        return [one for one in found if instance_id in (None, one.instance)]

    # Replacing all

    def refresh(self, launch_first: bool = False, timeout: float = 120.0) -> None:
        """Replaces all instances one by one, as an instance refresh does; each step has `timeout` seconds.

        Each goes through the terminating hooks and each replacement through the launching ones; the next is touched when
        as many as desired are in service. With `launch_first` the old one stays until its replacement is in service.
        """
        for old in self.in_service():
            if launch_first:
                count = len(self.in_service())
                self.launch_surplus(1)
                wait_until("the replacement is in service", lambda: len(self.in_service()) > count, timeout)
                self._retire(old.id)
            else:
                count = len(self.in_service())
                self.terminate(old.id)
            wait_until(f"{old.id} has ended", lambda: self.instance(old.id).state == "terminated", timeout)
            wait_until("all are in service again", lambda: len(self.in_service()) == count, timeout)

    def _retire(self, instance_id: str) -> None:
        """Terminates an instance in whose place a surplus one has come."""
        self._order("retire", instance_id=instance_id)
