"""Talking to etcd: over its JSON gateway, on its peer port, and by etcdctl."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rig.waiting import TimedOut


class EtcdFailed(RuntimeError):
    """An etcd answered with an error, or not at all; the text says which."""


class NoSuchPath(EtcdFailed):
    """404: this version of etcd does not serve that path."""


class LeaderChanged(EtcdFailed):
    """An election came in between. A read may be asked for again; of a write nobody knows whether it was done."""


@dataclass(frozen=True)
class Member:
    """A member as the cluster lists it. `id` is in hexadecimal, as etcdctl prints it."""

    id: str
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    is_learner: bool

    @property
    def is_started(self) -> bool:
        """A founding member has its name from the start; it publishes its client URLs only once it has run."""
        return bool(self.name and self.client_urls)


@dataclass(frozen=True)
class Status:
    """What one etcd says of itself. `leader` is empty if it knows none."""

    member_id: str
    cluster_id: str
    leader: str
    term: int
    revision: int
    version: str
    is_learner: bool

    @property
    def is_leader(self) -> bool:
        return self.leader == self.member_id


class Endpoint:
    """One etcd's client URL. Every call opens a connection of its own and ends within `timeout` seconds."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self.url = url
        self._timeout = timeout
        self._prefix = "/v3"

    def call(self, path: str, timeout: float | None = None, **arguments: Any) -> dict[str, Any]:
        """POSTs to the gateway, such as `call("kv/range", key=...)`."""
        body, limit = json.dumps(arguments), timeout or self._timeout
        try:
            return request(self.url, "POST", f"{self._prefix}/{path}", body, limit)
        except NoSuchPath:
            self._prefix = "/v3beta"  # etcd 3.3, which some distributions still carry
            return request(self.url, "POST", f"{self._prefix}/{path}", body, limit)

    def members(self) -> list[Member]:
        """The member list, in order of names. It is read through the leader, from 3.5 on by asking so."""
        if not self.status().leader:
            raise EtcdFailed(f"{self.url}: no leader")
        found = self.call("cluster/member/list", linearizable=True).get("members", [])
        return sorted((_member(one) for one in found), key=lambda one: one.name)

    def status(self, timeout: float | None = None) -> Status:
        answer = self.call("maintenance/status", timeout)
        header = answer["header"]
        leader = int(answer.get("leader", 0))
        return Status(_hex(header["member_id"]), _hex(header["cluster_id"]), f"{leader:x}" if leader else "",
                      int(header.get("raft_term", 0)), int(header.get("revision", 0)), answer["version"],
                      answer.get("isLearner", False))

    def put(self, key: str, value: str, timeout: float | None = None) -> int:
        """Writes, and answers the revision: the write is then acknowledged by a majority."""
        return int(self.call("kv/put", timeout, key=_coded(key), value=_coded(value))["header"]["revision"])

    def get(self, key: str, timeout: float | None = None) -> str | None:
        """Reads linearizably; None if there is no such key."""
        found = self._range(timeout, key=_coded(key))
        return _decoded(found[0]["value"]) if found else None

    def get_prefix(self, prefix: str, timeout: float = 30.0) -> dict[str, str]:
        """Reads all keys under a prefix linearizably."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        found = self._range(timeout, key=_coded(prefix), range_end=_coded(end))
        return {_decoded(one["key"]): _decoded(one.get("value", "")) for one in found}

    def _range(self, timeout: float | None, **arguments: str) -> list[dict[str, Any]]:
        began = time.monotonic()
        while True:
            try:
                return self.call("kv/range", timeout, **arguments).get("kvs", [])
            except LeaderChanged:
                if time.monotonic() - began > (timeout or self._timeout):
                    raise
                time.sleep(0.05)

    def metrics(self, url: str) -> dict[str, float]:
        """The plain numbers of a metrics listener."""
        text = fetch(url, "GET", "/metrics", None, self._timeout).decode()
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


def leader_of(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The endpoint that leads, if one of them says so."""
    for endpoint in endpoints:
        try:
            if endpoint.status(timeout=1.0).is_leader:
                return endpoint
        except EtcdFailed:
            continue  # a dead member leads nothing
    return None


def await_write(endpoints: Sequence[Endpoint], timeout: float, key: str = "rig/probe") -> float:
    """Writes through any of the endpoints as soon as one can; answers how many seconds that took."""
    began = time.monotonic()
    last = "no endpoint"
    while time.monotonic() - began < timeout:
        for endpoint in endpoints:
            try:
                endpoint.put(key, "x", timeout=1.0)
                return time.monotonic() - began
            except EtcdFailed as error:
                last = str(error)
        time.sleep(0.01)
    raise TimedOut(f"no write was acknowledged within {timeout:g} s (last: {last})")


def etcdctl(*arguments: str, endpoints: Sequence[str] = (), timeout: float = 20.0,
            prefix: Sequence[str] = ()) -> str:
    """Runs etcdctl and answers what it printed. `prefix` is a command to run it under (`rig.dns.Resolver.command`)."""
    command = [*prefix, "etcdctl", *(["--endpoints", ",".join(endpoints)] if endpoints else []), *arguments]
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("ETCDCTL_") and not name.lower().endswith("_proxy")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                              env={**environment, "ETCDCTL_API": "3"})
    except subprocess.TimeoutExpired:
        raise EtcdFailed(f"{' '.join(command)}: no end after {timeout:g} s") from None
    if done.returncode != 0:
        raise EtcdFailed(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[-800:]}")
    return done.stdout


def request(url: str, method: str, path: str, body: str | None, timeout: float) -> dict[str, Any]:
    """One call that answers JSON."""
    data = fetch(url, method, path, body, timeout)
    try:
        return json.loads(data)
    except ValueError:
        raise EtcdFailed(f"{url}{path}: no JSON: {data[:200]!r}") from None


def fetch(url: str, method: str, path: str, body: str | None, timeout: float) -> bytes:
    """One HTTP call; anything but 200 is `EtcdFailed`."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        data = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise EtcdFailed(f"{url}{path}: {error!r}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise _kind(response.status, data)(f"{url}{path}: HTTP {response.status}: {data[:300].decode(errors='replace')}")
    return data


def _kind(status: int, answer: bytes) -> type[EtcdFailed]:
    if status == 404:
        return NoSuchPath
    return LeaderChanged if b"etcdserver: leader changed" in answer else EtcdFailed


def _member(one: dict[str, Any]) -> Member:
    return Member(_hex(one["ID"]), one.get("name", ""), tuple(one.get("peerURLs", ())),
                  tuple(one.get("clientURLs", ())), one.get("isLearner", False))


def _hex(decimal: str) -> str:
    return f"{int(decimal):x}"


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
