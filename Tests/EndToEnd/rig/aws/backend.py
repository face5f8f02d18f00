"""moto, called in this process: requests go in as WSGI, and the few things it can't be asked for are read directly."""

from __future__ import annotations

import functools
import io
import re
import sys
import threading
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from moto.autoscaling.models import autoscaling_backends
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends
from moto.core import responses
from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import InstanceState
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.route53.models import FakeZone, route53_backends
from moto.route53.models import RecordSet as MotoRecordSet
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, s3_backends

from rig.aws import zones
from rig.aws.answers import Answer
from rig.aws.operation import Request
from rig.aws.scaling import Scaling

ACCOUNT = "123456789012"
_STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
# A list of each service that is used.
_LISTS = {
    "ec2": ("POST", "/", b"Action=DescribeVpcs&Version=2016-11-15"),
    "autoscaling": ("POST", "/", b"Action=DescribeAutoScalingGroups&Version=2011-01-01"),
    "monitoring": ("POST", "/", b"Action=ListMetrics&Version=2010-08-01"),
    "route53": ("GET", "/2013-04-01/hostedzone", b""),
    "s3": ("GET", "/", b""),
}


class _Dispatcher(DomainDispatcherApplication):
    """Finds a service once: moto would look through its own directory and hundreds of patterns for every request."""

    get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)


# Likewise the methods of a service's class, of which EC2's has hundreds.
responses.method_names_from_class = functools.cache(responses.method_names_from_class)


