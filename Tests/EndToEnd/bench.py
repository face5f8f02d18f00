"""Measures etcd-cluster against bare etcd, and its own needs. See script/bench --help."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Callable, Sequence

from rig.bare import BareEtcds
from rig.etcd import Endpoint, await_write
from rig.fleet import Host
from rig.measure import processor_seconds_of, wakeups_of
from rig.processes import is_alive
from rig.progress import Progress
from rig.soak import INTERVAL, LIMIT_MEGABYTES, TURNS, soak
from rig.waiting import wait_until
from rig.world import World

LIMIT_CALLS_PER_HOUR = 400
# A member alone elects itself after a random part of the election timeout: up to a second that tells nothing. So both
# kinds of etcd get a short one where a single member is measured.
_SHORT_ELECTION = {"ETCD_HEARTBEAT_INTERVAL": "10", "ETCD_ELECTION_TIMEOUT": "100"}
_BARE_SHORT_ELECTION = ("etcd", "--heartbeat-interval", "10", "--election-timeout", "100")
_ZONE_READS_PER_HOUR = 6  # one each ten minutes, which no window here is long enough to see


class Stopped(KeyboardInterrupt):
    """The measuring was told to end."""


@dataclass(frozen=True)
class Extent:
    """How much is measured: repetitions, and windows in seconds."""

    pairs: int
    foundings: int
    idle_seconds: float
    turns: int


FULL = Extent(pairs=7, foundings=3, idle_seconds=60.0, turns=TURNS)
QUICK = Extent(pairs=3, foundings=1, idle_seconds=25.0, turns=60)


class Bench:
    """Each method measures one thing and adds its rows."""

    def __init__(self, binary: str, benchmarks: str, extent: Extent, directory: Path, progress: Progress) -> None:
        self._binary, self._benchmarks, self._extent = binary, benchmarks, extent
        self._directory, self._progress = directory, progress
        self._worlds = 0
        self.missed: list[str] = []

    def run(self) -> None:
        self._against_bare_etcd()
        self._alone()
        self._signing()

    def _world(self, *arguments: str, size: int = 3, starts: bool = True) -> World:
        self._worlds += 1
        return World(self._directory / f"world{self._worlds}", [self._binary, *arguments], size=size, starts=starts)

    # Against bare etcd

    def _against_bare_etcd(self) -> None:
        pairs: dict[str, list[tuple[float, float]]] = {"resume": [], "killed": [], "founding": [], "version": []}
        added: dict[str, list[float]] = {"resume": [], "killed": []}
        with self._progress.step(f"one member starts on its data, and is killed, {self._extent.pairs} times"):
            self._measure_one_member(pairs, added)
        with self._progress.step(f"three become a cluster, {self._extent.foundings} times"):
            for _ in range(self._extent.foundings):
                pairs["founding"].append(self._measure_founding())
        with self._progress.step("start of the program itself"):
            pairs["version"] = [(seconds(self._binary, "--version"), seconds("etcd", "--version")) for _ in range(15)]
        self._progress.heading("Against bare etcd in the same run (medians of interleaved pairs)")
        self._progress.table(["", "ours", "bare", "ratio", "added", "ratios seen", "pairs"], [
            compared("start on data, to serving", pairs["resume"]), compared("kill -9, to serving", pairs["killed"]),
            compared("three start, to first write", pairs["founding"]), compared("--version", pairs["version"])])
        self._progress.heading("What the supervisor adds by itself")
        self._progress.table(["", "median", "largest"], [
            alone("its start, to etcd's exec", added["resume"]), alone("kill -9 of etcd, to the next exec", added["killed"])])

    def _measure_one_member(self, pairs: dict[str, list[tuple[float, float]]], added: dict[str, list[float]]) -> None:
        with self._world(size=1, starts=False) as world:
            world.fleet.sync()
            host, bare = world.fleet.living()[0], world.bare_etcds(1, _BARE_SHORT_ELECTION)
            bare.start()
            host.start(**_SHORT_ELECTION)
            for endpoint in (host.endpoint, bare.endpoints[0]):
                wait_until("it takes a write", lambda: endpoint.put("bench", "kept"))
            for _ in range(self._extent.pairs):
                # Every pair begins with a new supervisor: the first restart is the one without a pause.
                host.stop()
                host.start(**_SHORT_ELECTION)
                pairs["resume"].append((until_serving(host.endpoint), restart(bare)))
                added["resume"].append(seconds_to_exec(host))
                pairs["killed"].append((kill_etcd(host), restart(bare)))
                added["killed"].append(seconds_down(host))

    def _measure_founding(self) -> tuple[float, float]:
        with self._world(starts=False) as world:
            world.fleet.sync()
            bare = world.bare_etcds()
            bare.start()
            without = await_write(bare.endpoints, 60)
            bare.stop()
            for host in world.fleet.living():
                host.start()
            return await_write(world.endpoints(), 60), without

    # What it needs

    def _alone(self) -> None:
        with self._progress.step(f"three at the default interval, for {self._extent.idle_seconds:.0f} s"):
            idle, calls = self._measure_idle()
        turns = self._extent.turns
        with self._progress.step(f"{turns} turns at an interval of {INTERVAL}"), self._world("--interval", INTERVAL) as world:
            soaked = soak(world, turns)
        self._progress.heading("At rest, for each supervisor (etcd itself not counted)")
        self._progress.table(["", "processor", "wake-ups", "AWS calls"], [
            [role, f"{share:.2%} of a core", f"{wakeups:.1f}/s", f"{calls[role]:.0f}/h"]
            for role, share, wakeups in idle])
        self._progress.heading(f"Resident memory over {turns} turns ({turns / TURNS:.1f} hours of them)")
        self._progress.table(["", "start", "end", "its own", "grown since the middle"], [
            [one.role, str(one.start), str(one.end), f"{one.end.anonymous / 1000:.1f} MB", f"{one.growth} kB"]
            for one in soaked])
        stripped = stripped_size(self._binary, self._directory)
        self._progress.note(f"program, stripped: {stripped / 1e6:.1f} MB")
        for one in soaked:
            self._require(one.is_within_target, f"memory under {LIMIT_MEGABYTES:.0f} MB without growth: {one}")
        total = sum(calls.values())
        self._require(total <= LIMIT_CALLS_PER_HOUR, f"at most {LIMIT_CALLS_PER_HOUR} AWS calls an hour: {total:.0f}")
        asking = [role for role, count in calls.items() if role != "leader" and count]
        self._require(not asking, f"no AWS call of a follower: {', '.join(asking)}")

    def _measure_idle(self) -> tuple[list[tuple[str, float, float]], dict[str, float]]:
        with self._world() as world:
            world.fleet.follow()
            world.await_whole()
            world.await_dns()
            time.sleep(12)  # one more turn, which finds nothing to do
            leader = world.leader()
            hosts = sorted(world.fleet.living(), key=lambda host: host is not leader)
            roles = ["leader", *(f"follower {number}" for number in range(1, len(hosts)))]
            pids = [host.supervisor.pid for host in hosts]
            began, since = time.monotonic(), time.time()
            before = [(processor_seconds_of(pid), wakeups_of(pid)) for pid in pids]
            time.sleep(self._extent.idle_seconds)
            elapsed = time.monotonic() - began
            after = [(processor_seconds_of(pid), wakeups_of(pid)) for pid in pids]
            calls = {role: calls_per_hour(world, host, since) for role, host in zip(roles, hosts)}
            idle = [(role, (now[0] - then[0]) / elapsed, (now[1] - then[1]) / elapsed)
                    for role, then, now in zip(roles, before, after)]
            return idle, calls

    # Signing

    def _signing(self) -> None:
        with self._progress.step("signing and hashing"):
            lines = subprocess.run([self._benchmarks], capture_output=True, text=True, check=True, timeout=120).stdout
            figures = {name: float(value) for name, value, _ in (line.split() for line in lines.splitlines())}
            sha256sum, openssl = sha256sum_speed(self._directory), openssl_speed()
        ours = figures["sha256"]
        self._progress.heading("Signing")
        self._progress.table(["", "", "ratio"], [
            ["SHA-256", f"{ours:.0f} MB/s", ""],
            ["  sha256sum", f"{sha256sum:.0f} MB/s", f"{ours / sha256sum:.2f}"],
            ["  openssl speed", f"{openssl:.0f} MB/s", f"{ours / openssl:.2f}"],
            ["SigV4", f"{figures['sigv4']:.0f} signatures/s", ""],
            ["XML, parsed", f"{figures['xml-parse']:.0f} MB/s", ""]])

    def _require(self, holds: bool, text: str) -> None:
        if not holds:
            self.missed.append(text)


def until_serving(endpoint: Endpoint) -> float:
    """Seconds until a linearizable read succeeds."""
    began = time.monotonic()
    wait_until(f"{endpoint.url} serves", lambda: endpoint.get("bench", timeout=1.0) == "kept", 60, interval=0.002)
    return time.monotonic() - began


def kill_etcd(host: Host) -> float:
    """Kills etcd under its supervisor, and answers the seconds until the next one serves."""
    began = time.monotonic()
    old = host.kill_etcd()
    wait_until("the killed etcd is gone", lambda: not is_alive(old), 10, interval=0.001)
    until_serving(host.endpoint)
    return time.monotonic() - began


def restart(bare: BareEtcds) -> float:
    """Kills a bare etcd, starts it at once, and answers the seconds from its start until it serves."""
    bare.stop()
    bare.start()
    return until_serving(bare.endpoints[0])


def seconds_to_exec(host: Host) -> float:
    """From the supervisor's first line to the exec of etcd, by its own clock."""
    text = host.log_text()
    began = re.findall(r'^time=(\S+) .*msg="etcd-cluster starts"', text, re.MULTILINE)[-1]
    started = re.findall(r'^time=(\S+) .*msg="etcd started"', text, re.MULTILINE)[-1]
    return (datetime.fromisoformat(started[:-1]) - datetime.fromisoformat(began[:-1])).total_seconds()


