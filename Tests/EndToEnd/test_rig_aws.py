"""The rig's AWS answers as AWS does: to right and wrong signatures, to pages, to Route 53 batches, and under faults."""

from __future__ import annotations

import datetime
import http.client
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from accounts import account, aws, change, ec2_ids, group_ids, key, me, refusal  # noqa: F401 - fixtures among them
from rig import addresses
from rig.aws import AWS, AccessKey, faults
from rig.waiting import wait_until

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
DESCRIBE_INSTANCES = b"Action=DescribeInstances&Version=2016-11-15"


def calls_of(aws: AWS, key: AccessKey) -> dict[str, Callable[[], Any]]:
    """One permitted call to each of the three services, by boto3."""
    return {
        "ec2": aws.client("ec2", key).describe_instances,
        "autoscaling": aws.client("autoscaling", key).describe_auto_scaling_groups,
        "route53": aws.client("route53", key).list_hosted_zones_by_name,
    }


def signed(aws: AWS, key: AccessKey, body: bytes = DESCRIBE_INSTANCES, service: str = "ec2") -> dict[str, str]:
    """The headers of a signed request, for sending something else than what was signed."""
    host = urlsplit(aws.endpoint).netloc
    request = AWSRequest("POST", f"http://{host}/", headers={**FORM, "Host": host}, data=body)
    SigV4Auth(Credentials(key.access_key, key.secret_key, key.token), service, "eu-central-1").add_auth(request)
    return dict(request.headers.items())


def post(aws: AWS, headers: dict[str, str], body: bytes = DESCRIBE_INSTANCES, timeout: float = 10) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(aws.endpoint).port, timeout=timeout)
    try:
        connection.request("POST", "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class TestSignatures:
    @pytest.mark.parametrize("service", ["ec2", "autoscaling", "route53"])
    def test_right_secret_is_let_in(self, aws: AWS, key: AccessKey, service: str) -> None:
        assert calls_of(aws, key)[service]()["ResponseMetadata"]["HTTPStatusCode"] == 200

    @pytest.mark.parametrize("service, expected", [
        ("ec2", ("AuthFailure", 401)), ("autoscaling", ("SignatureDoesNotMatch", 403)),
        ("route53", ("SignatureDoesNotMatch", 403))])
    def test_wrong_secret_is_refused(self, aws: AWS, key: AccessKey, service: str, expected: tuple[str, int]) -> None:
        wrong = AccessKey(key.access_key, key.secret_key[:-1] + "!", key.token, key.expires)
        assert refusal(calls_of(aws, wrong)[service]) == expected

    @pytest.mark.parametrize("service, expected", [
        ("ec2", ("AuthFailure", 401)), ("autoscaling", ("InvalidClientTokenId", 403)),
        ("route53", ("InvalidClientTokenId", 403))])
    def test_unknown_key_and_wrong_token_are_refused(self, aws: AWS, key: AccessKey, service: str, expected: tuple) -> None:
        for wrong in (AccessKey("ASIAUNKNOWN", key.secret_key, key.token, 0), AccessKey(key.access_key, key.secret_key, "no", 0)):
            assert refusal(calls_of(aws, wrong)[service]) == expected

    @pytest.mark.parametrize("service, expected", [
        ("ec2", ("RequestExpired", 400)), ("autoscaling", ("ExpiredToken", 403)), ("route53", ("ExpiredToken", 403))])
    def test_expired_credentials_are_refused(self, aws: AWS, me: str, service: str, expected: tuple[str, int]) -> None:
        assert refusal(calls_of(aws, aws.issue_key(me, -1))[service]) == expected

    @pytest.mark.parametrize("seconds", [-310, 310])
    @pytest.mark.parametrize("service, expected", [
        ("ec2", ("RequestExpired", 400)), ("autoscaling", ("SignatureDoesNotMatch", 403)),
        ("route53", ("SignatureDoesNotMatch", 403))])
    def test_clock_more_than_five_minutes_off_is_refused(
            self, aws: AWS, key: AccessKey, service: str, expected: tuple[str, int], seconds: int) -> None:
        calls = calls_of(aws, key)
        aws.set_clock(seconds * 0.9)
        calls[service]()
        aws.set_clock(seconds)
        assert refusal(calls[service]) == expected

    def test_date_header_shows_the_clock_that_judges(self, aws: AWS, key: AccessKey) -> None:
        aws.set_clock(3600)
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(aws.endpoint).port, timeout=10)
        connection.request("POST", "/", DESCRIBE_INSTANCES, signed(aws, key))
        shown = datetime.datetime.strptime(connection.getresponse().headers["Date"], "%a, %d %b %Y %H:%M:%S GMT")
        connection.close()
        assert 3500 < shown.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time() < 3700

    def test_changed_body_is_refused(self, aws: AWS, key: AccessKey) -> None:
        status, body = post(aws, signed(aws, key), DESCRIBE_INSTANCES + b"&MaxResults=5")
        assert status == 401 and b"AuthFailure" in body

    def test_header_that_is_not_signed_is_refused(self, aws: AWS, key: AccessKey) -> None:
        status, body = post(aws, {**signed(aws, key), "X-Amz-Extra": "1"})
        assert status == 403 and b"must be a 'SignedHeader'" in body

    def test_unsigned_request_is_refused(self, aws: AWS) -> None:
        status, body = post(aws, FORM)
        assert status == 403 and b"MissingAuthenticationToken" in body

    def test_expiring_on_order_ends_all_keys_of_a_caller(self, aws: AWS, me: str, key: AccessKey) -> None:
        assert aws.expire_keys(me) >= 1
        assert refusal(calls_of(aws, key)["autoscaling"])[0] == "ExpiredToken"


