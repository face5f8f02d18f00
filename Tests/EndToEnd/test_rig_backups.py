"""What backups ask of the rig's AWS is as strict as AWS: uploads in parts, checksums, encryption, regions; and numbers for
CloudWatch. And the ways to damage what lies in a bucket."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts import account, aws, key, me, refusal  # noqa: F401 - fixtures among them
from rig.aws import ALLOWED, AWS, AccessKey, Datum, faults

PART = b"p" * (5 << 20)


_NUMBERS = itertools.count()


@pytest.fixture
def bucket(aws: AWS) -> str:  # noqa: F811
    return aws.create_bucket(f"backups-{next(_NUMBERS)}")


@pytest.fixture
def s3(aws: AWS, key: AccessKey) -> Any:  # noqa: F811
    """An instance's own client."""
    return aws.client("s3", key)


def sha256(*parts: bytes) -> str:
    """As S3 has it: of one content, or of the hashes of several parts, with their number."""
    hashes = [hashlib.sha256(part).digest() for part in parts]
    if len(hashes) == 1:
        return base64.b64encode(hashes[0]).decode()
    return f"{base64.b64encode(hashlib.sha256(b''.join(hashes)).digest()).decode()}-{len(hashes)}"


def altered(client: Any, operation: str, change: Callable[[Any], None]) -> None:
    """Changes a request after boto3 has made it and before it is signed."""
    client.meta.events.register(f"before-sign.s3.{operation}", lambda request, **_: change(request))


class Upload:
    """An upload in parts, by an instance's client."""

    def __init__(self, s3: Any, bucket: str, **options: Any) -> None:
        self.s3 = s3
        made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256", **options)
        self.where = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
        self.parts: list[dict[str, Any]] = []

    def part(self, body: bytes, **options: Any) -> None:
        number = len(self.parts) + 1
        options = options or {"ChecksumSHA256": sha256(body)}
        etag = self.s3.upload_part(**self.where, PartNumber=number, Body=body, **options)["ETag"]
        self.parts.append({"PartNumber": number, "ETag": etag, "ChecksumSHA256": sha256(body)})

    def complete(self, **options: Any) -> Any:
        return self.s3.complete_multipart_upload(**self.where, MultipartUpload={"Parts": self.parts}, **options)


class TestParts:
    def test_parts_become_one_object_with_the_checksum_of_their_checksums(
            self, aws: AWS, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket, ServerSideEncryption="AES256")
        upload.part(PART)
        upload.part(b"end")
        assert aws.uploads(bucket) == ["k"] and aws.get_object(bucket, "k") is None
        upload.complete()
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert head["ChecksumSHA256"] == sha256(PART, b"end") and head["ServerSideEncryption"] == "AES256"
        assert aws.get_object(bucket, "k") == PART + b"end" and aws.uploads(bucket) == []

    def test_condition_is_decided_when_the_upload_is_completed(self, aws: AWS, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket)
        upload.part(b"late")
        aws.put_object(bucket, "k", b"first")
        assert refusal(lambda: upload.complete(IfNoneMatch="*")) == ("PreconditionFailed", 412)
        assert aws.get_object(bucket, "k") == b"first"

    def test_part_without_the_checksum_that_was_announced_is_refused(self, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket)
        altered(s3, "UploadPart", lambda request: request.headers.__delitem__("x-amz-checksum-sha256"))
        assert refusal(lambda: upload.part(b"x")) == ("InvalidRequest", 400)

    @pytest.mark.parametrize("checksum, code", [(None, "InvalidRequest"), (sha256(b"other"), "InvalidPart")])
    def test_completion_names_each_parts_checksum(self, s3: Any, bucket: str, checksum: str | None, code: str) -> None:
        upload = Upload(s3, bucket)
        upload.part(b"x")
        upload.parts[0]["ChecksumSHA256"] = checksum
        if checksum is None:
            del upload.parts[0]["ChecksumSHA256"]
        assert refusal(upload.complete) == (code, 400)

    def test_aborted_upload_is_gone(self, aws: AWS, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket)
        upload.part(b"x")
        s3.abort_multipart_upload(**upload.where)
        assert aws.uploads(bucket) == []
        assert refusal(lambda: upload.part(b"y")) == ("NoSuchUpload", 404)
        assert refusal(upload.complete) == ("NoSuchUpload", 404)

    def test_completing_twice_is_the_same(self, aws: AWS, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket)
        upload.part(b"x")
        assert upload.complete()["ETag"] == upload.complete()["ETag"]

    def test_writing_and_aborting_take_permissions_of_their_own(self, aws: AWS, s3: Any, bucket: str) -> None:
        upload = Upload(s3, bucket)
        aws.deny("s3:AbortMultipartUpload")
        assert refusal(lambda: s3.abort_multipart_upload(**upload.where)) == ("AccessDenied", 403)
        upload.part(b"x")
        aws.allow(one for one in ALLOWED if one != "s3:PutObject")
        for call in (lambda: Upload(s3, bucket), lambda: upload.part(b"y"), upload.complete):
            assert refusal(call) == ("AccessDenied", 403)
        aws.allow(ALLOWED)
        s3.abort_multipart_upload(**upload.where)


