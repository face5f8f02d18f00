"""The rig's hold on S3: buckets, and what they hold, past all permissions and faults."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from rig.aws.values import AccessKey

REGION = "eu-central-1"


class Buckets:
    """The part of `AWS` that is about S3; `s3` is the rig's own client."""

    s3: Any

    def client(self, service: str, key: AccessKey | None = None, region: str = REGION, **options: Any) -> Any:
        raise NotImplementedError

    def _order(self, order: str, **arguments: Any) -> Any:
        raise NotImplementedError

    def create_bucket(self, name: str, region: str = REGION) -> str:
        """Creates a bucket and answers its name. It is found path-style, at the endpoint of all services; where it is of
        another region, only by calls that are signed for that one."""
        self.client("s3", region=region).create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        return name

    def put_object(self, bucket: str, key: str, body: bytes) -> str:
        """Writes an object whatever is there; answers its ETag, quotes included."""
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"]

    def get_object(self, bucket: str, key: str) -> bytes | None:
        """An object's bytes; None if there is none."""
        try:
            return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None

    def delete_object(self, bucket: str, key: str) -> None:
        self.s3.delete_object(Bucket=bucket, Key=key)

    def objects(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys under a prefix, in S3's order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def contents(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """All that lies under a prefix, by its key."""
        found = {key: self.get_object(bucket, key) for key in self.objects(bucket, prefix)}
        return {key: body for key, body in found.items() if body is not None}

    def head_object(self, bucket: str, key: str) -> dict[str, Any]:
        """What S3 says of an object, its checksum among it, by boto3's names."""
        return self.s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")

    def uploads(self, bucket: str) -> list[str]:
        """The keys of the uploads in parts that were neither completed nor aborted."""
        return self._order("uploads", bucket=bucket)

    # Damage

    def flip_bit(self, bucket: str, key: str, offset: int, unnoticed: bool = True) -> None:
        """Flips one bit of an object. `unnoticed`: its checksum stays what it was, as when a disk rots; else the object is
        written anew, with a checksum that fits."""
        if unnoticed:
            self._order("rot", bucket=bucket, key=key, offset=offset, mask=1, size=None)
            return
        content = bytearray(self.get_object(bucket, key) or b"")
        content[offset] ^= 1
        self.put_object(bucket, key, bytes(content))

    def truncate_object(self, bucket: str, key: str, size: int, unnoticed: bool = True) -> None:
        """Leaves the first `size` bytes of an object; `unnoticed` as with `flip_bit`."""
        if unnoticed:
            self._order("rot", bucket=bucket, key=key, offset=0, mask=0, size=size)
        else:
            self.put_object(bucket, key, (self.get_object(bucket, key) or b"")[:size])