class TestPermissions:
    def test_what_the_role_may_not_do_is_refused(self, aws: AWS, key: AccessKey) -> None:
        assert refusal(aws.client("ec2", key).describe_vpcs) == ("UnauthorizedOperation", 403)
        assert refusal(aws.client("route53", key).list_hosted_zones) == ("AccessDenied", 403)
        group = {"AutoScalingGroupName": aws.group, "DesiredCapacity": 0}
        assert refusal(lambda: aws.client("autoscaling", key).set_desired_capacity(**group)) == ("AccessDenied", 403)

    def test_calls_are_counted_for_each_caller(self, aws: AWS, me: str, key: AccessKey) -> None:
        for _ in range(3):
            calls_of(aws, key)["ec2"]()
        refusal(aws.client("ec2", key).describe_vpcs)
        found = aws.calls(caller=me)
        assert [(one.action, one.status, one.error) for one in found] == [
            ("ec2:DescribeInstances", 200, "")] * 3 + [("ec2:DescribeVpcs", 403, "UnauthorizedOperation")]
        assert aws.calls(caller="i-else") == []


class TestListFaults:
    def test_empty_group_has_no_instances_anywhere(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.EMPTY_GROUP):
            assert group_ids(aws, key) == [] == ec2_ids(aws, key)
            groups = aws.client("autoscaling", key).describe_auto_scaling_groups()["AutoScalingGroups"]
            assert [one["DesiredCapacity"] for one in groups] == [6]
        assert len(group_ids(aws, key)) == 6 == len(ec2_ids(aws, key))

    def test_no_group_is_no_group(self, aws: AWS, me: str, key: AccessKey) -> None:
        with aws.fault(faults.NO_GROUP):
            client = aws.client("autoscaling", key)
            assert client.describe_auto_scaling_groups()["AutoScalingGroups"] == []
            assert client.describe_auto_scaling_instances(InstanceIds=[me])["AutoScalingInstances"] == []

    def test_group_without_the_caller_lacks_exactly_the_caller(self, aws: AWS, me: str, key: AccessKey) -> None:
        everyone = group_ids(aws, key)
        with aws.fault(faults.WITHOUT_CALLER):
            assert group_ids(aws, key) == [one for one in everyone if one != me] == ec2_ids(aws, key)

    def test_half_is_the_same_half_in_both_lists_with_the_caller(self, aws: AWS, me: str, key: AccessKey) -> None:
        with aws.fault(faults.HALF):
            half = group_ids(aws, key)
            assert len(half) == 3 and me in half and half == ec2_ids(aws, key)

    def test_rig_sees_the_truth_meanwhile(self, aws: AWS) -> None:
        with aws.fault(faults.EMPTY_GROUP):
            assert len(aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]) == 6