class Backend:
    """moto's state. One lock orders all calls: moto is not made for threads."""

    def __init__(self, region: str) -> None:
        self.lock = threading.RLock()
        self._region = region
        self._application = _Dispatcher(create_backend_app)
        self.scaling = Scaling(ACCOUNT, region)
        self.zone_changes = 0

    def load(self) -> None:
        """Has moto load what it puts off until it is asked. It asks for lists alone: the account stays as it was."""
        for service, (method, target, body) in _LISTS.items():
            scope = f"AWS4-HMAC-SHA256 Credential=A/20260101/{self._region}/{service}/aws4_request"
            headers = [("Host", "localhost"), ("Authorization", scope)]
            if body:
                headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            answer = self.perform(Request(method, target, headers, body))
            if answer.status != 200:
                raise RuntimeError(f"moto does not list {service}: {answer.body[:300]!r}")

    def perform(self, request: Request, body: bytes | None = None) -> Answer:
        """Lets moto answer the request, with another body if one is given."""
        content = request.body if body is None else body
        environ = {
            "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": _unquoted(request.path),
            "QUERY_STRING": request.query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(content), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False, "RAW_URI": request.target, "REQUEST_URI": request.target,
        }
        for name, value in request.headers:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_TYPE"] = request.header("content-type")
        environ["CONTENT_LENGTH"] = str(len(content))
        answered: list = []
        with self.lock:
            chunks = self._application(environ, lambda status, headers, *_: answered.extend([status, headers]))
            try:
                result = b"".join(chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close:
                    close()
        headers = [(name, value) for name, value in answered[1]
                   if name.lower() not in ("content-length", "server", "date", "connection", "transfer-encoding")
                   or (name.lower() == "content-length" and request.method == "HEAD")]
        status = int(answered[0].split()[0])
        code = re.search(rb"<Code>([^<]+)</Code>", result) if status >= 400 else None
        return Answer(status, result, headers, code.group(1).decode() if code else "")

    def hosted_zones(self) -> list[FakeZone]:
        return list(route53_backends[ACCOUNT]["aws"].zones.values())

    def zone(self, zone_id: str) -> FakeZone | None:
        return route53_backends[ACCOUNT]["aws"].zones.get(zone_id.replace("/hostedzone/", ""))

    def records(self, zone: FakeZone) -> list[zones.RecordSet]:
        """What the zone holds, without the SOA and NS records of its own."""
        return [zones.RecordSet(zones.normal_name(one.name), one.type or "", int(one.ttl), tuple(sorted(one.records)))
                for one in zone.rrsets if one.type not in ("SOA", "NS")]

    def set_records(self, zone: FakeZone, records: Iterable[zones.RecordSet]) -> None:
        """Replaces what the zone holds, except its own SOA and NS records. moto's own way would judge again, and wrongly:
        it wants the values of a DELETE in the order in which they were written."""
        own = [one for one in zone.rrsets if one.type in ("SOA", "NS")]
        zone.rrsets = own + [
            MotoRecordSet({"Name": one.name, "Type": one.type, "TTL": one.ttl, "ResourceRecords": list(one.values)})
            for one in records]
        self.zone_changes += 1

    def instances(self) -> list[dict]:
        """Every instance with its state, and its lifecycle state if the group still lists it."""
        self.scaling.pass_time()
        lifecycle = {
            state.instance.id: (group.name, state.lifecycle_state)
            for group in autoscaling_backends[ACCOUNT][self._region].autoscaling_groups.values()
            for state in group.instance_states}
        found = []
        for reservation in ec2_backends[ACCOUNT][self._region].reservations.values():
            for one in reservation.instances:
                group, state = lifecycle.get(one.id, ("", ""))
                found.append({"id": one.id, "address": one.private_ip, "state": one._state.name, "group": group,
                              "lifecycle": state, "image": one.image_id, "type": one.instance_type,
                              "launched": str(one.launch_time), "zone": one.placement.zone,
                              "target": self.scaling.target(one.id), "tags":
                              {tag["key"]: tag["value"] for tag in one.get_tags()}})
        return found

    # Buckets

    def _bucket(self, name: str) -> FakeBucket | None:
        return s3_backends[ACCOUNT]["aws"].buckets.get(name)

    def bucket_region(self, name: str) -> str:
        """Empty if there is no such bucket."""
        bucket = self._bucket(name)
        return bucket.region_name if bucket else ""

    def object(self, bucket: str, key: str) -> FakeKey | None:
        held = self._bucket(bucket)
        return held.keys.get(key) if held else None

    def upload(self, bucket: str, key: str, identifier: str) -> FakeMultipart | None:
        """An upload in parts, under way or completed as what is there now; None if there is none."""
        held = self._bucket(bucket)
        if held is None:
            return None
        found = held.multiparts.get(identifier)
        last = held.keys.get(key)
        if found is None and last is not None and last.multipart and last.multipart.id == identifier:
            found = last.multipart
        return found if found is not None and found.key_name == key else None

    def uploads(self, bucket: str) -> list[str]:
        """The keys of all uploads in parts that are under way."""
        held = self._bucket(bucket)
        return sorted(one.key_name for one in held.multiparts.values()) if held else []

    def rot(self, bucket: str, key: str, offset: int, mask: int, size: int | None) -> None:
        """Changes what lies in a bucket, and nothing of what is said of it but its length."""
        held = self.object(bucket, key)
        if held is None:
            raise LookupError(f"no object {key} in {bucket}")
        content = bytearray(held.value)
        held._etag = held.etag.strip('"')
        content[offset] ^= mask
        held.value = bytes(content[:size])

    def metrics(self) -> list[dict]:
        """Every number that was put, in order."""
        return [{"namespace": one.namespace, "name": one.name, "value": float(one.value), "unit": one.unit or "",
                 "dimensions": {each.name: each.value for each in one.dimensions}}
                for one in cloudwatch_backends[ACCOUNT][self._region].metric_data if isinstance(one, MetricDatum)]

    def set_instance_state(self, instance_id: str, name: str) -> None:
        """Shows an instance in a state that moto never passes through, such as `pending` and `shutting-down`."""
        instance = ec2_backends[ACCOUNT][self._region].get_instance(instance_id)
        instance._state = InstanceState(name, _STATE_CODES[name])

    def set_lifecycle_state(self, instance_id: str, name: str) -> None:
        """Shows an instance of a group in another lifecycle state, such as `Terminating:Wait`."""
        state = self.scaling.state(instance_id)
        if state is None:
            raise LookupError(f"no group has an instance {instance_id}")
        state.lifecycle_state = name

    def free_address(self, instance_id: str) -> None:
        """Lets the next instance that is launched have the address of a terminated one, as AWS may at any time."""
        address = ec2_backends[ACCOUNT][self._region].get_instance(instance_id).private_ip
        for subnet in ec2_backends[ACCOUNT][self._region].describe_subnets():
            subnet.del_subnet_ip(address)


def _unquoted(path: str) -> str:
    """The path as WSGI wants it: unquoted bytes, read as Latin-1."""
    return unquote_to_bytes(path).decode("latin-1")