class TestChecksums:
    def test_checksum_is_kept_and_told(self, s3: Any, bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"content", ChecksumSHA256=sha256(b"content"))
        assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256(b"content")
        assert "ChecksumSHA256" not in s3.head_object(Bucket=bucket, Key="k")

    def test_header_alone_is_enough(self, s3: Any, bucket: str) -> None:
        """Who writes requests without an SDK does not send the SDK's own header."""
        altered(s3, "PutObject", lambda request: request.headers.__delitem__("x-amz-sdk-checksum-algorithm"))
        s3.put_object(Bucket=bucket, Key="k", Body=b"content", ChecksumSHA256=sha256(b"content"))
        assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256(b"content")

    @pytest.mark.parametrize("claimed, code", [(sha256(b"other"), "BadDigest"), ("short", "InvalidRequest")])
    def test_content_that_does_not_fit_is_refused(self, aws: AWS, s3: Any, bucket: str, claimed: str, code: str) -> None:
        def put() -> None:
            s3.put_object(Bucket=bucket, Key="k", Body=b"content", ChecksumSHA256=claimed)

        assert refusal(put) == (code, 400)
        assert aws.get_object(bucket, "k") is None
        upload = Upload(s3, bucket)
        assert refusal(lambda: upload.part(b"content", ChecksumSHA256=claimed)) == (code, 400)

    def test_every_answer_has_a_request_id(self, s3: Any, bucket: str) -> None:
        seen: list[str] = []
        s3.meta.events.register("after-call.s3", lambda http_response, **_: seen.append(
            http_response.headers.get("x-amz-request-id", "")))
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        for call in (s3.head_object, s3.get_object):
            with pytest.raises(ClientError):
                call(Bucket=bucket, Key="none")
        assert len(seen) == 3 and all(seen)


