"""S3 as strict as AWS: moto keeps the objects; who may learn what is decided here.

Without s3:ListBucket nobody learns that an object is missing: AWS then answers AccessDenied instead of NoSuchKey.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from collections.abc import Callable

from rig.aws.answers import Answer, Refused
from rig.aws.operation import Operation, Request

_READS = ("GetObject", "HeadObject")


def perform(request: Request, operation: Operation, may: Callable[[str], bool],
            moto: Callable[[Request], Answer]) -> Answer:
    """Carries out a call whose own permission has been checked. The caller holds the lock, so conditions are atomic."""
    if_match = request.header("if-match")
    if operation.name == "PutObject" and if_match and not may("s3:GetObject"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        raise Refused("AccessDenied", "Access Denied", 403)
    answer = moto(request)
    hidden = operation.name in _READS or (operation.name == "PutObject" and if_match)
    if hidden and answer.status == 404 and not may("s3:ListBucket") and answer.error != "NoSuchBucket":
        raise Refused("AccessDenied", "Access Denied", 403)
    return answer