def seconds_down(host: Host) -> float:
    """How long etcd was away before its last exec, by the supervisor's own clock."""
    return float(re.findall(r'msg="etcd started".* down="([0-9.e-]+) seconds"', host.log_text())[-1])


def calls_per_hour(world: World, host: Host, since: float) -> float:
    """What a supervisor asks of AWS, extrapolated: of a call that repeats, by the time between the first and the last,
    for a window that happens to hold one more or less of them would say something else each time."""
    times: dict[str, list[float]] = {}
    for call in world.aws.calls(caller=host.id, since=since):
        times.setdefault(call.action, []).append(call.time)
    periodic = [(len(when) - 1) / (when[-1] - when[0]) * 3600 for when in times.values() if len(when) > 1]
    return sum(periodic) + (_ZONE_READS_PER_HOUR if times else 0)


def seconds(*command: str) -> float:
    began = time.monotonic()
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return time.monotonic() - began


def stripped_size(binary: str, directory: Path) -> int:
    """Bytes; of the program as it is where there is no strip(1)."""
    if not shutil.which("strip"):
        return os.path.getsize(binary)
    copy = directory / "stripped"
    subprocess.run(["strip", "-o", str(copy), binary], check=True, timeout=60)
    return copy.stat().st_size


def sha256sum_speed(directory: Path) -> float:
    """MB/s of sha256sum(1) on a file in the page cache, its start included: the best of three."""
    file = directory / "bytes"
    file.write_bytes(bytes(256 << 20))
    try:
        return (256 << 20) / 1e6 / min(seconds("sha256sum", str(file)) for _ in range(3))
    finally:
        file.unlink()


