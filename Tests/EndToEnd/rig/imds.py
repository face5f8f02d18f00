"""The instance metadata service of one instance: version 2 only, as a launch template should demand.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
"""

from __future__ import annotations

import enum
import json
import secrets
import socketserver
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from rig.aws.buckets import REGION
from rig.aws.service import ACCOUNT
from rig.aws.values import AccessKey, Instance

ROLE = "etcd-cluster"
_LONGEST_TOKEN_SECONDS = 21_600


class Behaviour(enum.Enum):
    """How the service behaves at the moment."""

    NORMAL = "normal"
    HANGS = "hangs"  # accepts and never answers, as with a hop limit that is too low
    REFUSES = "refuses"  # 401 whatever the token
    FAILS = "fails"  # 500
    OFF = "off"  # 404: metadata disabled, or no role attached
    GARBAGE = "garbage"  # 200 and half of a JSON document


class InstanceMetadata:
    """Serves one instance's metadata on a free port of `address`, from threads of this process.

    `issue` makes new credentials valid for so many seconds. They are renewed when a twelfth of their life is left, as
    EC2 does, unless `renews` is switched off. `tags` are served as if InstanceMetadataTags were enabled; None: they
    are not, which is EC2's default.
    """

    def __init__(self, instance: Instance, issue: Callable[[float], AccessKey], lifetime: float = 6 * 3600.0,
                 tags: dict[str, str] | None = None, address: str = "127.0.0.1") -> None:
        self.instance = instance
        self.behaviour = Behaviour.NORMAL
        self.affects = "/"  # the part of the tree that `behaviour` applies to
        self.renews = True
        self.lifetime = lifetime
        self.tags = tags
        self.lifecycle_state = "InService"
        self.spot_action: dict[str, str] | None = None
        self.requests: list[tuple[str, str, int]] = []
        self._issue = issue
        self._released = threading.Event()
        self._closed = False
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()
        self._key = issue(lifetime)
        self._issued_at = time.time()
        self._server = _Server(_handler(self), address)
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name=f"imds {instance.id}").start()

    @property
    def endpoint(self) -> str:
        address, port = self._server.server_address[:2]
        return f"http://{address}:{port}"

    @property
    def key(self) -> AccessKey:
        """The credentials as they are served now."""
        return self._key

    def behave(self, behaviour: Behaviour, affects: str = "/") -> None:
        """Changes how requests under the path `affects` are answered, and releases those that hang."""
        with self._lock:
            self.behaviour, self.affects = behaviour, affects
            released, self._released = self._released, threading.Event()
        released.set()

    def renew(self, lifetime: float | None = None) -> AccessKey:
        """Serves new credentials from now on, valid for `lifetime` seconds."""
        with self._lock:
            self.lifetime = self.lifetime if lifetime is None else lifetime
            self._key, self._issued_at = self._issue(self.lifetime), time.time()
            return self._key

    def announce_interruption(self, action: str = "terminate", seconds: float = 120.0) -> None:
        """Tells of a spot interruption in so many seconds (`spot/instance-action`); the instance is not touched by it."""
        self.spot_action = {"action": action, "time": _time(time.time() + seconds)}

    def forget_tokens(self) -> None:
        """Makes every session token invalid, as a reboot does."""
        with self._lock:
            self._tokens.clear()

    def close(self) -> None:
        """Stops serving: connections are refused from now on. May be called again."""
        if self._closed:
            return
        self._closed = True
        self.behave(Behaviour.OFF)
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: Any) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and further headers for a request; for the handler."""
        with self._lock:
            behaviour, released = self.behaviour, self._released
            affected = path.startswith(self.affects)
        if affected and behaviour is not Behaviour.NORMAL:
            if behaviour is Behaviour.HANGS:
                released.wait()
            status = {Behaviour.REFUSES: 401, Behaviour.FAILS: 500, Behaviour.GARBAGE: 200}.get(behaviour, 404)
            return status, b'{"Code" : "Succ', {}
        if path == "/latest/api/token":
            return self._token(method, headers)
        if method not in ("GET", "HEAD"):
            return 405, b"", {}
        with self._lock:
            expires = self._tokens.get(headers.get("X-aws-ec2-metadata-token", ""), 0.0)
        if expires <= time.monotonic():
            return 401, b"", {}
        text = self._value(path.rstrip("/"))
        if text is None:
            return 404, b"", {}
        remaining = {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": str(int(expires - time.monotonic()))}
        return 200, text.encode(), remaining

    def _token(self, method: str, headers: Any) -> tuple[int, bytes, dict[str, str]]:
        if method != "PUT":
            return 405, b"", {"Allow": "OPTIONS, PUT"}
        if headers.get("X-Forwarded-For"):
            return 403, b"", {}  # EC2 refuses requests that came through a proxy
        ttl = headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if not ttl.isdigit() or not 1 <= int(ttl) <= _LONGEST_TOKEN_SECONDS:
            return 400, b"", {}
        token = secrets.token_urlsafe(40) + "=="
        with self._lock:
            self._tokens[token] = time.monotonic() + int(ttl)
        return 200, token.encode(), {"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": ttl}

    def _value(self, path: str) -> str | None:
        """What stands at a path of the tree; None if nothing does."""
        one = self.instance
        if path == "/latest/dynamic/instance-identity/document":
            return self._identity_document()
        if not path.startswith("/latest/meta-data"):
            return None
        name = path[len("/latest/meta-data"):].strip("/")
        if name.startswith("tags/instance"):
            return self._tag(name[len("tags/instance"):].strip("/"))
        if name == "spot/instance-action":
            return json.dumps(self.spot_action) if self.spot_action else None
        host = "ip-" + one.address.replace(".", "-") + f".{REGION}.compute.internal"
        return {
            "ami-id": one.image, "instance-id": one.id, "instance-type": one.type, "local-ipv4": one.address,
            "local-hostname": host, "hostname": host, "mac": "02:00:00:00:00:01",
            "placement/region": REGION, "placement/availability-zone": one.zone,
            "autoscaling/target-lifecycle-state": self.lifecycle_state, "autoscaling": "target-lifecycle-state",
            "services/domain": "amazonaws.com", "services/partition": "aws",
            "iam/security-credentials": ROLE, f"iam/security-credentials/{ROLE}": self._credentials(name),
            "iam/info": json.dumps({"Code": "Success", "LastUpdated": _time(self._issued_at), "InstanceProfileArn":
                                    f"arn:aws:iam::{ACCOUNT}:instance-profile/{ROLE}", "InstanceProfileId": "AIPAEXAMPLE"}),
        }.get(name)

    def _credentials(self, name: str) -> str:
        if not name.endswith(ROLE):
            return ""
        if self.renews and self._key.expires - time.time() < self.lifetime / 12:
            self.renew()
        key = self._key
        return json.dumps({
            "Code": "Success", "LastUpdated": _time(self._issued_at), "Type": "AWS-HMAC", "AccessKeyId": key.access_key,
            "SecretAccessKey": key.secret_key, "Token": key.token, "Expiration": _time(key.expires)}, indent=2)

    def _tag(self, name: str) -> str | None:
        if self.tags is None:
            return None
        return self.tags.get(name) if name else "\n".join(self.tags)

    def _identity_document(self) -> str:
        one = self.instance
        return json.dumps({
            "accountId": ACCOUNT, "architecture": "x86_64", "availabilityZone": one.zone, "billingProducts": None,
            "devpayProductCodes": None, "marketplaceProductCodes": None, "imageId": one.image, "instanceId": one.id,
            "instanceType": one.type, "kernelId": None, "pendingTime": one.launched.replace(" ", "T")[:19] + "Z",
            "privateIp": one.address, "ramdiskId": None, "region": REGION, "version": "2017-09-30"}, indent=2)


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class _Server(socketserver.ThreadingTCPServer):
    """Not http.server's own server: that one asks DNS for its name when it binds, and may hang there."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler], address: str) -> None:
        super().__init__((address, 0), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave while they are answered are normal: they have deadlines."""


def _handler(metadata: InstanceMetadata) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

        def answer(self) -> None:
            path = self.path.partition("?")[0]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, further = metadata.answer(self.command, path, self.headers)
            metadata.requests.append((self.command, path, status))
            lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}", "Content-Type: text/plain",
                     "Server: EC2ws", f"Content-Length: {len(body)}", *(f"{n}: {v}" for n, v in further.items())]
            head = ("\r\n".join(lines) + "\r\n\r\n").encode()
            self.wfile.write(head if self.command == "HEAD" else head + body)

        do_GET = do_PUT = do_HEAD = do_POST = answer

    return Handler
