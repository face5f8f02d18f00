"""Measures a backup and a restoration of a large database against `etcdctl snapshot save` and `restore` alone, in one run.

Needs some six times the database's size on the disk of TMPDIR (default: /tmp). The bucket is on the same disk, behind a network of
2 Gbit/s. etcd's own tool is measured before the supervisor and after it, from the same start, its restore right after a plain
download, as it is done by hand. The limit: what is more than the network needs for so many bytes takes at most 1.3 times as long
as the faster of the tool's two runs, and the supervisor's memory stays flat.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from rig.disk_store import DiskStore
from rig.etcd import Endpoint, await_write, etcdctl
from rig.host import Host
from rig.measure import Memory, memory_of
from rig.progress import Progress
from rig.waiting import wait_until
from rig.world import World

LIMIT_RATIO = 1.3
LIMIT_MEGABYTES = 40.0
NETWORK = 250e6
BUCKET = "etcd-backups"
_VALUE = 1 << 20
_QUOTA = {"ETCD_QUOTA_BACKEND_BYTES": str(8 << 30), "ETCD_SNAPSHOT_COUNT": "500"}


class Stopped(KeyboardInterrupt):
    """The measuring was told to end."""


class Watch:
    """The largest resident memory of a process while it is watched; a context manager."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.start = memory_of(pid)
        self.largest = self.start
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            try:
                seen: Memory = memory_of(self._pid)
            except OSError:
                return
            if seen.total > self.largest.total:
                self.largest = seen

    def __str__(self) -> str:
        return f"{self.start} before, {self.largest} at most"


@dataclass(frozen=True)
class ByHand:
    """The seconds of a restoration without the supervisor."""

    download: float
    restore: float


