"""Errors as the real services word them: each has its own envelope, codes and status."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

_NAMESPACES = {
    "autoscaling": "http://autoscaling.amazonaws.com/doc/2011-01-01/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "monitoring": "http://monitoring.amazonaws.com/doc/2010-08-01/",
}


@dataclass
class Answer:
    """One HTTP answer; `error` is its AWS error code, empty if it is none."""

    status: int
    body: bytes
    headers: list[tuple[str, str]] = field(default_factory=lambda: [("Content-Type", "text/xml")])
    error: str = ""


class Refused(Exception):
    """AWS would refuse the call with this code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400, headers: Sequence[tuple[str, str]] = (),
                 elements: Sequence[tuple[str, str]] = ()) -> None:
        """`headers` are more than the usual ones; `elements` are S3's, beside code and message."""
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
        self.headers, self.elements = list(headers), list(elements)


class RefusedBatch(Refused):
    """Route 53 would refuse a change batch, with a message for each change that can't be made.

    It answers in the envelope of all errors, the messages in brackets, and that is what botocore reads. The documentation
    shows another, a list of messages, which clients have met too: `documented` asks for that one.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
    """

    def __init__(self, messages: list[str]) -> None:
        super().__init__("InvalidChangeBatch", "[" + ", ".join(messages) + "]", 400)
        self.messages = messages
        self.documented = False


def error_answer(service: str, refusal: Refused) -> Answer:
    """The refusal in the envelope of the service."""
    request_id = str(uuid.uuid4())
    code, message = escape(refusal.code), escape(refusal.message)
    if isinstance(refusal, RefusedBatch) and refusal.documented:
        messages = "".join(f"<Message>{escape(one)}</Message>" for one in refusal.messages)
        xml = f'<InvalidChangeBatch xmlns="{_NAMESPACES["route53"]}"><Messages>{messages}</Messages></InvalidChangeBatch>'
    elif service == "ec2":
        xml = (f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
               f"<RequestID>{request_id}</RequestID></Response>")
    elif service == "s3":
        more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in refusal.elements)
        xml = (f"<Error><Code>{code}</Code><Message>{message}</Message>{more}"
               f"<RequestId>{request_id}</RequestId></Error>")
    else:
        namespace = _NAMESPACES.get(service, f"http://{service}.amazonaws.com/doc/")
        kind = "Sender" if refusal.status < 500 else "Receiver"
        xml = (f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type><Code>{code}</Code>'
               f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>")
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n' + xml).encode()
    named = "x-amz-request-id" if service == "s3" else "x-amzn-RequestId"
    headers = [("Content-Type", "text/xml"), (named, request_id), *refusal.headers]
    return Answer(refusal.status, body, headers, refusal.code)


def missing_authentication() -> Refused:
    return Refused("MissingAuthenticationToken", "Request is missing Authentication Token", 403)


def unknown_key(service: str) -> Refused:
    if service == "ec2":
        return _ec2_auth_failure()
    return Refused("InvalidClientTokenId", "The security token included in the request is invalid.", 403)


def wrong_signature(service: str) -> Refused:
    """EC2 alone does not say what is wrong with a signature: a wrong secret is AuthFailure there (and so is a wrong key).

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    if service == "ec2":
        return _ec2_auth_failure()
    return Refused(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", 403)


def expired_token(service: str) -> Refused:
    if service == "ec2":
        return Refused("RequestExpired", "Request has expired.", 400)
    return Refused("ExpiredToken", "The security token included in the request is expired", 403)


def skewed_clock(service: str, signed: str, earliest: str, latest: str, server: str) -> Refused:
    """A request signed more than five minutes away from the service's clock; the times are in SigV4's basic format."""
    if service == "ec2":
        return Refused("RequestExpired", "Request has expired.", 400)
    if service == "s3":
        return Refused("RequestTimeTooSkewed",
                       "The difference between the request time and the current time is too large.", 403)
    if signed < earliest:
        return Refused("SignatureDoesNotMatch",
                       f"Signature expired: {signed} is now earlier than {earliest} ({server} - 5 min.)", 403)
    return Refused("SignatureDoesNotMatch",
                   f"Signature not yet current: {signed} is still later than {latest} ({server} + 5 min.)", 403)


def forbidden(service: str, caller: str, action: str) -> Refused:
    who = f"arn:aws:sts::123456789012:assumed-role/etcd-cluster/{caller}"
    what = f"User: {who} is not authorized to perform: {action} because no identity-based policy allows the {action} action"
    if service == "ec2":
        return Refused("UnauthorizedOperation", f"You are not authorized to perform this operation. {what}", 403)
    return Refused("AccessDenied", what, 403)


def _ec2_auth_failure() -> Refused:
    return Refused("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