class TestEncryption:
    def test_method_is_one_that_there_is(self, s3: Any, bucket: str) -> None:
        altered(s3, "PutObject", lambda request: request.headers.add_header("x-amz-server-side-encryption", "ROT13"))
        assert refusal(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x")) == ("InvalidArgument", 400)

    def test_key_takes_the_method_that_has_keys(self, s3: Any, bucket: str) -> None:
        assert refusal(lambda: s3.put_object(
            Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256", SSEKMSKeyId="a")) == ("InvalidArgument", 400)

    def test_a_key_of_ones_own_takes_permissions_of_its_own(self, aws: AWS, s3: Any, bucket: str) -> None:
        def put() -> None:
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="a")

        assert refusal(put) == ("AccessDenied", 403)
        aws.allow([*ALLOWED, "kms:GenerateDataKey"])
        put()
        assert refusal(lambda: s3.get_object(Bucket=bucket, Key="k")) == ("AccessDenied", 403)
        aws.allow([*ALLOWED, "kms:Decrypt"])
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


class TestRegions:
    def test_bucket_of_another_region_is_named_with_its_region(self, aws: AWS, key: AccessKey) -> None:
        aws.create_bucket("far-away", region="us-west-2")
        aws.client("s3", key).put_object(Bucket="far-away", Key="k", Body=b"x")  # boto3 asks where it is, and follows
        statuses = [one.status for one in aws.calls() if one.action != "s3:HeadBucket"]
        assert statuses == [301, 200]
        assert aws.get_object("far-away", "k") == b"x"


class TestDamage:
    @pytest.mark.parametrize("unnoticed", [True, False])
    def test_one_bit(self, aws: AWS, s3: Any, bucket: str, unnoticed: bool) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"abcd", ChecksumSHA256=sha256(b"abcd"))
        before = aws.head_object(bucket, "k")
        aws.flip_bit(bucket, "k", 2, unnoticed)
        assert aws.get_object(bucket, "k") == b"abbd"
        after = aws.head_object(bucket, "k")
        assert (after["ETag"] == before["ETag"]) == unnoticed
        assert (after.get("ChecksumSHA256") == before["ChecksumSHA256"]) == unnoticed

    @pytest.mark.parametrize("unnoticed", [True, False])
    def test_shorter(self, aws: AWS, s3: Any, bucket: str, unnoticed: bool) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"abcd")
        before = aws.head_object(bucket, "k")
        aws.truncate_object(bucket, "k", 3, unnoticed)
        assert aws.get_object(bucket, "k") == b"abc"
        after = aws.head_object(bucket, "k")
        assert after["ContentLength"] == 3 and (after["ETag"] == before["ETag"]) == unnoticed


class TestStores:
    @pytest.mark.parametrize("fault, expected", [(faults.FULL, ("XMinioStorageFull", 507)), (faults.SLOW_DOWN, ("SlowDown", 503))])
    def test_store_that_takes_nothing(self, aws: AWS, s3: Any, bucket: str, fault: faults.Fault, expected: Any) -> None:
        with aws.fault(fault):
            assert refusal(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x")) == expected
            assert refusal(lambda: Upload(s3, bucket)) == expected
            aws.put_object(bucket, "mine", b"x")
        with aws.fault(faults.FULL):
            assert s3.get_object(Bucket=bucket, Key="mine")["Body"].read() == b"x"


    def test_one_object_alone_may_be_out_of_reach(self, aws: AWS, s3: Any, bucket: str) -> None:
        for name in ("a.db", "b.json"):
            aws.put_object(bucket, name, b"x")
        with aws.fault(faults.DENIED, operations=["s3:GetObject"], target=".db"):
            assert refusal(lambda: s3.get_object(Bucket=bucket, Key="a.db")) == ("AccessDenied", 403)
            assert s3.get_object(Bucket=bucket, Key="b.json")["Body"].read() == b"x"


class TestMetrics:
    def test_numbers_are_kept_and_permitted(self, aws: AWS, key: AccessKey) -> None:
        data = [{"MetricName": "BackupAge", "Value": 3, "Unit": "Seconds",
                 "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "g"}]}]

        def put() -> None:
            aws.client("cloudwatch", key).put_metric_data(Namespace="Local/etcd", MetricData=data)

        put()
        assert aws.metrics("Local/etcd") == [
            Datum("Local/etcd", "BackupAge", 3.0, "Seconds", {"AutoScalingGroupName": "g"})]
        assert aws.metrics("Other") == []
        assert [one.action for one in aws.calls()] == ["cloudwatch:PutMetricData"]
        aws.deny("cloudwatch:PutMetricData")
        assert refusal(put)[1] == 403
