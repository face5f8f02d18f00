"""Which call a request is: its service, its operation, and its parameters, in AWS's own names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

# Route 53 names its operations by method and path: https://docs.aws.amazon.com/Route53/latest/APIReference/
_ROUTE53 = [
    ("POST", re.compile(r"^/2013-04-01/hostedzone/[^/]+/rrset/?$"), "ChangeResourceRecordSets"),
    ("GET", re.compile(r"^/2013-04-01/hostedzone/[^/]+/rrset/?$"), "ListResourceRecordSets"),
    ("GET", re.compile(r"^/2013-04-01/hostedzonesbyname/?$"), "ListHostedZonesByName"),
    ("GET", re.compile(r"^/2013-04-01/hostedzone/[^/]+/?$"), "GetHostedZone"),
    ("GET", re.compile(r"^/2013-04-01/hostedzone/?$"), "ListHostedZones"),
    ("POST", re.compile(r"^/2013-04-01/hostedzone/?$"), "CreateHostedZone"),
    ("GET", re.compile(r"^/2013-04-01/change/[^/]+/?$"), "GetChange"),
]


# S3 by method, by whether the path names an object, and by the one parameter that tells it from others.
_S3 = [
    ("GET", True, "uploadId", "ListParts"), ("GET", True, "", "GetObject"), ("HEAD", True, "", "HeadObject"),
    ("PUT", True, "partNumber", "UploadPart"), ("PUT", True, "", "PutObject"),
    ("POST", True, "uploads", "CreateMultipartUpload"), ("POST", True, "uploadId", "CompleteMultipartUpload"),
    ("DELETE", True, "uploadId", "AbortMultipartUpload"), ("DELETE", True, "", "DeleteObject"),
    ("GET", False, "list-type", "ListObjectsV2"), ("GET", False, "location", "GetBucketLocation"),
    ("HEAD", False, "", "HeadBucket"), ("PUT", False, "", "CreateBucket"), ("POST", False, "delete", "DeleteObjects"),
]
# Where the permission is not named as the operation is.
_PERMISSIONS = {
    "s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadBucket": "s3:ListBucket",
    "s3:UploadPart": "s3:PutObject", "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject", "s3:DeleteObjects": "s3:DeleteObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
}
# Where IAM calls the service otherwise than a signature's scope does.
_SERVICES = {"monitoring": "cloudwatch"}


@dataclass
class Request:
    """One HTTP request as it came in. `target` is the request line's, still percent-encoded."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, by its name in lower case; empty if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Operation:
    """One AWS call. `action` is spelled as in an IAM policy, `ec2:DescribeInstances`, and so is `permission`, what it takes."""

    service: str
    name: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str:
        return f"{_SERVICES.get(self.service, self.service)}:{self.name}"

    @property
    def permission(self) -> str:
        return _PERMISSIONS.get(self.action, self.action)

    def integer(self, parameter: str) -> int | None:
        """A numeric parameter, or None if it is absent or no number."""
        text = self.parameters.get(parameter, "")
        return int(text) if text.isdigit() else None

    def body(self, **changes: str | None) -> bytes:
        """The same call's form body with some parameters set, or left out where None is given."""
        parameters = dict(self.parameters)
        for name, value in changes.items():
            parameters.pop(name, None)
            if value is not None:
                parameters[name] = value
        return urlencode(parameters).encode()


def identify(request: Request, service: str) -> Operation:
    """Names the operation of a request to `service`, the service of its credential scope."""
    if service == "route53":
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
        for method, path, name in _ROUTE53:
            if request.method == method and path.match(request.path):
                return Operation(service, name, parameters)
        return Operation(service, f"{request.method} {request.path}", parameters)
    if service == "s3":
        return _s3(request)
    target = request.header("x-amz-target")
    if target:
        return Operation(service, target.rpartition(".")[2])
    if request.header("content-type").startswith("application/x-www-form-urlencoded"):
        parameters = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    else:
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    return Operation(service, parameters.get("Action") or f"{request.method} object", parameters)


def _s3(request: Request) -> Operation:
    """The operation of a path-style request, /BUCKET or /BUCKET/KEY."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    names_object = bool(request.path.strip("/").partition("/")[2])
    for method, needs_object, parameter, name in _S3:
        if request.method == method and names_object == needs_object and (not parameter or parameter in parameters):
            return Operation("s3", name, parameters)
    return Operation("s3", f"{request.method} {request.path}", parameters)
