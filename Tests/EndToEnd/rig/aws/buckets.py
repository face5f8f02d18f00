"""The rig's hold on S3: buckets, and what they hold, past all permissions and faults."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

REGION = "eu-central-1"


class Buckets:
    """The part of `AWS` that is about S3; `s3` is the rig's own client."""

    s3: Any

    def create_bucket(self, name: str) -> str:
        """Creates a bucket and answers its name. It is found path-style, at the endpoint of all services."""
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
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
