"""The rig's hold on the group: its instances, their coming and going, and its lifecycle hooks."""

from __future__ import annotations

from typing import Any

from rig.aws.values import Instance


class Group:
    """The part of `AWS` that is about the group and its instances."""

    group: str
    ec2: Any
    autoscaling: Any

    def _order(self, order: str, **arguments: Any) -> Any:
        raise NotImplementedError

    def instances(self) -> list[Instance]:
        """Every instance that EC2 still knows, terminated ones too, in order of launch."""
        return [Instance(**one) for one in self._order("instances")]

    def running(self) -> list[Instance]:
        """The instances that are running or about to."""
        return [one for one in self.instances() if one.state in ("pending", "running")]

    def instance(self, instance_id: str) -> Instance:
        return next(one for one in self.instances() if one.id == instance_id)

    def terminate(self, instance_id: str, replace: bool = True) -> list[Instance]:
        """Terminates an instance through its group; answers the replacements, which exist already."""
        before = {one.id for one in self.instances()}
        self.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=not replace)
        return [one for one in self.running() if one.id not in before]

    def set_desired_capacity(self, size: int) -> None:
        """Scales the group; it terminates its oldest instances when it shrinks."""
        self.autoscaling.set_desired_capacity(AutoScalingGroupName=self.group, DesiredCapacity=size)

    def set_instance_state(self, instance_id: str, name: str) -> None:
        """Shows an instance as `pending`, `shutting-down`, `stopped`, ... until it is told otherwise."""
        self._order("set_instance_state", instance_id=instance_id, name=name)

    def set_lifecycle_state(self, instance_id: str, name: str) -> None:
        """Shows an instance of the group in another lifecycle state, such as `Terminating:Wait`."""
        self._order("set_lifecycle_state", instance_id=instance_id, name=name)
