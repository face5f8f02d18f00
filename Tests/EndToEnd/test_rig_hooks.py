"""The rig's group lives as AWS's does: lifecycle hooks hold, time out and let go; instances leave by every way there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts import account_of, ec2_ids, group_ids, key, me, refusal  # noqa: F401 - fixtures among them
from rig.aws import ALLOWED, AWS, AccessKey, Instance
from rig.waiting import wait_until
from rig.world import World

# Let go; and, half a second later, gone.
PROCEEDING = ("Terminating:Proceed", "")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AWS]:
    with account_of(tmp_path_factory.mktemp("aws"), 0) as aws:
        yield aws


@pytest.fixture
def aws(account: AWS) -> Iterator[AWS]:
    """A new group of three, without hooks."""
    account.create_group(3)
    yield account
    account.lift()
    account.allow(ALLOWED)
    account.replace_late(False)
    for hook in account.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=account.group)["LifecycleHooks"]:
        account.autoscaling.delete_lifecycle_hook(
            LifecycleHookName=hook["LifecycleHookName"], AutoScalingGroupName=account.group)
    account.delete_group()
    for one in account.running():
        account.terminate_at_once(one.id)


def states(aws: AWS) -> list[str]:
    """The lifecycle states as the group lists them."""
    groups = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[aws.group])["AutoScalingGroups"]
    return sorted(one["LifecycleState"] for one in groups[0]["Instances"])


def kinds(aws: AWS, instance: Instance) -> list[tuple[str, str]]:
    return [(one.kind, one.result) for one in aws.lifecycle_events(instance.id)]


def await_state(aws: AWS, instance: Instance, state: str) -> None:
    wait_until(f"{instance.id} is {state}", lambda: aws.instance(instance.id).state == state, 10)


class TestTerminatingHooks:
    def test_instance_is_held_until_its_action_is_completed(self, aws: AWS, key: AccessKey) -> None:
        hook = aws.put_hook("terminating")
        victim = aws.running()[0]
        assert len(aws.terminate(victim.id)) == 1, "the replacement is there at once"
        assert states(aws) == ["InService"] * 3 + ["Terminating:Wait"]
        held = aws.instance(victim.id)
        assert (held.state, held.lifecycle, held.target) == ("running", "Terminating:Wait", "Terminated")
        assert victim.id in group_ids(aws, key) and victim.id in ec2_ids(aws, key)
        client = aws.client("autoscaling", key)
        listed = client.describe_lifecycle_hooks(AutoScalingGroupName=aws.group)["LifecycleHooks"]
        assert [(one["LifecycleHookName"], one["LifecycleTransition"], one["HeartbeatTimeout"]) for one in listed] == [
            (hook, "autoscaling:EC2_INSTANCE_TERMINATING", 3600)]
        action = {"AutoScalingGroupName": aws.group, "LifecycleHookName": hook, "InstanceId": victim.id}
        client.record_lifecycle_action_heartbeat(**action)
        client.complete_lifecycle_action(**action, LifecycleActionResult="CONTINUE")
        assert aws.instance(victim.id).lifecycle in PROCEEDING
        await_state(aws, victim, "terminated")
        assert states(aws) == ["InService"] * 3 and aws.instance(victim.id).lifecycle == ""
        assert kinds(aws, victim) == [("wait", ""), ("heartbeat", ""), ("complete", "CONTINUE"), ("end", "Terminated")]

    @pytest.mark.parametrize("change", [
        {"LifecycleHookName": "other"}, {"InstanceId": "i-0123456789abcdef0"}, {"AutoScalingGroupName": "other"}])
    def test_action_that_is_not_under_way_is_refused(self, aws: AWS, key: AccessKey, change: dict[str, str]) -> None:
        hook = aws.put_hook("terminating")
        victim, idle = aws.running()[:2]
        aws.terminate(victim.id)
        client = aws.client("autoscaling", key)
        good = {"AutoScalingGroupName": aws.group, "LifecycleHookName": hook, "InstanceId": victim.id}
        for wrong in ({**good, **change}, {**good, "InstanceId": idle.id}):
            assert refusal(lambda: client.record_lifecycle_action_heartbeat(**wrong)) == ("ValidationError", 400)
            with pytest.raises(ClientError, match="No active Lifecycle Action found with instance ID i-"):
                client.complete_lifecycle_action(**wrong, LifecycleActionResult="CONTINUE")
        assert refusal(lambda: client.complete_lifecycle_action(**good, LifecycleActionResult="MAYBE"))[0] == "ValidationError"
        client.complete_lifecycle_action(**good, LifecycleActionResult="ABANDON")
        assert refusal(lambda: client.complete_lifecycle_action(**good, LifecycleActionResult="CONTINUE"))[0] == "ValidationError"

    def test_heartbeats_hold_and_their_absence_lets_go(self, aws: AWS) -> None:
        hook = aws.put_hook("terminating", seconds=2, result="CONTINUE")
        silent, beating = aws.running()[:2]
        for one in (silent, beating):
            aws.terminate(one.id)
        action = {"AutoScalingGroupName": aws.group, "LifecycleHookName": hook, "InstanceId": beating.id}

        def beaten() -> bool:
            aws.autoscaling.record_lifecycle_action_heartbeat(**action)
            return aws.instance(silent.id).state == "terminated"

        wait_until("the silent one is let go", beaten, 10, interval=0.1)
        assert aws.instance(beating.id).lifecycle == "Terminating:Wait"
        await_state(aws, beating, "terminated")
        assert kinds(aws, silent) == [("wait", ""), ("timeout", "CONTINUE"), ("end", "Terminated")]

    @pytest.mark.parametrize("leave", [
        lambda aws, one: aws.set_desired_capacity(2),
        lambda aws, one: aws.terminate(one.id, replace=False),
        lambda aws, one: aws.set_instance_health(one.id),
    ], ids=["scale-in", "terminate with decrement", "unhealthy"])
    def test_every_orderly_way_goes_through_the_hook(self, aws: AWS, leave: Callable[[AWS, Instance], Any]) -> None:
        hook = aws.put_hook("terminating")
        victim = aws.running()[0]
        leave(aws, victim)
        assert aws.instance(victim.id).lifecycle == "Terminating:Wait"
        count = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[aws.group])[
            "AutoScalingGroups"][0]["DesiredCapacity"]
        assert len(aws.in_service()) == count
        aws.complete(victim.id, hook)
        await_state(aws, victim, "terminated")
        assert len(aws.running()) == count

    def test_ec2_waits_for_no_hook(self, aws: AWS, key: AccessKey) -> None:
        aws.put_hook("terminating")
        victim = aws.running()[0]
        client = aws.client("ec2", key)
        assert refusal(lambda: client.terminate_instances(InstanceIds=[victim.id])) == ("UnauthorizedOperation", 403)
        aws.allow([*ALLOWED, "ec2:TerminateInstances"])
        client.terminate_instances(InstanceIds=[victim.id])
        dead = aws.instance(victim.id)
        assert (dead.state, dead.lifecycle) == ("terminated", "Terminating:Wait")
        assert len(aws.in_service()) == 3

    def test_replacement_can_wait_for_the_end(self, aws: AWS) -> None:
        hook = aws.put_hook("terminating")
        aws.replace_late()
        victim = aws.running()[0]
        assert aws.terminate(victim.id) == []
        assert states(aws) == ["InService"] * 2 + ["Terminating:Wait"]
        aws.complete(victim.id, hook)
        wait_until("it is replaced", lambda: len(aws.in_service()) == 3, 10)

    def test_each_of_two_hooks_has_to_let_go_unless_one_abandons(self, aws: AWS) -> None:
        hooks = [aws.put_hook("terminating", name=name) for name in ("one", "two")]
        first, second = aws.running()[:2]
        for one in (first, second):
            aws.terminate(one.id)
        aws.complete(first.id, hooks[0])
        assert aws.instance(first.id).lifecycle == "Terminating:Wait"
        aws.complete(first.id, hooks[1])
        assert aws.instance(first.id).lifecycle in PROCEEDING
        aws.complete(second.id, hooks[1], "ABANDON")
        assert aws.instance(second.id).lifecycle in PROCEEDING


class TestLaunchingHooks:
    def test_instance_is_pending_until_its_action_is_completed(self, aws: AWS) -> None:
        hook = aws.put_hook("launching")
        replacement = aws.terminate(aws.running()[0].id)[0]
        held = aws.instance(replacement.id)
        assert (held.state, held.lifecycle, held.target) == ("running", "Pending:Wait", "InService")
        aws.complete(replacement.id, hook)
        assert aws.instance(replacement.id).lifecycle == "InService"
        assert kinds(aws, replacement) == [("wait", ""), ("complete", "CONTINUE"), ("end", "InService")]

    @pytest.mark.parametrize("by", ["ABANDON", "timeout"])
    def test_abandoned_instance_is_terminated_and_another_launched(self, aws: AWS, by: str) -> None:
        hook = aws.put_hook("launching", seconds=1 if by == "timeout" else 3600)
        first = aws.terminate(aws.running()[0].id)[0]
        if by == "ABANDON":
            aws.complete(first.id, hook, "ABANDON")
        await_state(aws, first, "terminated")
        another = aws.running()[-1]
        assert another.id != first.id and another.lifecycle == "Pending:Wait" and len(aws.running()) == 3

    def test_surplus_is_launched_before_anybody_dies(self, aws: AWS) -> None:
        hook = aws.put_hook("launching")
        aws.launch_surplus(1)
        assert states(aws) == ["InService"] * 3 + ["Pending:Wait"]
        aws.complete(aws.running()[-1].id, hook)
        assert states(aws) == ["InService"] * 4


class TestRefresh:
    @pytest.mark.parametrize("launch_first", [False, True])
    def test_all_are_replaced_one_by_one(self, aws: AWS, launch_first: bool) -> None:
        hooks = {"Pending:Wait": aws.put_hook("launching"), "Terminating:Wait": aws.put_hook("terminating")}
        old = {one.id for one in aws.running()}
        errors: list[BaseException] = []

        def refresh() -> None:
            try:
                aws.refresh(launch_first, timeout=20)
            except BaseException as error:
                errors.append(error)

        refreshing = threading.Thread(target=refresh)
        refreshing.start()
        in_service: set[int] = set()
        while refreshing.is_alive():
            seen = aws.running()
            in_service.add(sum(one.lifecycle == "InService" for one in seen))
            held = next((one for one in seen if one.lifecycle in hooks), None)
            if held:
                aws.complete(held.id, hooks[held.lifecycle])
        refreshing.join()
        assert errors == []
        new = {one.id for one in aws.running()}
        assert len(new) == 3 and not new & old
        assert min(in_service) == (3 if launch_first else 2) and max(in_service) == (4 if launch_first else 3)


class TestOtherWays:
    def test_detached_instance_goes_on_outside_of_the_group(self, aws: AWS, key: AccessKey) -> None:
        one = aws.running()[0]
        aws.detach(one.id)
        outside = aws.instance(one.id)
        assert (outside.state, outside.lifecycle, outside.target) == ("running", "", "Detached")
        assert one.id not in group_ids(aws, key) and len(group_ids(aws, key)) == 3
        assert one.id in ec2_ids(aws, key)

    def test_group_can_be_deleted_and_created_anew_by_the_same_name(self, aws: AWS, key: AccessKey) -> None:
        def arn() -> str:
            return aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[aws.group])[
                "AutoScalingGroups"][0]["AutoScalingGroupARN"]

        before, kept = arn(), aws.running()[0]
        aws.put_hook("terminating")
        aws.detach(kept.id)
        aws.delete_group()
        assert [one.id for one in aws.running()] == [kept.id] and group_ids(aws, key) == []
        aws.create_group(2)
        assert arn() != before and len(group_ids(aws, key)) == 2

    def test_another_group_of_the_same_stack_stands_beside_it(self, aws: AWS, key: AccessKey) -> None:
        before = set(group_ids(aws, key))
        aws.create_group(2, name="another")
        others = [one for one in aws.running() if one.group == "another"]
        assert len(others) == 2 and not before & {one.id for one in others}
        assert {one.tags["aws:cloudformation:stack-name"] for one in aws.running()} == {aws.stack}
        aws.delete_group("another")
        assert {one.id for one in aws.running()} == before

    @pytest.mark.parametrize("lifecycle, target", [
        ("Warmed:Stopped", "Warmed:Stopped"), ("Standby", "Standby"), ("EnteringStandby", "Standby"),
        ("Terminating:Proceed", "Terminated"), ("Pending", "InService"), ("Detaching", "Detached")])
    def test_lifecycle_state_tells_where_an_instance_is_bound_for(self, aws: AWS, lifecycle: str, target: str) -> None:
        one = aws.running()[0].id
        aws.set_lifecycle_state(one, lifecycle)
        assert aws.instance(one).target == target

    def test_limits_of_the_group_hold(self, aws: AWS) -> None:
        aws.update_group(MinSize=3, MaxSize=4)
        for size in (2, 5):
            assert refusal(lambda size=size: aws.set_desired_capacity(size))[0] == "ValidationError"
        assert refusal(lambda: aws.terminate(aws.running()[0].id, replace=False))[0] == "ValidationError"
        aws.set_desired_capacity(4)
        assert len(aws.in_service()) == 4
        aws.update_group(MinSize=0)

    def test_new_instance_can_get_a_dead_ones_address(self, aws: AWS) -> None:
        victim = aws.running()[0]
        aws.terminate(victim.id, replace=False)
        aws.free_address(victim.id)
        aws.set_desired_capacity(3)
        newest = aws.running()[-1]
        assert newest.id != victim.id and newest.address == victim.address


def test_metadata_service_tells_where_the_instance_is_bound_for(make_world: Callable[..., World], tmp_path: Path) -> None:
    world = make_world(["sleep", "1000"], size=2)
    hook = world.aws.put_hook("terminating")
    world.fleet.follow()
    held, other = world.fleet.living()
    world.aws.terminate(held.id)
    wait_until("it is told", lambda: held.imds.lifecycle_state == "Terminated")
    assert held.is_up() and other.imds.lifecycle_state == "InService"
    world.aws.complete(held.id, hook)
    wait_until("its machine ends with it", lambda: held.processes() == [])
    world.aws.detach(other.id)
    wait_until("it is told", lambda: other.imds.lifecycle_state == "Detached")
    assert other.is_up()
    other.imds.announce_interruption()
    assert other.imds.spot_action and other.imds.spot_action["action"] == "terminate"
