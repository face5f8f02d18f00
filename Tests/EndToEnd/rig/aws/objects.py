"""S3 as strict as AWS: moto keeps the objects; who may learn what, and what is taken in, is decided here.

Without s3:ListBucket nobody learns that an object is missing: AWS then answers AccessDenied instead of NoSuchKey.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree

from moto.s3.models import FakeMultipart

from rig.aws import answers
from rig.aws.answers import Answer, Refused
from rig.aws.backend import Backend
from rig.aws.operation import Operation, Request

_READS = ("GetObject", "HeadObject")
_CHECKSUM = "x-amz-checksum-sha256"
_ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")


def check_region(request: Request, signed: str, backend: Backend) -> None:
    """Refuses a call of a bucket that is in another region than the one that it was signed for.

    That is what the endpoint of a region says of buckets of others; to HEAD it says it without a body.
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """
    bucket = _place(request)[0]
    region = backend.bucket_region(bucket)
    if region and region != signed:
        raise Refused("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified "
                      "endpoint. Please send all future requests to this endpoint.", 301,
                      headers=(("x-amz-bucket-region", region),),
                      elements=(("Endpoint", f"{bucket}.s3.{region}.amazonaws.com"), ("Bucket", bucket)))


def perform(request: Request, operation: Operation, may: Callable[[str], bool], backend: Backend) -> Answer:
    """Carries out a call whose own permission has been checked. The caller holds the lock, so conditions are atomic."""
    if_match = request.header("if-match")
    if operation.name == "PutObject" and if_match and not may("s3:GetObject"):
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        raise Refused("AccessDenied", "Access Denied", 403)
    upload = _upload(request, operation, backend)
    _check_encryption(request, operation, upload, may)
    answer = backend.perform(_checked(request, operation, upload))
    hidden = operation.name in _READS or (operation.name == "PutObject" and if_match)
    if hidden and answer.status == 404 and not may("s3:ListBucket") and answer.error != "NoSuchBucket":
        raise Refused("AccessDenied", "Access Denied", 403)
    return _completed(request, operation, answer, may, backend)


def _place(request: Request) -> tuple[str, str]:
    """Bucket and key of a path-style request."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


# Uploads in parts


def _upload(request: Request, operation: Operation, backend: Backend) -> FakeMultipart | None:
    """The upload that a call speaks of; None if it speaks of none."""
    if operation.name not in ("UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"):
        return None
    identifier = operation.parameters.get("uploadId", "")
    found = backend.upload(*_place(request), identifier)
    if found is None:
        raise Refused("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may "
                      "have been aborted or completed.", 404)
    return found


def _checked(request: Request, operation: Operation, upload: FakeMultipart | None) -> Request:
    """The request as moto wants it, with its content compared to the checksum that it came with.

    moto keeps a checksum only where the SDK's own header is there, and compares nothing.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
    """
    wants = upload is not None and upload.metadata.get("x-amz-checksum-algorithm") == "SHA256"
    # Of one that was completed moto has thrown the parts away: it says the same again.
    if operation.name == "CompleteMultipartUpload" and wants and not any(one.disposed for one in upload.parts.values()):
        _compare_parts(request, upload)
    if operation.name not in ("PutObject", "UploadPart"):
        return request
    claimed = request.header(_CHECKSUM)
    if not claimed:
        if operation.name == "UploadPart" and wants:
            raise Refused("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum "
                          "Type: null", 400)
        return request
    if claimed != _sha256(request.body):
        if not _is_sha256(claimed):
            raise Refused("InvalidRequest", f"Value for {_CHECKSUM} header is invalid.", 400)
        raise Refused("BadDigest", "The SHA256 you specified did not match the calculated checksum.", 400)
    headers = [one for one in request.headers if one[0].lower() != "x-amz-sdk-checksum-algorithm"]
    return replace(request, headers=[*headers, ("x-amz-sdk-checksum-algorithm", "SHA256")])


def _compare_parts(request: Request, upload: FakeMultipart) -> None:
    """Compares the checksums that complete an upload with those of the parts that came in."""
    try:
        root = ElementTree.fromstring(request.body)
    except ElementTree.ParseError:
        raise Refused("MalformedXML", "The XML you provided was not well-formed or did not validate against our published "
                      "schema", 400) from None
    for part in root.findall("{*}Part"):
        number, claimed = part.findtext("{*}PartNumber") or "", part.findtext("{*}ChecksumSHA256")
        if not claimed:
            raise Refused("InvalidRequest", "The upload was created using a sha256 checksum. The complete request must include "
                          f"the checksum for each part. It was missing for part {number} in the request.", 400)
        held = upload.parts.get(int(number)) if number.isdigit() else None
        if held is None or _sha256(held.value) != claimed:
            raise Refused("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been "
                          "uploaded, or the specified entity tag may not match the part's entity tag.", 400)


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _is_sha256(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == hashlib.sha256().digest_size
    except (binascii.Error, ValueError):
        return False


# Encryption


def _check_encryption(request: Request, operation: Operation, upload: FakeMultipart | None,
                      may: Callable[[str], bool]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"""
    method = request.header("x-amz-server-side-encryption")
    key = request.header("x-amz-server-side-encryption-aws-kms-key-id")
    if method and method not in _ENCRYPTIONS:
        raise Refused("InvalidArgument", "The encryption method specified is not supported", 400)
    if key and not method.startswith("aws:kms"):
        raise Refused("InvalidArgument", "Server Side Encryption with AWS KMS managed key requires HTTP header "
                      "x-amz-server-side-encryption : aws:kms", 400)
    if key:
        _require("kms:GenerateDataKey", may)
    if upload is not None and upload.kms_key_id and operation.name in ("UploadPart", "CompleteMultipartUpload"):
        _require("kms:Decrypt", may)


def _require(action: str, may: Callable[[str], bool]) -> None:
    if not may(action):
        raise answers.forbidden("s3", "etcd-cluster", action)


# Answers


def _completed(request: Request, operation: Operation, answer: Answer, may: Callable[[str], bool],
               backend: Backend) -> Answer:
    """The answer with what moto leaves out: a request ID always, and of which kind a checksum is."""
    headers = [one for one in answer.headers if one[0].lower() != "x-amz-sdk-checksum-algorithm"]
    if operation.name in _READS and answer.status < 300:
        held = backend.object(*_place(request))
        if held is not None and held.kms_key_id:
            _require("kms:Decrypt", may)
        if held is not None and held.checksum_type == "COMPOSITE":
            whole = f"{held.checksum_value}-{held.checksum_parts}"
            headers = [(name, whole if name.lower() == _CHECKSUM else value) for name, value in headers]
    if not any(name.lower() == "x-amz-request-id" for name, _ in headers):
        headers.append(("x-amz-request-id", uuid.uuid4().hex[:16].upper()))
    return replace(answer, headers=headers)