class TestWireFaults:
    def test_unavailable_is_503_without_an_aws_body(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.UNAVAILABLE):
            status, body = post(aws, signed(aws, key))
            assert status == 503 and body.startswith(b"<html>")

    def test_throttling_names_its_code(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.THROTTLING):
            for call in calls_of(aws, key).values():
                assert refusal(call) == ("Throttling", 400)
        with aws.fault(faults.EC2_THROTTLING):
            assert refusal(calls_of(aws, key)["ec2"]) == ("RequestLimitExceeded", 503)

    def test_hang_answers_once_it_is_lifted(self, aws: AWS, key: AccessKey) -> None:
        identifier = aws.inject(faults.HANG)
        with pytest.raises(TimeoutError):
            post(aws, signed(aws, key), timeout=0.3)
        answers: list = []
        patient = threading.Thread(target=lambda: answers.append(post(aws, signed(aws, key), timeout=20)))
        patient.start()
        wait_until("both hang", lambda: [call.fault for call in aws.calls()].count("hang") == 2)
        assert patient.is_alive()
        assert aws.lift(identifier) == 2
        patient.join(timeout=10)
        assert [status for status, _ in answers] == [200]

    def test_reset_is_a_reset(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.RESET), pytest.raises(ConnectionResetError) as caught:
            post(aws, signed(aws, key))
        assert caught.type is ConnectionResetError  # an orderly end would be its subclass RemoteDisconnected

    def test_truncated_is_a_whole_http_answer_with_half_the_xml(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.TRUNCATED):
            status, body = post(aws, signed(aws, key))
            assert status == 200
            with pytest.raises(ElementTree.ParseError):
                ElementTree.fromstring(body)
            with pytest.raises(ResponseParserError):
                calls_of(aws, key)["ec2"]()

    def test_cut_ends_within_the_answer(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.CUT), pytest.raises(http.client.IncompleteRead):
            post(aws, signed(aws, key))

    def test_huge_is_as_big_as_it_says(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.HUGE):
            connection = http.client.HTTPConnection("127.0.0.1", urlsplit(aws.endpoint).port, timeout=30)
            connection.request("POST", "/", DESCRIBE_INSTANCES, signed(aws, key))
            response, size = connection.getresponse(), 0
            while data := response.read(1 << 20):
                size += len(data)
            connection.close()
            assert size > 100_000_000

    def test_huge_is_well_formed_and_right(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.HUGE, count=2_000_000):
            assert len(ec2_ids(aws, key)) == 6

    def test_garbage_is_200_and_no_xml(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.GARBAGE):
            status, body = post(aws, signed(aws, key))
            assert status == 200 and body.startswith(b"<!DOCTYPE html>")

    def test_latency_comes_on_top(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.latency(0.4)):
            began = time.monotonic()
            assert len(ec2_ids(aws, key)) == 6
            assert time.monotonic() - began >= 0.4


class TestWhereFaultsStrike:
    def test_only_the_named_caller(self, aws: AWS, me: str, key: AccessKey) -> None:
        other = aws.issue_key(aws.running()[1].id, 3600)
        with aws.fault(faults.THROTTLING, callers=[me]):
            assert refusal(calls_of(aws, key)["ec2"])[0] == "Throttling"
            calls_of(aws, other)["ec2"]()

    def test_only_the_named_operation(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.THROTTLING, operations=["ec2:DescribeInstances"]):
            assert refusal(calls_of(aws, key)["ec2"])[0] == "Throttling"
            calls_of(aws, key)["autoscaling"]()

    def test_only_so_often(self, aws: AWS, key: AccessKey) -> None:
        aws.inject(faults.THROTTLING, times=2)
        call = calls_of(aws, key)["ec2"]
        assert [refusal(call)[0], refusal(call)[0]] == ["Throttling"] * 2
        call()
        assert [one.fault for one in aws.calls()] == ["refusal", "refusal", ""]

    def test_lost_answer_of_a_call_that_took_effect(self, aws: AWS, key: AccessKey) -> None:
        with aws.fault(faults.RESET, performed=True), pytest.raises(ConnectionClosedError):
            change(aws, key, ("CREATE", "lost.example.org", "A", ["127.77.1.1"]))
        assert [one.values for one in aws.records() if one.name == "lost.example.org."] == [("127.77.1.1",)]
        change(aws, key, ("DELETE", "lost.example.org", "A", ["127.77.1.1"]))


