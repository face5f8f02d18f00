"""The rig's hold on its AWS: starts the process, sets up the account, gives orders, reads the record of calls."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from rig.addresses import VPC, Block
from rig.aws.buckets import REGION, Buckets
from rig.aws.faults import Fault, shown
from rig.aws.group import Group
from rig.aws.values import AccessKey, Call, Datum, RecordSet
from rig.nursery import Nursery

ACCOUNT = "123456789012"
IMAGE = "ami-12c6146b"  # one that moto knows
# What etcd-cluster's role may do; everything else is refused. Terminating instances is for people, in `recover`.
ALLOWED = (
    "autoscaling:CompleteLifecycleAction", "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks",
    "autoscaling:RecordLifecycleActionHeartbeat", "autoscaling:SetInstanceHealth", "cloudwatch:PutMetricData",
    "ec2:DescribeInstances", "route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListHostedZonesByName",
    "route53:ListResourceRecordSets", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket",
    "s3:PutObject",
)


class AWS(Group, Buckets):
    """An AWS account with one VPC, one subnet, one autoscaling group and one hosted zone.

    `directory` receives the log. `size` is the group's desired capacity, `version` the last part of the stack's name;
    AWS listens on `address`.
    """

    def __init__(self, directory: Path, block: Block, size: int = 3, version: str = "v1",
                 zone: str = "example.org", address: str = "127.0.0.1") -> None:
        self.block = block
        self.zone_name = zone
        self.group = f"etcd-cluster-{version}-AppServerGroup"
        self.stack = f"etcd-cluster-{version}"
        self._secret = secrets.token_hex(16)
        directory.mkdir(parents=True, exist_ok=True)
        self.program = _NURSERY.fork({"address": address, "secret": self._secret}, directory / "aws.log",
                                     holding=[block.descriptor])
        try:
            self.endpoint = f"http://{address}:{self.program.answer['aws']}"
            self._control_port = self.program.answer["control"]
            self.allow(ALLOWED)
            self._own = self.issue_key("rig", lifetime=10 * 24 * 3600.0)
            self.ec2, self.autoscaling = self.client("ec2"), self.client("autoscaling")
            self.route53, self.s3 = self.client("route53"), self.client("s3")
            self._set_up(size)
        except BaseException:
            self.stop()
            raise

    def client(self, service: str, key: AccessKey | None = None, region: str = REGION, **options: Any) -> Any:
        """A boto3 client; with the rig's own credentials, which may do everything, unless others are given."""
        used = key or self._own
        return _SESSION.client(
            service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id=used.access_key,
            aws_secret_access_key=used.secret_key, aws_session_token=used.token,
            config=Config(**{"retries": {"max_attempts": 0}, "proxies": {}, "read_timeout": 30, "connect_timeout": 5,
                             "s3": {"addressing_style": "path"},
                             # What was damaged on purpose is to be read as it is.
                             "response_checksum_validation": "when_required", **options}))

    def command_line_environment(self) -> dict[str, str]:
        """What a shell needs for `aws` to talk to this account, as its owner."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": self._own.access_key,
                "AWS_SECRET_ACCESS_KEY": self._own.secret_key, "AWS_SESSION_TOKEN": self._own.token}

    def _set_up(self, size: int) -> None:
        vpc = self.ec2.create_vpc(CidrBlock=str(VPC))["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock=str(self.block.network))["Subnet"]["SubnetId"]
        self.ec2.create_launch_template(
            LaunchTemplateName=self.stack, LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.small"})
        self.zone_id = self.create_zone(self.zone_name)
        self._subnet = subnet
        self.create_group(size)

    def create_zone(self, name: str, private: bool = False) -> str:
        """Creates another hosted zone; answers its ID without the `/hostedzone/` in front."""
        answer = self.route53.create_hosted_zone(
            Name=f"{name}.", CallerReference=secrets.token_hex(8), HostedZoneConfig={"PrivateZone": private})
        return answer["HostedZone"]["Id"].rpartition("/")[2]

    # The zone

    def records(self, zone_id: str | None = None) -> list[RecordSet]:
        """What the hosted zone holds, without its SOA and NS records, in Route 53's order."""
        found = self._order("records", zone_id=zone_id or self.zone_id)
        return [RecordSet(**{**one, "values": tuple(one["values"])}) for one in found]

    def zone_changes(self) -> int:
        """How many change batches have been accepted, in all zones."""
        return self._order("zone_changes")

    def document_batches(self, documented: bool) -> None:
        """Refuses change batches in the words of the documentation, or again in those that AWS uses today."""
        self._order("document_batches", documented=documented)

    # CloudWatch

    def metrics(self, namespace: str | None = None) -> list[Datum]:
        """Every number that was put, in order."""
        return [one for one in (Datum(**data) for data in self._order("metrics")) if namespace in (None, one.namespace)]

    # Callers

    def issue_key(self, caller: str, lifetime: float) -> AccessKey:
        """New credentials for an instance, valid for `lifetime` seconds; the ones before stay valid for theirs."""
        key = AccessKey("ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30),
                        "token/" + secrets.token_urlsafe(48) + "==", time.time() + lifetime)
        self._order("add_key", access_key=key.access_key, secret_key=key.secret_key, token=key.token, caller=caller,
                    expires=key.expires)
        return key

    def expire_keys(self, caller: str, spared: str = "") -> int:
        """Ends all credentials of an instance now, but for a spared access key: AWS answers ExpiredToken. Answers how many."""
        return self._order("expire", caller=caller, spared=spared)

    def allow(self, actions: Iterable[str]) -> None:
        """Sets what the instances' role may do, such as `ec2:DescribeInstances`."""
        self._allowed = tuple(actions)
        self._order("allow", actions=self._allowed)

    def deny(self, *actions: str) -> None:
        """Takes single actions away from the instances' role. To deny one instance, inject `DENIED` for it."""
        self.allow(one for one in self._allowed if one not in actions)

    def set_clock(self, offset: float) -> None:
        """Moves AWS's clock by `offset` seconds against this machine's."""
        self._order("set_clock", offset=offset)

    # Faults and the record of calls

    def inject(self, fault: Fault, operations: Iterable[str] | None = None, callers: Iterable[str] | None = None,
               services: Iterable[str] = (), **changes: Any) -> int:
        """Lets a fault strike until it is lifted; answers its number. The rig's own calls are spared.

        `services` are whole ones, such as `route53` and `s3`.
        """
        services = [f"{one}:*" for one in services]
        if services:
            operations = [*(operations or ()), *services]
        if operations is not None:
            changes["operations"] = tuple(operations)
        if callers is not None:
            changes["callers"] = tuple(callers)
        return self._order("inject", fault=replace(fault, **changes).to_json())

    def lift(self, identifier: int | None = None) -> int:
        """Ends a fault, or all of them, and releases what hangs in it; answers how many calls were struck."""
        return self._order("lift", identifier=identifier)

    @contextmanager
    def fault(self, fault: Fault, **where: Any) -> Iterator[int]:
        """`with aws.fault(THROTTLING): ...`"""
        identifier = self.inject(fault, **where)
        try:
            yield identifier
        finally:
            self.lift(identifier)

    @contextmanager
    def views(self, views: Mapping[str, Iterable[str]]) -> Iterator[None]:
        """Each of the callers is shown only its own part of the group, in every list; others see the truth."""
        injected = [self.inject(shown(instances), callers=[caller]) for caller, instances in views.items()]
        try:
            yield
        finally:
            for identifier in injected:
                self.lift(identifier)

    def calls(self, caller: str | None = None, action: str | None = None, since: float = 0.0) -> list[Call]:
        """The calls that came in, the rig's own left out unless asked for by `caller="rig"`."""
        return [one for one in (Call(**data) for data in self._order("calls"))
                if one.time >= since and (action is None or one.action == action)
                and (one.caller == caller if caller is not None else one.caller != "rig")]

    def forget_calls(self) -> None:
        self._order("forget_calls")

    def stop(self) -> None:
        self.program.kill_everything()

    def _order(self, order: str, **arguments: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._control_port, timeout=60)
        try:
            connection.request("POST", f"/{order}", json.dumps(arguments), {"X-Rig-Secret": self._secret})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]


def _plain_environment() -> dict[str, str]:
    """This environment less whatever would steer an AWS client or a proxy."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("AWS_", "MOTO_")) and not name.lower().endswith("_proxy")}


def _session() -> boto3.session.Session:
    """boto3 without this machine's AWS configuration: no profile, no files."""
    nothing = (None, None, os.devnull, None)
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars={
        "profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}))


_SESSION = _session()
_NURSERY = Nursery("rig.aws.server", {**_plain_environment(), "PYTHONPATH": str(Path(__file__).parents[2])})