class Bench:
    def __init__(self, binary: str, size: int, directory: Path, progress: Progress) -> None:
        self._binary, self._size, self._directory, self._progress = binary, size, directory, progress
        self._hollows = 0
        self.missed: list[str] = []

    def run(self) -> None:
        free = shutil.disk_usage(self._directory).free
        if free < 6 * self._size:
            raise SystemExit(f"too little room: {free / 1e9:.0f} GB free, {6 * self._size / 1e9:.0f} GB wanted at {self._directory}")
        environment = {
            **_QUOTA, "ETCD_BACKUP_BUCKET": BUCKET, "ETCD_BACKUP_KEY": "saved", "ETCD_BACKUP_INTERVAL": "1h",
            "ETCD_CLUSTER_INTERVAL": "500ms"}
        with DiskStore(self._directory / "store", NETWORK) as store, World(
                self._directory / "world", [self._binary], size=1,
                environment={**environment, "AWS_ENDPOINT_URL_S3": store.endpoint}) as world:
            world.fleet.follow()
            world.await_whole()
            host = world.fleet.living()[0]
            wait_until("the first backup is there", lambda: "backup proven" in host.log_text(), 60)
            with self._progress.step(f"filling {self._size >> 20} MiB") as step:
                self._fill(host.endpoint, step)
            # What was written is in the log too, and in memory: a restart leaves that behind.
            host.stop(120)
            host.start()
            await_write([host.endpoint], 300)
            self._backup(host, store)
            self._restore(world, host, store)

    def _fill(self, endpoint: Endpoint, step) -> None:
        address = urlsplit(endpoint.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
        count = self._size // _VALUE
        for number in range(count):
            # Not compressible, and not twice the same.
            value = base64.b64encode(os.urandom(_VALUE)).decode()
            key = base64.b64encode(f"fill/{number:08d}".encode()).decode()
            for attempt in range(20):
                connection.request("POST", "/v3/kv/put", json.dumps({"key": key, "value": value}))
                response = connection.getresponse()
                body = response.read()
                if response.status == 200:
                    break
                time.sleep(0.5 * (attempt + 1))  # etcd asks for patience while its disk is behind
            else:
                raise SystemExit(f"filling failed: {body[:200]!r}")
            step.detail = f"{number + 1} of {count}"
        connection.close()

    def _backup(self, host: Host, store: DiskStore) -> None:
        before, status = self._save_alone(host, store)
        self._even_out(store)
        store.forget_times()
        # What the supervisor does by itself: a short interval lets it begin at once.
        host.stop(120)
        host.start(ETCD_BACKUP_INTERVAL="1s")
        began = len(host.log_text())
        with self._progress.step("the supervisor's backup") as step, Watch(host.supervisor.pid) as watch:
            made = wait_until("it is made", lambda: line_after(host, began, 'msg="backup made"'), 1800, interval=0.1)
            size = int(re.search(r"bytes=([0-9]+)", made)[1])
            step.detail = f"of {size / 1e9:.2f} GB"
            proven = wait_until("it is proven", lambda: line_after(host, began, 'msg="backup proven"'), 1800, interval=0.1)
        ordered = line_after(host, began, "have a backup made")
        assert ordered is not None
        total, proof = between(ordered, made), between(made, proven)
        transfer, received = size / NETWORK, store.received
        after, _ = self._save_alone(host, store)
        alone = min(before, after)
        ratio = (total - transfer) / alone
        self._progress.heading("Backup")
        self._progress.table(["", "seconds"], [
            ["etcdctl snapshot save, alone", f"{before:.1f} before, {after:.1f} after"],
            ["etcdctl snapshot status, alone", f"{status:.1f}"],
            ["the supervisor's, from its order to \"backup made\"", f"{total:.1f}"],
            ["  of that the network needs", f"{transfer:.1f}; the store was receiving for {received:.1f}"],
            ["  the rest", f"{total - transfer:.1f}, {ratio:.2f} times the tool's own save"],
            ["", f"  {(total - transfer) / (alone + status):.2f} times save and status"],
            ["the proof, after that", f"{proof:.1f}"], ["memory of the supervisor", str(watch)]])
        self._require(ratio <= LIMIT_RATIO, f"a backup takes at most {LIMIT_RATIO} times `snapshot save`: {ratio:.2f}")
        self._require(watch.largest.megabytes < LIMIT_MEGABYTES, f"memory under {LIMIT_MEGABYTES:.0f} MB in a backup: {watch}")

    def _save_alone(self, host: Host, store: DiskStore) -> tuple[float, float]:
        """How long etcd's own tool takes to save, and to look at what it has saved: of an etcd that has just begun, as the one
        that the supervisor saves has."""
        snapshot = self._directory / "alone.db"
        self._even_out(store)
        host.stop(120)
        host.start()
        await_write([host.endpoint], 300)
        with self._progress.step("etcdctl snapshot save, then status, alone"):
            save = timed(lambda: etcdctl("snapshot", "save", str(snapshot), endpoints=[host.endpoint.url], timeout=1800))
            status = timed(lambda: etcdctl("snapshot", "status", str(snapshot), timeout=1800))
        snapshot.unlink()
        return save, status

    def _restore(self, world: World, host: Host, store: DiskStore) -> None:
        newest = max((key for key in store.objects if key.endswith(".db")), key=lambda key: store.objects[key].path.stat().st_size)
        url, size = f"{store.endpoint}/{BUCKET}/{newest}", store.objects[newest].path.stat().st_size
        # The machine that comes next has nothing of this one's in its memory, nor anything to write for it.
        host.stop(120)
        shutil.rmtree(host.data)
        self._even_out(store)
        before = self._restore_alone(url)
        self._even_out(store)
        store.forget_times()
        world.aws.ec2.terminate_instances(InstanceIds=[host.id])
        successor = wait_until("another one is there", lambda: next(
            (one for one in world.fleet.living() if one.id != host.id and one.is_up()), None))
        with self._progress.step("the supervisor's restoration"), Watch(successor.supervisor.pid) as watch:
            restored = wait_until("it is restored", lambda: line_after(successor, 0, "msg=restored"), 1800, interval=0.1)
        began = line_after(successor, 0, "msg=restoring plan=")
        assert began is not None
        total, transfer, sent = between(began, restored), size / NETWORK, store.sent
        await_write([successor.endpoint], 300)
        log = successor.log_text()
        successor.stop(120)
        shutil.rmtree(successor.data)
        self._even_out(store)
        after = self._restore_alone(url)
        alone = min(before.restore, after.restore)
        ratio = (total - transfer) / alone
        self._progress.heading("Restoration")
        self._progress.table(["", "seconds"], [
            ["a plain download", f"{before.download:.1f} before, {after.download:.1f} after"],
            ["etcdctl snapshot restore, right after it", f"{before.restore:.1f} before, {after.restore:.1f} after"],
            ["the supervisor's", f"{total:.1f}"],
            ["  of that the network needs", f"{transfer:.1f}; the store was sending for {sent:.1f}"],
            ["  the rest", f"{total - transfer:.1f}, {ratio:.2f} times the tool's own"],
            *([f"  after {seconds:.1f} s", step] for seconds, step in steps_of(log, began)),
            ["memory of the supervisor", str(watch)]])
        self._require(ratio <= LIMIT_RATIO, f"a restoration takes at most {LIMIT_RATIO} times `snapshot restore`: {ratio:.2f}")
        self._require(watch.largest.megabytes < LIMIT_MEGABYTES, f"memory under {LIMIT_MEGABYTES:.0f} MB in a restoration: {watch}")

    def _restore_alone(self, url: str) -> ByHand:
        """How long it takes by hand. What the disk has still to do for the download falls on the restore, as with the supervisor's."""
        target, fetched = self._directory / "alone", self._directory / "fetched.db"
        with self._progress.step("a plain download, then etcdctl snapshot restore"):
            download = timed(lambda: fetch(url, fetched))
            restore = timed(lambda: etcdctl("snapshot", "restore", str(fetched), "--data-dir", str(target), timeout=1800))
        fetched.unlink()
        shutil.rmtree(target)
        return ByHand(download, restore)

    def _even_out(self, store: DiskStore) -> None:
        """Gives everyone who is measured the same start: the disk has nothing to do for somebody who came before, and memory is
        taken from a cache, as on a machine that has run for a while.

        A virtual machine gives free memory back to its host within seconds, and has it again slowly. With that an etcdctl which
        needs 21 seconds took 24 or 37, by who had used how much of the memory before it. (The directory has to be on a disk: of a
        tmpfs nothing is cached.)"""
        os.sync()
        store.leave_memory()
        self._hollows += 1
        hollow = self._directory / f"hollow{self._hollows}"
        with self._progress.step("filling the memory"), hollow.open("xb") as file:
            file.truncate(free_memory())
            read_through(hollow)

    def _require(self, holds: bool, text: str) -> None:
        if not holds:
            self.missed.append(text)


def fetch(url: str, path: Path) -> None:
    """What a plain client does: to the file, and not to the disk."""
    with urlopen(url, timeout=600) as answer, path.open("xb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)


def free_memory() -> int:
    """In bytes: what neither a program nor a cache has."""
    return int(re.search(r"MemFree: +([0-9]+) kB", Path("/proc/meminfo").read_text())[1]) << 10


def read_through(path: Path) -> None:
    piece = bytearray(1 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(piece):
            pass


def timed(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def line_after(host: Host, offset: int, text: str) -> str | None:
    """The first line of a log after so many characters that holds a text."""
    return next((line for line in host.log_text()[offset:].splitlines() if text in line), None)


def between(first: str, second: str) -> float:
    """Seconds between two lines of a log."""
    moments = [datetime.fromisoformat(re.search(r"time=(\S+)Z", line)[1]) for line in (first, second)]
    return (moments[1] - moments[0]).total_seconds()


def steps_of(log: str, start: str) -> list[tuple[float, str]]:
    """What a restoration says of its steps, each with its seconds after `start`, a line of the same log."""
    lines = re.findall(r'^(time=\S+Z .*msg=restoring step="?([^"\n]+).*)$', log, re.MULTILINE)
    return [(between(start, line), step) for line, step in lines]


def on_signal(number: int, _: object) -> None:
    raise Stopped(number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the etcd-cluster to measure")
    parser.add_argument("--size", type=int, default=4096, help="of the database, in MiB (default 4096)")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    progress, began, load = Progress(), time.monotonic(), os.getloadavg()[0]
    directory = Path(tempfile.mkdtemp(prefix="etcd-cluster-bench-"))
    try:
        bench = Bench(arguments.binary, arguments.size << 20, directory, progress)
        bench.run()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    progress.note(f"took {time.monotonic() - began:.0f} s on {os.cpu_count()} processors; load {load:.1f} at the start, "
                  f"{os.getloadavg()[0]:.1f} at the end: the more it is, the less the figures say")
    for text in bench.missed:
        progress.verdict(False, f"target missed: {text}")
    if not bench.missed:
        progress.verdict(True, f"at most {LIMIT_RATIO} times etcd's own tools plus the transfer, in flat memory")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stopped as told:
        sys.exit(128 + told.args[0])
