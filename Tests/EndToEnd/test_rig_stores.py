"""The rig's stores are as strict as AWS's, down to their words: TXT records and change batches, objects and conditions.

And what can go wrong with them, and with lists, for some callers or all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from accounts import account, aws, change, ec2_ids, group_ids, key, me, refusal  # noqa: F401 - fixtures among them
from rig.aws import AWS, AccessKey, faults
from rig.waiting import wait_until


@pytest.fixture(scope="module")
def bucket(account: AWS) -> str:  # noqa: F811
    return account.create_bucket("records")


@pytest.fixture
def s3(aws: AWS, key: AccessKey, bucket: str) -> Iterator[Any]:  # noqa: F811
    """An instance's own client, and an empty bucket afterwards."""
    yield aws.client("s3", key)
    for name in aws.objects(bucket):
        aws.delete_object(bucket, name)


def at_once(count: int, attempt: Callable[[int], Any]) -> list[int]:
    """Runs attempts side by side; answers the numbers of those that were not refused with 412."""
    won: list[int] = []

    def run(number: int) -> None:
        try:
            attempt(number)
            won.append(number)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


class TestRoute53:
    @pytest.mark.parametrize("value", ['"plain"', '"a b" "c"', r'"quoted \"word\" and \\ and \044"', '"<&>"', '""'])
    def test_txt_values_come_back_as_they_were_written(self, aws: AWS, key: AccessKey, value: str) -> None:
        name = "_etcd-cluster.v1.example.org"
        change(aws, key, ("UPSERT", name, "TXT", [value]))
        listed = aws.client("route53", key).list_resource_record_sets(
            HostedZoneId=aws.zone_id, StartRecordName=name, StartRecordType="TXT", MaxItems="1")["ResourceRecordSets"]
        assert [(one["Name"], one["TTL"], one["ResourceRecords"]) for one in listed] == [
            (name + ".", 60, [{"Value": value}])]
        change(aws, key, ("DELETE", name, "TXT", [value]))

    @pytest.mark.parametrize("value", [
        "bare", '"open', '"' + "x" * 256 + '"', " ".join(['"' + "x" * 250 + '"'] * 16), '"a""b"', '"a" b'])
    def test_txt_values_that_aws_would_not_take_are_refused(self, aws: AWS, key: AccessKey, value: str) -> None:
        assert refusal(lambda: change(aws, key, ("CREATE", "t.example.org", "TXT", [value])))[0] == "InvalidChangeBatch"

    def test_refused_batch_can_be_worded_as_documented(self, aws: AWS, key: AccessKey) -> None:
        change(aws, key, ("CREATE", "w.example.org", "TXT", ['"1"']))
        aws.document_batches(True)
        seen: list[bytes] = []
        client = aws.client("route53", key)
        client.meta.events.register("before-parse.route53", lambda response_dict, **_: seen.append(response_dict["body"]))
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
            "Name": name, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"1"'}]}}
            for name in ("w.example.org", "elsewhere.test")]}
        with pytest.raises(ClientError) as caught:
            client.change_resource_record_sets(HostedZoneId=aws.zone_id, ChangeBatch=batch)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert seen[0].count(b"<Message>") == 2 and b"<InvalidChangeBatch xmlns=" in seen[0]
        assert b"<Message>Tried to create resource record set" in seen[0]
        change(aws, key, ("DELETE", "w.example.org", "TXT", ['"1"']))

    def test_swap_is_applied_after_its_caller_has_given_up(self, aws: AWS, key: AccessKey) -> None:
        change(aws, key, ("CREATE", "late.example.org", "TXT", ['"1"']))
        identifier = aws.inject(faults.HANG, operations=["route53:ChangeResourceRecordSets"])
        client = aws.client("route53", key, read_timeout=0.3)
        swap = {"Changes": [{"Action": action, "ResourceRecordSet": {
            "Name": "late.example.org", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": value}]}}
            for action, value in (("DELETE", '"1"'), ("CREATE", '"2"'))]}
        with pytest.raises(ReadTimeoutError):
            client.change_resource_record_sets(HostedZoneId=aws.zone_id, ChangeBatch=swap)
        assert held(aws) == ('"1"',)
        wait_until("it hangs", lambda: [call.fault for call in aws.calls()].count("hang") == 1)
        assert aws.lift(identifier) == 1
        wait_until("it is applied all the same", lambda: held(aws) == ('"2"',))


def held(aws: AWS) -> tuple[str, ...]:  # noqa: F811
    return next(one.values for one in aws.records() if one.name == "late.example.org.")


class TestObjects:
    def test_what_was_put_is_got_with_its_etag(self, aws: AWS, s3: Any, bucket: str) -> None:
        etag = s3.put_object(Bucket=bucket, Key="a/b c+d", Body=b"\x00record\n")["ETag"]
        got = s3.get_object(Bucket=bucket, Key="a/b c+d")
        assert got["ETag"] == etag and got["Body"].read() == b"\x00record\n" == aws.get_object(bucket, "a/b c+d")
        assert s3.head_object(Bucket=bucket, Key="a/b c+d")["ContentLength"] == 8
        s3.delete_object(Bucket=bucket, Key="a/b c+d")
        assert aws.get_object(bucket, "a/b c+d") is None
        assert [one.action for one in aws.calls()] == [
            "s3:PutObject", "s3:GetObject", "s3:HeadObject", "s3:DeleteObject"]

    def test_missing_object_is_told_apart_only_by_who_may_list(self, aws: AWS, s3: Any, bucket: str) -> None:
        def get() -> Any:
            return s3.get_object(Bucket=bucket, Key="none")

        assert refusal(get) == ("NoSuchKey", 404)
        assert refusal(lambda: s3.head_object(Bucket=bucket, Key="none")) == ("404", 404)
        aws.deny("s3:ListBucket")
        assert refusal(get) == ("AccessDenied", 403)
        assert refusal(lambda: s3.head_object(Bucket=bucket, Key="none"))[1] == 403
        aws.put_object(bucket, "none", b"x")
        assert get()["Body"].read() == b"x"

    def test_missing_bucket_is_named(self, s3: Any) -> None:
        assert refusal(lambda: s3.get_object(Bucket="nowhere", Key="none")) == ("NoSuchBucket", 404)

    @pytest.mark.parametrize("action, call", [
        ("s3:GetObject", lambda s3: s3.get_object(Bucket="records", Key="k")),
        ("s3:GetObject", lambda s3: s3.put_object(Bucket="records", Key="k", Body=b"y", IfMatch='"e"')),
        ("s3:PutObject", lambda s3: s3.put_object(Bucket="records", Key="k", Body=b"y")),
        ("s3:DeleteObject", lambda s3: s3.delete_object(Bucket="records", Key="k")),
        ("s3:ListBucket", lambda s3: s3.list_objects_v2(Bucket="records"))])
    def test_each_action_can_be_denied(self, aws: AWS, s3: Any, bucket: str, action: str, call: Callable) -> None:
        aws.put_object(bucket, "k", b"x")
        aws.deny(action)
        assert refusal(lambda: call(s3)) == ("AccessDenied", 403)
        assert aws.get_object(bucket, "k") == b"x"

    def test_creating_needs_absence(self, aws: AWS, s3: Any, bucket: str) -> None:
        won = at_once(8, lambda one: s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % one, IfNoneMatch="*"))
        assert len(won) == 1 and aws.get_object(bucket, "k") == b"%d" % won[0]
        assert refusal(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")) == ("PreconditionFailed", 412)

    def test_replacing_needs_the_very_etag(self, aws: AWS, s3: Any, bucket: str) -> None:
        etag = aws.put_object(bucket, "k", b"old")
        won = at_once(8, lambda one: s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % one, IfMatch=etag))
        assert len(won) == 1 and aws.get_object(bucket, "k") == b"%d" % won[0]
        assert refusal(lambda: s3.put_object(Bucket=bucket, Key="new", Body=b"x", IfMatch=etag)) == ("NoSuchKey", 404)

    def test_conflict_is_409(self, aws: AWS, s3: Any, bucket: str) -> None:
        with aws.fault(faults.CONFLICT, times=1):
            put = {"Bucket": bucket, "Key": "k", "Body": b"x", "IfNoneMatch": "*"}
            assert refusal(lambda: s3.put_object(**put)) == ("ConditionalRequestConflict", 409)
            s3.put_object(**put)

    def test_lists_come_in_pages(self, aws: AWS, s3: Any, bucket: str) -> None:
        for number in range(5):
            aws.put_object(bucket, f"p/{number}", b"x")
        aws.put_object(bucket, "q", b"x")
        first = s3.list_objects_v2(Bucket=bucket, Prefix="p/", MaxKeys=3)
        rest = s3.list_objects_v2(Bucket=bucket, Prefix="p/", MaxKeys=3, ContinuationToken=first["NextContinuationToken"])
        assert [one["Key"] for page in (first, rest) for one in page["Contents"]] == [f"p/{number}" for number in range(5)]
        assert first["IsTruncated"] and not rest["IsTruncated"]
        assert aws.objects(bucket, "p/") == [f"p/{number}" for number in range(5)]

    def test_changed_body_is_refused(self, aws: AWS, s3: Any, bucket: str) -> None:
        """The body's hash is part of what is signed."""
        def tamper(request: Any, **_: Any) -> None:
            request.body = b"other"
            request.headers["Content-Length"] = "5"

        s3.meta.events.register("before-send.s3.PutObject", tamper)
        code, status = refusal(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"whole"))
        assert (code, status) == ("XAmzContentSHA256Mismatch", 400)
        assert aws.get_object(bucket, "k") is None


