"""What the tests of the rig's AWS share: an account as fixtures, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rig import addresses
from rig.aws import ALLOWED, AWS, AccessKey


@contextmanager
def account_of(directory: Path, size: int) -> Iterator[AWS]:
    """An AWS on addresses of its own, with a group of so many instances."""
    block = addresses.reserve()
    aws = AWS(directory, block, size=size)
    yield aws
    aws.stop()
    block.release()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AWS]:
    with account_of(tmp_path_factory.mktemp("aws"), 6) as aws:
        yield aws


@pytest.fixture
def aws(account: AWS) -> Iterator[AWS]:
    """The module's account, with nothing injected and no calls on record."""
    account.lift()
    account.forget_calls()
    yield account
    account.lift()
    account.set_clock(0)
    account.document_batches(False)
    account.allow(ALLOWED)


@pytest.fixture
def me(aws: AWS) -> str:
    return aws.running()[0].id


@pytest.fixture
def key(aws: AWS, me: str) -> AccessKey:
    return aws.issue_key(me, 3600)


def refusal(call: Callable[[], Any]) -> tuple[str, int]:
    """The error code and HTTP status that a boto3 call is refused with."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def group_ids(aws: AWS, key: AccessKey) -> list[str]:
    groups = aws.client("autoscaling", key).describe_auto_scaling_groups()["AutoScalingGroups"]
    return sorted(one["InstanceId"] for group in groups for one in group["Instances"])


def ec2_ids(aws: AWS, key: AccessKey, **arguments: Any) -> list[str]:
    reservations = aws.client("ec2", key).describe_instances(**arguments)["Reservations"]
    return sorted(one["InstanceId"] for reservation in reservations for one in reservation["Instances"]
                  if one["State"]["Name"] != "terminated")


def change(aws: AWS, key: AccessKey, *changes: tuple[str, str, str, list[str]], ttl: int = 60) -> None:
    batch = [{"Action": action, "ResourceRecordSet": {
        "Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}}
        for action, name, kind, values in changes]
    aws.client("route53", key).change_resource_record_sets(HostedZoneId=aws.zone_id, ChangeBatch={"Changes": batch})
