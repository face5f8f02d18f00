"""Signature Version 4, verified: who signed a request, and whether that signature is right and in time.

The arithmetic is botocore's, so a client of our own writing is judged by the reference implementation, not by itself.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import threading
from dataclasses import dataclass

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from rig.aws import answers
from rig.aws.answers import Refused
from rig.aws.operation import Request

_AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request,\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$")
_TIME = "%Y%m%dT%H%M%SZ"
_SKEW = datetime.timedelta(minutes=5)


@dataclass
class Key:
    """Credentials that the gate knows. `caller` is an instance ID or `rig`; `expires` is in seconds since 1970."""

    access_key: str
    secret_key: str
    token: str
    caller: str
    expires: float


@dataclass
class Scope:
    """What an Authorization header claims, before it is verified."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: list[str]
    signature: str


class _SignedHeadersOnly:
    """botocore asks for the headers to sign; here they are exactly those that the client says it signed."""

    def headers_to_sign(self, request: AWSRequest):  # noqa: ANN201 - botocore's own type
        return request.headers


class _Verifier(_SignedHeadersOnly, SigV4Auth):
    pass


class _S3Verifier(_SignedHeadersOnly, S3SigV4Auth):
    pass


def claimed_scope(request: Request) -> Scope | None:
    """Reads the Authorization header; None if there is none or it is not SigV4."""
    match = _AUTHORIZATION.match(request.header("authorization"))
    if not match:
        return None
    access_key, date, region, service, signed, signature = match.groups()
    return Scope(access_key, date, region, service, signed.split(";"), signature)


class Keyring:
    """The credentials in circulation, and the clock that requests are judged by."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._lock = threading.Lock()
        self.clock_offset = 0.0

    def now(self) -> datetime.datetime:
        """The service's clock: the real one plus `clock_offset` seconds."""
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clock_offset)

    def add(self, key: Key) -> None:
        with self._lock:
            self._keys[key.access_key] = key

    def expire(self, caller: str, spared: str) -> int:
        """Ends all credentials of a caller but one; answers how many there were."""
        with self._lock:
            mine = [key for key in self._keys.values() if key.caller == caller and key.access_key != spared]
            for key in mine:
                key.expires = 0.0
            return len(mine)

    def verify(self, request: Request, scope: Scope | None) -> Key:
        """The key that signed this request; raises what AWS would refuse it with."""
        if scope is None:
            raise answers.missing_authentication()
        with self._lock:
            key = self._keys.get(scope.access_key)
        if key is None or not hmac.compare_digest(request.header("x-amz-security-token"), key.token):
            raise answers.unknown_key(scope.service)
        if key.expires <= self.now().timestamp():
            raise answers.expired_token(scope.service)
        stamp = request.header("x-amz-date")
        self._check_time(scope, stamp)
        self._check_coverage(request, scope)
        if not hmac.compare_digest(_signature(request, scope, key, stamp), scope.signature):
            raise answers.wrong_signature(scope.service)
        return key

    def _check_time(self, scope: Scope, stamp: str) -> None:
        try:
            signed = datetime.datetime.strptime(stamp, _TIME).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            raise Refused("IncompleteSignature", f"X-Amz-Date '{stamp}' is no date in ISO 8601 basic format", 400) from None
        if not stamp.startswith(scope.date):
            raise Refused("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                          f"version of date from HTTP: '{scope.date}' != '{stamp[:8]}'", 403)
        now = self.now()
        if abs(signed - now) > _SKEW:
            raise answers.skewed_clock(
                scope.service, stamp, (now - _SKEW).strftime(_TIME), (now + _SKEW).strftime(_TIME), now.strftime(_TIME))

    @staticmethod
    def _check_coverage(request: Request, scope: Scope) -> None:
        """The host and every x-amz header that was sent must be among the signed ones, as AWS demands."""
        must = {"host"} | {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")}
        missing = sorted(must - set(scope.signed_headers))
        if missing or scope.signed_headers != sorted(scope.signed_headers):
            raise Refused("SignatureDoesNotMatch",
                          f"'{', '.join(missing)}' must be a 'SignedHeader' in the AWS Authorization, in sorted order.", 403)


def _signature(request: Request, scope: Scope, key: Key, stamp: str) -> str:
    """The signature that this request ought to have."""
    verifier_type = _S3Verifier if scope.service == "s3" else _Verifier
    verifier = verifier_type(Credentials(key.access_key, key.secret_key, key.token), scope.service, scope.region)
    headers = {}
    for name in scope.signed_headers:
        values = [value for key_name, value in request.headers if key_name.lower() == name]
        headers[name] = ",".join(values)
    claimed_hash = request.header("x-amz-content-sha256")
    if re.fullmatch(r"[0-9a-f]{64}", claimed_hash) and claimed_hash != hashlib.sha256(request.body).hexdigest():
        raise Refused("XAmzContentSHA256Mismatch",
                      "The provided 'x-amz-content-sha256' header does not match what was computed.", 400)
    signed = AWSRequest(method=request.method, url=f"http://{request.header('host')}{request.target}",
                        headers=headers, data=request.body)
    signed.context["timestamp"] = stamp
    return verifier.signature(verifier.string_to_sign(signed, verifier.canonical_request(signed)), signed)