class TestPages:
    def test_instances_come_in_pages_of_the_size_asked_for(self, aws: AWS, key: AccessKey) -> None:
        client = aws.client("ec2", key)
        found: list[str] = []
        sizes: list[int] = []
        following: dict[str, str] | None = {}
        while following is not None:
            page = client.describe_instances(MaxResults=5, **following)
            ids = [one["InstanceId"] for reservation in page["Reservations"] for one in reservation["Instances"]
                   if one["State"]["Name"] == "running"]
            sizes.append(sum(len(reservation["Instances"]) for reservation in page["Reservations"]))
            found += ids
            following = {"NextToken": page["NextToken"]} if "NextToken" in page else None
        assert all(size == 5 for size in sizes[:-1]) and 1 <= sizes[-1] <= 5 and len(sizes) > 1
        assert sorted(found) == group_ids(aws, key)

    def test_group_members_come_in_pages_of_max_records(self, aws: AWS, key: AccessKey) -> None:
        client = aws.client("autoscaling", key)
        first = client.describe_auto_scaling_instances(MaxRecords=4)
        again = [client.describe_auto_scaling_instances(MaxRecords=4, NextToken=first["NextToken"]) for _ in range(2)]
        assert [len(one["AutoScalingInstances"]) for one in (first, *again)] == [4, 2, 2]
        assert "NextToken" not in again[0]
        names = {one["InstanceId"] for page in (first, again[0]) for one in page["AutoScalingInstances"]}
        assert sorted(names) == group_ids(aws, key)

    @pytest.mark.parametrize("arguments, code", [
        ({"MaxResults": 4}, "InvalidParameterValue"), ({"MaxResults": 1001}, "InvalidParameterValue"),
        ({"MaxResults": 5, "InstanceIds": ["i-1"]}, "InvalidParameterCombination"),
        ({"NextToken": "unknown"}, "InvalidNextToken"), ({"InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceID.NotFound"),
    ])
    def test_what_ec2_refuses_is_refused(self, aws: AWS, key: AccessKey, arguments: dict, code: str) -> None:
        assert refusal(lambda: aws.client("ec2", key).describe_instances(**arguments))[0] == code

    def test_thousand_instances_come_whole(self, tmp_path: Path) -> None:
        block = addresses.reserve(large=True)
        big = AWS(tmp_path, block, size=1000)
        try:
            own = big.issue_key(big.running()[0].id, 3600)
            pages = list(big.client("ec2", own).get_paginator("describe_instances").paginate(
                PaginationConfig={"PageSize": 100}))
            found = {one["PrivateIpAddress"] for page in pages for r in page["Reservations"] for one in r["Instances"]}
            assert len(pages) == 10 and len(found) == 1000
        finally:
            big.stop()
            block.release()


class TestRoute53:
    def test_create_of_what_exists_is_refused(self, aws: AWS, key: AccessKey) -> None:
        change(aws, key, ("UPSERT", "a.example.org", "A", ["127.77.1.1"]))
        with pytest.raises(ClientError, match="Tried to create resource record set .* but it already exists") as caught:
            change(aws, key, ("CREATE", "A.example.org.", "A", ["127.77.1.2"]))
        assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"

    @pytest.mark.parametrize("values, ttl, reason", [
        (["127.77.1.9"], 60, "do not match the current values"), (["127.77.1.1"], 61, "do not match the current values")])
    def test_delete_needs_the_exact_value(self, aws: AWS, key: AccessKey, values: list[str], ttl: int, reason: str) -> None:
        change(aws, key, ("UPSERT", "b.example.org", "A", ["127.77.1.1"]))
        with pytest.raises(ClientError, match=reason):
            change(aws, key, ("DELETE", "b.example.org", "A", values), ttl=ttl)
        change(aws, key, ("DELETE", "b.example.org", "A", ["127.77.1.1"]))
        with pytest.raises(ClientError, match="but it was not found"):
            change(aws, key, ("DELETE", "b.example.org", "A", ["127.77.1.1"]))

    def test_order_of_values_means_nothing(self, aws: AWS, key: AccessKey) -> None:
        change(aws, key, ("UPSERT", "c.example.org", "A", ["127.77.1.1", "127.77.1.2"]))
        change(aws, key, ("DELETE", "c.example.org", "A", ["127.77.1.2", "127.77.1.1"]))

    def test_batch_happens_whole_or_not_at_all(self, aws: AWS, key: AccessKey) -> None:
        before, batches = aws.records(), aws.zone_changes()
        with pytest.raises(ClientError, match="InvalidChangeBatch"):
            change(aws, key, ("UPSERT", "d.example.org", "A", ["127.77.1.1"]), ("DELETE", "e.example.org", "A", ["127.77.1.1"]))
        assert aws.records() == before and aws.zone_changes() == batches

    def test_delete_and_create_in_one_batch_swap(self, aws: AWS, key: AccessKey) -> None:
        name = "_etcd-cluster.v1.example.org"
        change(aws, key, ("CREATE", name, "TXT", ['"generation=1"']))
        swap = [("DELETE", name, "TXT", ['"generation=1"']), ("CREATE", name, "TXT", ['"generation=2" "more"'])]
        change(aws, key, *swap)
        with pytest.raises(ClientError, match="do not match the current values"):
            change(aws, key, *swap)
        assert [one.values for one in aws.records() if one.type == "TXT"] == [('"generation=2" "more"',)]

    def test_of_many_swaps_at_once_one_wins(self, aws: AWS, key: AccessKey) -> None:
        change(aws, key, ("CREATE", "race.example.org", "TXT", ['"0"']))
        won: list[int] = []

        def swap(number: int) -> None:
            try:
                change(aws, key, ("DELETE", "race.example.org", "TXT", ['"0"']),
                       ("CREATE", "race.example.org", "TXT", [f'"{number}"']))
                won.append(number)
            except ClientError:
                pass

        threads = [threading.Thread(target=swap, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert [one.values for one in aws.records() if one.name == "race.example.org."] == [(f'"{won[0]}"',)]

    @pytest.mark.parametrize("name, kind, values", [
        ("f.example.org", "A", ["no address"]), ("f.example.org", "A", ["::1"]), ("f.example.org", "SRV", ["1 1 2380"]),
        ("f.example.org", "SRV", ["1 1 65536 a.example.org"]), ("f.example.org", "TXT", ["unquoted"]),
        ("f.elsewhere.org", "A", ["127.77.1.1"]), ("fexample.org", "A", ["127.77.1.1"]),
        ("f..example.org", "A", ["127.77.1.1"]), ("f.example.org", "A", ["127.77.1.1", "127.77.1.1"])])
    def test_invalid_values_and_foreign_names_are_refused(
            self, aws: AWS, key: AccessKey, name: str, kind: str, values: list[str]) -> None:
        assert refusal(lambda: change(aws, key, ("UPSERT", name, kind, values)))[0] == "InvalidChangeBatch"

    def test_zones_by_name_begin_at_the_name_asked_for(self, aws: AWS, key: AccessKey) -> None:
        aws.create_zone("example.test")
        client = aws.client("route53", key)
        listed = client.list_hosted_zones_by_name(DNSName="example.org")["HostedZones"]
        assert [one["Name"] for one in listed] == ["example.org.", "example.test."]
        assert client.list_hosted_zones_by_name(DNSName="f.example.org")["HostedZones"][0]["Name"] == "example.test."
        first = client.list_hosted_zones_by_name(MaxItems="1")
        assert first["IsTruncated"] and first["NextDNSName"] == "example.test."
        assert client.get_hosted_zone(Id=aws.zone_id)["HostedZone"]["Name"] == "example.org."


class TestGroup:
    def test_terminating_launches_a_replacement_and_frees_no_address(self, aws: AWS, key: AccessKey) -> None:
        victim = aws.running()[-1]
        replacements = aws.terminate(victim.id)
        assert len(replacements) == 1 and replacements[0].address != victim.address
        assert len(aws.running()) == 6 and aws.instance(victim.id).state == "terminated"
        shown = aws.client("ec2", key).describe_instances(InstanceIds=[victim.id])["Reservations"][0]["Instances"][0]
        assert shown["State"]["Name"] == "terminated" and "PrivateIpAddress" not in shown
        assert victim.id not in group_ids(aws, key)

    def test_terminating_without_replacement_shrinks_the_group(self, aws: AWS) -> None:
        assert aws.terminate(aws.running()[-1].id, replace=False) == []
        assert len(aws.running()) == 5
        aws.set_desired_capacity(6)
        assert len(aws.running()) == 6

    def test_states_can_be_shown(self, aws: AWS, key: AccessKey) -> None:
        victim = aws.running()[-1].id
        for state in ("pending", "shutting-down", "stopped", "running"):
            aws.set_instance_state(victim, state)
            filters = [{"Name": "instance-state-name", "Values": [state]}]
            assert victim in ec2_ids(aws, key, Filters=filters)
        aws.set_lifecycle_state(victim, "Terminating:Wait")
        listed = aws.client("autoscaling", key).describe_auto_scaling_instances(InstanceIds=[victim])
        assert listed["AutoScalingInstances"][0]["LifecycleState"] == "Terminating:Wait"
        aws.set_lifecycle_state(victim, "InService")

    def test_instances_carry_the_stack_tag(self, aws: AWS) -> None:
        for one in aws.running():
            assert one.tags["aws:cloudformation:stack-name"] == "etcd-cluster-v1"
            assert one.tags["aws:autoscaling:groupName"] == aws.group