class TestViews:
    def test_each_caller_is_shown_its_own_part_in_every_list(self, aws: AWS, me: str, key: AccessKey) -> None:
        ids = [one.id for one in aws.running()]
        other = aws.issue_key(ids[1], 3600)
        with aws.views({me: ids[:2], ids[1]: ids[1:4]}):
            assert group_ids(aws, key) == sorted(ids[:2]) == ec2_ids(aws, key)
            assert group_ids(aws, other) == sorted(ids[1:4]) == ec2_ids(aws, other)
            assert len(group_ids(aws, aws.issue_key(ids[5], 3600))) == 6
            listed = aws.client("autoscaling", key).describe_auto_scaling_instances()["AutoScalingInstances"]
            assert sorted(one["InstanceId"] for one in listed) == sorted(ids[:2])
            shown = aws.client("autoscaling", key).describe_auto_scaling_groups()["AutoScalingGroups"]
            assert [one["DesiredCapacity"] for one in shown] == [6]
        assert len(group_ids(aws, key)) == 6

    def test_hidden_instance_is_unknown_to_everybody(self, aws: AWS, me: str, key: AccessKey) -> None:
        ids = [one.id for one in aws.running()]
        gone = ids[3]
        with aws.fault(faults.hidden([gone])), aws.fault(faults.WITHOUT_CALLER):
            assert group_ids(aws, key) == sorted(set(ids) - {gone, me}) == ec2_ids(aws, key)
            assert refusal(lambda: ec2_ids(aws, key, InstanceIds=[gone])) == ("InvalidInstanceID.NotFound", 400)
            assert ec2_ids(aws, key, InstanceIds=[ids[1]]) == [ids[1]]
            filters = [{"Name": "instance-id", "Values": [gone, ids[1]]}]
            assert ec2_ids(aws, key, Filters=filters) == [ids[1]]
        assert ec2_ids(aws, key, InstanceIds=[gone]) == [gone]