def openssl_speed() -> float:
    """MB/s of OpenSSL, which uses the processor's own instructions for it where there are any."""
    command = ["openssl", "speed", "-elapsed", "-seconds", "1", "-bytes", str(1 << 20), "-evp", "sha256"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return float(re.findall(r"^sha256\s+([0-9.]+)k", text, re.MULTILINE | re.IGNORECASE)[-1]) / 1000


def compared(title: str, pairs: Sequence[tuple[float, float]]) -> list[str]:
    ours, bare = (statistics.median(column) for column in zip(*pairs))
    ratios = sorted(one / other for one, other in pairs)
    return [title, duration(ours), duration(bare), f"{ours / bare:.2f}", f"{(ours - bare) * 1000:+.0f} ms",
            f"{ratios[0]:.2f} to {ratios[-1]:.2f}", str(len(pairs))]


def alone(title: str, values: Sequence[float]) -> list[str]:
    return [title, f"{statistics.median(values) * 1000:.1f} ms", f"{max(values) * 1000:.1f} ms"]


def duration(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def on_signal(number: int, _: object) -> None:
    raise Stopped(number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the etcd-cluster to measure")
    parser.add_argument("--benchmarks", required=True, help="the program that times signing")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    progress, began = Progress(), time.monotonic()
    load = os.getloadavg()[0]
    directory = Path(tempfile.mkdtemp(prefix="etcd-cluster-bench-"))
    try:
        bench = Bench(arguments.binary, arguments.benchmarks, QUICK if arguments.quick else FULL, directory, progress)
        bench.run()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    progress.note(f"took {time.monotonic() - began:.0f} s on {os.cpu_count()} processors; load {load:.1f} at the start, "
                  f"{os.getloadavg()[0]:.1f} at the end: the more it is, the less the figures say")
    for text in bench.missed:
        progress.verdict(False, f"target missed: {text}")
    if not bench.missed:
        progress.verdict(True, f"under {LIMIT_MEGABYTES:.0f} MB without growth, at most {LIMIT_CALLS_PER_HOUR} AWS calls "
                               "an hour, none by followers")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stopped as told:
        sys.exit(128 + told.args[0])
