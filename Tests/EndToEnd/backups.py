"""What the tests of backups share: a group with a bucket, what lies in it, and loads of keys."""

from __future__ import annotations

import base64
import http.client
import json
import re
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import urlsplit

from rig.etcd import EtcdFailed
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World

MakeWorld = Callable[..., World]
BUCKET = "etcd-backups"
PREFIX = "saved"
# A backup a second, from a leader that looks twice as often.
OFTEN = {"ETCD_BACKUP_BUCKET": BUCKET, "ETCD_BACKUP_KEY": PREFIX, "ETCD_BACKUP_INTERVAL": "1s",
         "ETCD_CLUSTER_INTERVAL": "500ms"}
# The first one, and those that something else than time asks for.
SELDOM = {**OFTEN, "ETCD_BACKUP_INTERVAL": "1h"}
_NAME = re.compile(r"(\d+)-([0-9a-f]+)-(\d+)-(\d{8}T\d{6}Z)\.db(\.gz)?")


@dataclass(frozen=True)
class Stored:
    """A backup, as its name and what lies beside it tell."""

    name: str
    generation: int
    cluster: str
    revision: int
    taken: datetime
    is_described: bool
    is_proven: bool

    @property
    def key(self) -> str:
        return f"{PREFIX}/v1/{self.name}"

    @property
    def stem(self) -> str:
        return self.name.partition(".")[0]

    @property
    def order(self) -> tuple[int, int, datetime]:
        return self.generation, self.revision, self.taken


def make(make_world: MakeWorld, binary: str, size: int = 3, environment: dict[str, str] = OFTEN, *arguments: str,
         **options: object) -> World:
    """A group, not running yet, and its bucket."""
    world = make_world([binary, *arguments], size=size, environment=environment, **options)
    world.aws.create_bucket(BUCKET)
    return world


def founded(*arguments: object, **options: object) -> World:
    """The same, running."""
    world = make(*arguments, **options)
    world.fleet.follow()
    world.await_whole()
    return world


def stored(world: World) -> list[Stored]:
    """All backups, the best first."""
    prefix = f"{PREFIX}/v1/"
    names = {key.removeprefix(prefix) for key in world.aws.objects(BUCKET, prefix)}
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match:
            generation, cluster, revision, time, _ = match.groups()
            stem = name.partition(".")[0]
            taken = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
            found.append(Stored(name, int(generation), cluster, int(revision), taken, f"{stem}.json" in names,
                                f"{stem}.proof.json" in names))
    return sorted(found, key=lambda one: one.order, reverse=True)


def described(world: World, backup: Stored) -> dict:
    return json.loads(world.aws.get_object(BUCKET, f"{PREFIX}/v1/{backup.stem}.json") or b"{}")


def await_backup(world: World, revision: int = 0, proven: bool = True, timeout: float = 60.0, generation: int = 1) -> Stored:
    """Waits for a backup of at least this revision; answers the newest."""
    def look() -> Stored | None:
        return next((one for one in stored(world) if one.generation >= generation and one.revision >= revision
                     and one.is_described and (one.is_proven or not proven)), None)

    return wait_until(f"a {'proven ' if proven else ''}backup up to revision {revision} is there", look, timeout)


def put(world: World, key: str, value: str = "kept") -> int:
    """Writes through the leader; answers the revision. A write that an election has broken off is repeated."""
    return wait_until(f"{key} is written", lambda: world.leader().endpoint.put(key, value))


def get(world: World, key: str) -> str | None:
    return wait_until(f"{key} is read", lambda: [world.leader().endpoint.get(key)])[0]


def terminate_all(world: World) -> None:
    """All instances at once, in one call to EC2, past every hook."""
    world.aws.ec2.terminate_instances(InstanceIds=[one.id for one in world.aws.running()])


def record_text(world: World) -> str:
    return (world.record() or "").strip('"').replace('" "', "")


def generation(world: World) -> int:
    found = re.search(r"(?:^| )generation=(\d+)", record_text(world))
    return int(found[1]) if found else 0


def source(world: World) -> str:
    found = re.search(r"(?:^| )source=(\S*)", record_text(world))
    return found[1] if found else ""


def log(world: World) -> str:
    """What all machines have said, those that are gone too."""
    return "\n".join(host.log_text() for host in list(world.fleet.hosts.values()))


def lines(world: World, *texts: str) -> list[str]:
    """The lines of all logs that hold each of these texts."""
    return [line for line in log(world).splitlines() if all(text in line for text in texts)]


def await_said(world: World, *texts: str, timeout: float = 60.0) -> list[str]:
    return wait_until(f"somebody says {' and '.join(texts)}", lambda: lines(world, *texts), timeout)


def moment(line: str) -> datetime:
    """When a line of a log was written."""
    found = re.search(r"time=(\S+)Z", line)
    assert found, line
    return datetime.fromisoformat(found[1])


def command(host: Host, *arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command on a machine, beside what runs there, without a terminal."""
    done = subprocess.run(
        [*host.prefix, *host.command, *arguments], env={**host.environment(), "USER": "ada", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False, cwd=host.directory)
    print(f"\n$ etcd-cluster {' '.join(arguments)}  [{done.returncode}]\n{done.stdout}{done.stderr}")
    return done


# Loads of keys

_KEYS_PER_TRANSACTION = 120  # etcd takes 128 operations in one


def load(endpoints: Sequence[str], count: int, size: int, prefix: str = "load/", threads: int = 4) -> None:
    """Writes so many keys with values of `size` bytes, by transactions over the JSON gateway."""
    value = base64.b64encode(b"v" * size).decode()
    batches = [range(first, min(first + _KEYS_PER_TRANSACTION, count)) for first in range(0, count, _KEYS_PER_TRANSACTION)]
    failures: list[Exception] = []

    def run(number: int) -> None:
        address = urlsplit(endpoints[number % len(endpoints)])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            for batch in batches[number::threads]:
                operations = [{"request_put": {"key": base64.b64encode(f"{prefix}{key:08d}".encode()).decode(), "value": value}}
                              for key in batch]
                connection.request("POST", "/v3/kv/txn", json.dumps({"success": operations}))
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    raise EtcdFailed(f"HTTP {response.status}: {body[:300]!r}")
        except Exception as error:  # told below, by the thread that waits
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise failures[0]


def count_keys(world: World, prefix: str = "load/") -> int:
    """How many keys are under a prefix, by a linearizable read."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    answer = world.leader().endpoint.call("kv/range", 30, key=base64.b64encode(prefix.encode()).decode(),
                                          range_end=base64.b64encode(end.encode()).decode(), count_only=True)
    return int(answer.get("count", 0))
