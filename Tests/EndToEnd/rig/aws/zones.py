"""Route 53 as strict as AWS: a change batch is judged as a whole and happens as a whole or not at all.

moto lets a CREATE overwrite, lets a DELETE name other values than the present ones, validates no value, and filters
ListHostedZonesByName by the exact name where AWS starts the list there.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from rig.aws.answers import Answer, Refused, RefusedBatch

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
_TAG = f"{{{NAMESPACE}}}"
_LABEL = re.compile(r"^(\*|\\052|[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)$")


@dataclass(frozen=True)
class RecordSet:
    """A record set as the rig speaks of it. Values are sorted: their order means nothing in DNS."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    action: str
    record_set: RecordSet


def read_batch(body: bytes) -> list[Change]:
    """The changes of a ChangeResourceRecordSetsRequest."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Refused("InvalidInput", f"Invalid XML ; {error}", 400) from None
    changes = [_read_change(element) for element in root.iter(f"{_TAG}Change")]
    if root.tag != f"{_TAG}ChangeResourceRecordSetsRequest" or not changes:
        raise Refused("InvalidInput", "Invalid XML ; expected a ChangeResourceRecordSetsRequest with changes", 400)
    return changes


def _read_change(element: ElementTree.Element) -> Change:
    record_set = element.find(f"{_TAG}ResourceRecordSet")
    if record_set is None:
        raise Refused("InvalidInput", "Invalid XML ; a Change without a ResourceRecordSet", 400)
    ttl = record_set.findtext(f"{_TAG}TTL") or ""
    if not ttl.strip().isdigit():
        raise Refused("InvalidInput", "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
                      "ResourceRecords], or TrafficPolicyInstanceId], but found none", 400)
    values = [value.text or "" for value in record_set.iter(f"{_TAG}Value")]
    action = element.findtext(f"{_TAG}Action") or ""
    if action not in ("CREATE", "DELETE", "UPSERT"):
        raise Refused("InvalidInput", f"1 validation error detected: Value '{action}' at 'action' failed to satisfy "
                      "constraint: Member must satisfy enum value set: [CREATE, DELETE, UPSERT]", 400)
    name = normal_name(record_set.findtext(f"{_TAG}Name") or "")
    return Change(action, RecordSet(name, record_set.findtext(f"{_TAG}Type") or "", int(ttl), tuple(sorted(values))))


def normal_name(name: str) -> str:
    """A DNS name in lower case with its final dot."""
    return name.lower().rstrip(".") + "."


def apply(changes: Iterable[Change], present: Iterable[RecordSet], zone: str) -> dict[tuple[str, str], RecordSet]:
    """The zone after the batch, or `InvalidChangeBatch` with a message for each change that can't be made.

    The changes are tried in order, so that DELETE and CREATE of one record in a batch replace it: a compare-and-swap.
    """
    records = {(one.name, one.type): one for one in present}
    messages: list[str] = []
    for change in changes:
        wanted = change.record_set
        key = (wanted.name, wanted.type)
        problem = _problem(change, records.get(key), zone)
        if problem:
            messages.append(problem)
        elif change.action == "DELETE":
            del records[key]
        else:
            records[key] = wanted
    if messages:
        raise RefusedBatch(messages)
    return records


def _problem(change: Change, present: RecordSet | None, zone: str) -> str:
    """Why AWS would refuse this change; empty if it would not. The words are AWS's."""
    wanted = change.record_set
    what = f"resource record set [name='{wanted.name}', type='{wanted.type}']"
    if wanted.name != zone and not wanted.name.endswith("." + zone):
        return f"RRSet with DNS name {wanted.name} is not permitted in zone {zone}"
    if not all(_LABEL.match(label) for label in wanted.name.rstrip(".").split(".")) or len(wanted.name) > 255:
        return f"FATAL problem: DomainLabelInvalid (Domain label is not valid) encountered with '{wanted.name}'"
    invalid = [value for value in wanted.values if not _is_valid(wanted.type, value)]
    if invalid or not wanted.values or len(set(wanted.values)) != len(wanted.values):
        return (f"Invalid Resource Record: FATAL problem: {wanted.type}RRDATAIllegal "
                f"(Value is not valid, missing or doubled) encountered with '{(invalid or list(wanted.values))[:3]}'")
    if change.action == "CREATE" and present:
        return f"Tried to create {what} but it already exists"
    if change.action == "DELETE" and not present:
        return f"Tried to delete {what} but it was not found"
    if change.action == "DELETE" and present != wanted:
        return f"Tried to delete {what} but the values provided do not match the current values"
    return ""


def _is_valid(kind: str, value: str) -> bool:
    if kind == "A":
        return _is_address(value, 4)
    if kind == "AAAA":
        return _is_address(value, 6)
    if kind == "SRV":
        parts = value.split(" ")
        return len(parts) == 4 and all(part.isdigit() and int(part) < 65536 for part in parts[:3]) and bool(parts[3])
    if kind == "TXT":
        # Strings in double quotes, of at most 255 characters each, 4000 together.
        return bool(re.fullmatch(r'"(?:[^"\\]|\\.){0,255}"(?: "(?:[^"\\]|\\.){0,255}")*', value)) and len(value) <= 4000
    return kind in ("CNAME", "NS", "SOA", "MX", "PTR", "CAA", "SPF")


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


def accepted() -> Answer:
    """The answer to a change batch: pending, as it always is in AWS at first."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    xml = (f'<?xml version="1.0"?>\n<ChangeResourceRecordSetsResponse xmlns="{NAMESPACE}"><ChangeInfo>'
           f"<Id>/change/C{uuid.uuid4().hex[:20].upper()}</Id><Status>PENDING</Status><SubmittedAt>{now}</SubmittedAt>"
           "</ChangeInfo></ChangeResourceRecordSetsResponse>")
    return Answer(200, xml.encode())


def reversed_labels(name: str) -> list[str]:
    """The order in which Route 53 lists names: by label, from the right."""
    return normal_name(name).rstrip(".").split(".")[::-1]


def list_by_name(zones: Iterable, start: str, start_id: str, size: int) -> Answer:
    """ListHostedZonesByName: the zones from `start` on, in order; the first one need not have that name.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
    """
    ordered = sorted(zones, key=lambda zone: (reversed_labels(zone.name), zone.resource_id))
    if start:
        first = (reversed_labels(start), start_id)
        ordered = [zone for zone in ordered if (reversed_labels(zone.name), zone.resource_id) >= first]
    page, rest = ordered[:size], ordered[size:]
    items = "".join(
        f"<HostedZone><Id>/hostedzone/{zone.resource_id}</Id><Name>{escape(zone.name)}</Name>"
        f"<CallerReference>{escape(zone.caller_reference)}</CallerReference>"
        f"<Config><PrivateZone>{str(zone.private_zone).lower()}</PrivateZone></Config>"
        f"<ResourceRecordSetCount>{len(zone.rrsets)}</ResourceRecordSetCount></HostedZone>" for zone in page)
    asked = f"<DNSName>{escape(start)}</DNSName>" if start else ""
    following = ""
    if rest:
        following = f"<NextDNSName>{rest[0].name}</NextDNSName><NextHostedZoneId>{rest[0].resource_id}</NextHostedZoneId>"
    xml = (f'<?xml version="1.0"?>\n<ListHostedZonesByNameResponse xmlns="{NAMESPACE}"><HostedZones>{items}</HostedZones>'
           f"{asked}<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{following}<MaxItems>{size}</MaxItems>"
           "</ListHostedZonesByNameResponse>")
    return Answer(200, xml.encode())