class TestFaults:
    def test_service_is_down_for_all_or_for_some(self, aws: AWS, me: str, s3: Any, bucket: str, key: AccessKey) -> None:
        other = aws.client("s3", aws.issue_key(aws.running()[1].id, 3600))
        with aws.fault(faults.UNAVAILABLE, services=["s3"], callers=[me]):
            assert refusal(lambda: s3.list_objects_v2(Bucket=bucket))[1] == 503
            other.list_objects_v2(Bucket=bucket)
            aws.client("route53", key).list_hosted_zones_by_name()
        with aws.fault(faults.UNAVAILABLE, services=["s3", "route53"]):
            assert refusal(lambda: other.list_objects_v2(Bucket=bucket))[1] == 503
            assert refusal(aws.client("route53", key).list_hosted_zones_by_name)[1] == 503
            aws.client("ec2", key).describe_instances()

    @pytest.mark.parametrize("service, code, call", [
        ("s3", "AccessDenied", lambda client: client.list_objects_v2(Bucket="records")),
        ("route53", "AccessDenied", lambda client: client.list_hosted_zones_by_name()),
        ("ec2", "UnauthorizedOperation", lambda client: client.describe_instances())])
    def test_service_is_denied_to_one(
            self, aws: AWS, me: str, key: AccessKey, bucket: str, service: str, code: str, call: Callable) -> None:
        with aws.fault(faults.DENIED, services=[service], callers=[me]):
            assert refusal(lambda: call(aws.client(service, key))) == (code, 403)
            call(aws.client(service, aws.issue_key(aws.running()[1].id, 3600)))

    def test_put_took_effect_and_its_answer_is_lost(self, aws: AWS, s3: Any, bucket: str) -> None:
        with aws.fault(faults.LOST_ANSWER, operations=["s3:PutObject"]):
            with pytest.raises(Exception, match="(?i)connection"):
                s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")
        assert aws.get_object(bucket, "k") == b"x"

    def test_answer_is_held_back_after_the_put_took_effect(self, aws: AWS, s3: Any, bucket: str) -> None:
        identifier = aws.inject(faults.LATE_ANSWER, operations=["s3:PutObject"])
        patient = threading.Thread(target=lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x"))
        patient.start()
        wait_until("it took effect", lambda: aws.get_object(bucket, "k") == b"x", 5)
        assert patient.is_alive()
        aws.lift(identifier)
        patient.join(timeout=10)
        assert not patient.is_alive()
