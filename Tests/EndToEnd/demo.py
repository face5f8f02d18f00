"""The demo: a group of instances becomes one etcd cluster, loses its leader, and heals. See script/demo --help."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rig import processes
from rig.etcd import EtcdFailed, await_write, etcdctl
from rig.fleet import Host
from rig.progress import Progress
from rig.waiting import TimedOut, wait_until
from rig.world import World
from rig.writer import Writer

HOME = Path(__file__).resolve().parents[2] / ".build" / "demo"
KEPT = HOME / "kept.pid"
FORMING_LIMIT = 60.0
HEALING_LIMIT = 60.0
_CHANGE = "route53:ChangeResourceRecordSets"


class Stopped(KeyboardInterrupt):
    """The demo was told to end, by Ctrl-C or a signal."""


class Failed(AssertionError):
    """Something that the demo promises did not happen."""


class Demo:
    """The story, scene by scene."""

    def __init__(self, world: World, progress: Progress) -> None:
        self._world, self._progress = world, progress

    def tell(self) -> str:
        """Plays all scenes; answers the verdict's sentence."""
        formed = self._cluster_forms()
        self._dns_shows_it()
        self._key_is_written()
        healed = self._leader_is_lost()
        self._calls_were_proper()
        return f"{len(self._world.aws.running())} instances were one cluster after {formed:.1f} s, " \
               f"and whole again {healed:.1f} s after the leader's instance was terminated."

    def _cluster_forms(self) -> float:
        world = self._world
        self._progress.heading("Instances become one cluster")
        with self._progress.step(f"etcd-cluster starts on {len(world.aws.running())} instances"):
            began = time.monotonic()
            world.fleet.follow()
            wait_until("every supervisor runs", lambda: all(host.is_up() for host in world.fleet.living()), 10)
        with self._progress.step("the cluster takes a first write") as step:
            _await(world, "a write is acknowledged", lambda: await_write(world.endpoints(), 1.0) >= 0, FORMING_LIMIT)
            formed = time.monotonic() - began
            step.detail = f"{formed:.1f} s after the first start"
        with self._progress.step("every instance is a voting member"):
            _await(world, "the members are exactly the instances", world.whole, FORMING_LIMIT)
        self._members()
        return formed

    def _dns_shows_it(self) -> None:
        world = self._world
        self._progress.heading(f"DNS: {world.domain}")
        with self._progress.step("the hosted zone holds exactly the members") as step:
            _await(world, "DNS holds exactly the members",
                   lambda: world.present_records() == world.expected_records(), FORMING_LIMIT)
            step.detail = f"{len(world.aws.records())} record sets"
        self._records()
        with self._progress.step("a resolver finds them") as step:
            resolver = world.serve_dns()
            expected = sorted(host.endpoint.url for host in world.fleet.living())
            self._require(resolver.client_urls(world.domain) == expected, "SRV leads to other addresses")
            step.detail = f"dig _etcd-client._tcp.{world.domain} SRV: {len(expected)} endpoints"

    def _key_is_written(self) -> None:
        self._progress.heading("A client that knows only the DNS name")
        found = self._discovery()
        with self._progress.step(f"etcdctl {found[0]} put greeting") as step:
            found[1]("put", "greeting", "hello from the demo")
            answer = found[1]("get", "greeting", "--print-value-only").strip()
            self._require(answer == "hello from the demo", f"read {answer!r} instead")
            step.detail = f"get greeting: {answer!r}"

    def _discovery(self) -> tuple[str, Callable[..., str]]:
        """How etcdctl finds the cluster here, in words and as a function."""
        resolver = self._world.serve_dns()
        prefix = resolver.command()
        if prefix is not None:
            option = f"--discovery-srv {self._world.domain}"
            return option, lambda *words: etcdctl(*option.split(), *words, prefix=prefix)
        urls = resolver.client_urls(self._world.domain)
        self._progress.note("etcdctl asks /etc/resolv.conf only, on port 53, which takes root to serve here: "
                            "so dig asks for the SRV records and etcdctl is given what they say.")
        return f"--endpoints {','.join(urls)}", lambda *words: etcdctl(*words, endpoints=urls)

    def _leader_is_lost(self) -> float:
        world = self._world
        self._progress.heading("The leader's instance is terminated")
        leader = wait_until("an etcd leads", world.leader, 30)
        lost = leader.id
        with Writer(world.endpoints) as writer:
            wait_until("the writer writes", lambda: len(writer.acknowledged) > 50, 20)
            with self._progress.step(f"EC2 terminates {lost}, the leader, while a client writes") as step:
                began = time.monotonic()
                launched = world.aws.terminate(lost)
                wait_until("its processes are gone", lambda: not leader.processes(), 15)
                step.detail = f"the group launches {launched[0].id}"

            def since() -> float:
                return time.monotonic() - began

            with self._progress.step("another member leads") as step:
                _await(world, "another member leads", lambda: self._leads_instead(leader), HEALING_LIMIT)
                step.detail = f"{since():.1f} s after the termination"
            with self._progress.step("the dead member is removed") as step:
                _await(world, "the dead member is removed",
                       lambda: lost not in {one.name for one in world.members()}, HEALING_LIMIT)
                step.detail = f"{since():.1f} s"
            with self._progress.step("the replacement is a voting member") as step:
                _await(world, "the members are exactly the instances", world.whole, HEALING_LIMIT)
                step.detail = f"{since():.1f} s"
            with self._progress.step("DNS holds exactly the living") as step:
                _await(world, "DNS follows",
                       lambda: world.present_records() == world.expected_records(), HEALING_LIMIT)
                healed = since()
                step.detail = f"{healed:.1f} s"
        with self._progress.step("no acknowledged write is lost") as step:
            missing = writer.missing(wait_until("an etcd leads", world.leader, 30).endpoint)
            self._require(not missing, f"{len(missing)} of {len(writer.acknowledged)} are lost: {missing[:5]}")
            step.detail = f"{len(writer.acknowledged)} writes, longest pause {writer.longest_gap:.1f} s"
        with self._progress.step("a resolver finds the new ones"):
            resolver = world.serve_dns()
            expected = sorted(host.endpoint.url for host in world.fleet.living())
            wait_until("the resolver follows", lambda: resolver.client_urls(world.domain) == expected, 15)
        self._members()
        self._records()
        return healed

    def _leads_instead(self, old: Host) -> bool:
        leader = self._world.leader_now()
        return leader is not None and leader.id != old.id

    def _calls_were_proper(self) -> None:
        self._progress.heading("Calls to AWS")
        with self._progress.step("every call was signed and permitted") as step:
            calls = self._world.aws.calls()
            refused = [call for call in calls if call.error and call.status in (400, 401, 403)]
            # Of instances that claim the founding in the same moment Route 53 lets one win: that is what the record is for.
            lost = [call for call in refused if (call.action, call.error) == (_CHANGE, "InvalidChangeBatch")]
            wrong = [call for call in refused if call not in lost]
            self._require(bool(calls) and not wrong, f"of {len(calls)} calls {len(wrong)} were refused: {wrong[:3]}")
            self._require(len(lost) < len(self._world.fleet.living()), f"the record was claimed in vain too often: {lost}")
            writes = sum(call.action == _CHANGE for call in calls) - len(lost)
            step.detail = f"{len(calls)} calls, {writes} of them changed DNS or the record" + (
                f", and {len(lost)} came second with a claim to found" if lost else "")

    def _members(self) -> None:
        members = {one.name: one for one in self._world.members()}
        rows = []
        for host in self._world.fleet.living():
            member = members.get(host.id)
            try:
                status = host.endpoint.status(timeout=2)
                role = "leader" if status.is_leader else "learner" if status.is_learner else "follower"
                rows.append([host.id, host.address, member.id if member else "-", role, str(status.term),
                             str(status.revision), status.version])
            except EtcdFailed:
                rows.append([host.id, host.address, member.id if member else "-", "silent", "-", "-", "-"])
        self._progress.table(["INSTANCE", "ADDRESS", "MEMBER", "ROLE", "TERM", "REVISION", "ETCD"], rows)

    def _records(self) -> None:
        suffix = f".{self._world.aws.zone_name}."
        rows = []
        for record in self._world.aws.records():
            for index, value in enumerate(record.values):
                first = [record.name.removesuffix(suffix), record.type, str(record.ttl)] if index == 0 else ["", "", ""]
                rows.append([*first, value.rstrip(".").removesuffix(suffix.rstrip("."))])
        self._progress.table([f"RECORD{suffix.rstrip('.')}", "TYPE", "TTL", "VALUE"], rows)

    @staticmethod
    def _require(condition: bool, otherwise: str) -> None:
        if not condition:
            raise Failed(otherwise)


def _await(world: World, claim: str, condition: Callable[[], object], limit: float) -> None:
    """Waits, but not for what can't come any more: a supervisor that has ended."""
    def condition_or_end() -> object:
        for host in world.fleet.living():
            ended = host.ended()
            if ended is not None:
                raise Failed(f"etcd-cluster on {host.id} ended with code {ended}")
        return condition()

    wait_until(claim, condition_or_end, limit, fatal=Failed)


def how_to_talk(world: World, directory: Path) -> str:
    """What `--keep` prints: the endpoints, and commands that can be pasted."""
    environment = directory / "aws.env"
    environment.write_text("".join(f"export {name}='{value}'\n" for name, value in
                                   world.aws.command_line_environment().items()))
    resolver = world.serve_dns()
    endpoints = ",".join(endpoint.url for endpoint in world.endpoints())
    victim = world.fleet.living()[0].id
    return f"""
It goes on running. Talk to it:

  export ETCDCTL_API=3 ETCDCTL_ENDPOINTS={endpoints}
  etcdctl member list
  etcdctl put greeting hello
  dig @{resolver.address} -p {resolver.port} +short _etcd-client._tcp.{world.domain} SRV

Its AWS, for the AWS command line (credentials of this AWS only):

  source {environment}
  aws autoscaling describe-auto-scaling-groups --output table
  aws route53 list-resource-record-sets --hosted-zone-id {world.aws.zone_id} --output table
  aws autoscaling terminate-instance-in-auto-scaling-group --instance-id {victim} \\
      --no-should-decrement-desired-capacity
  aws autoscaling set-desired-capacity --auto-scaling-group-name {world.aws.group} --desired-capacity 5

What the instances log:

  tail -F {directory}/instances/*/log

To stop it and leave nothing behind:

  script/demo --stop
"""


def show_logs(world: World, progress: Progress, directory: Path) -> None:
    """The end of every instance's log, for a demo that failed."""
    for host in world.fleet.hosts.values():
        progress.heading(f"The end of {host.id}'s log")
        progress.plain("\n".join(host.log_text().splitlines()[-25:]) or "(it logged nothing)")
    for error in world.fleet.errors[-3:]:
        progress.note(f"the rig: {error}")
    progress.plain(f"\nAll logs and data: {directory}")


def run(arguments: argparse.Namespace, announce: Callable[[int], None]) -> int:
    """The demo from start to end. `announce` is told the exit code before a kept demo goes on running."""
    progress = Progress(colours=not arguments.no_color)
    directory = new_directory()
    world, code = None, 1
    try:
        with progress.step("AWS: a VPC on the loopback interface, an autoscaling group, a hosted zone") as step:
            world = World(directory, [arguments.binary], size=arguments.size)
            step.detail = f"{world.aws.endpoint}, instances in {world.block.network}"
        verdict = Demo(world, progress).tell()
        code = 0
        progress.verdict(True, verdict)
        if arguments.keep:
            progress.plain(how_to_talk(world, directory))
            announce(code)
            while True:
                signal.pause()
    except Stopped as stopped:
        code = code if arguments.keep and code == 0 else 128 + stopped.args[0]
        progress.plain("\nStopping ...")
    except (Failed, TimedOut, EtcdFailed, processes.ProgramFailed, RuntimeError, OSError) as error:
        progress.verdict(False, f"The demo failed: {error}")
        if world:
            show_logs(world, progress, directory)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if world:
            world.close()
        if code != 1:
            shutil.rmtree(directory, ignore_errors=True)
    return code


def new_directory() -> Path:
    """A directory for this run. Those that failed runs left, for their logs, are removed now."""
    for old in HOME.glob("run-*"):
        if not processes.is_alive(int(old.name.removeprefix("run-"))):
            shutil.rmtree(old, ignore_errors=True)
    directory = HOME / f"run-{os.getpid()}"
    directory.mkdir(parents=True)
    return directory


def keep(arguments: list[str]) -> int:
    """Plays the demo in a process of its own session that may outlive this one, which ends with the verdict."""
    if kept() is not None:
        print("A kept demo runs already; end it with script/demo --stop", file=sys.stderr)
        return 1
    HOME.mkdir(parents=True, exist_ok=True)
    verdict_read, verdict_write = os.pipe()
    worker = subprocess.Popen([sys.executable, __file__, *arguments, "--worker", str(verdict_write)],
                              stdin=subprocess.DEVNULL, pass_fds=[verdict_write], start_new_session=True)
    os.close(verdict_write)
    KEPT.write_text(str(worker.pid))
    try:
        verdict = os.read(verdict_read, 1)
    except Stopped as stopped:
        worker.terminate()
        worker.wait(timeout=60)
        return 128 + stopped.args[0]
    if verdict:
        return verdict[0]
    KEPT.unlink(missing_ok=True)
    return worker.wait(timeout=60)


def kept() -> int | None:
    """The process ID of the kept demo, if one runs."""
    try:
        pid = int(KEPT.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if b"--worker" in words and any(word.endswith(b"demo.py") for word in words) else None


def stop_kept() -> int:
    """Ends the kept demo and waits until nothing of it is left."""
    pid = kept()
    if pid is None:
        print("No demo is kept running.")
        return 0
    os.kill(pid, signal.SIGTERM)
    wait_until("the kept demo ends", lambda: not processes.is_alive(pid), 60)
    KEPT.unlink(missing_ok=True)
    print("Stopped.")
    return 0


def detach(descriptor: int) -> Callable[[int], None]:
    """For the worker of a kept demo: how it tells the verdict and lets go of the terminal."""
    def announce(code: int) -> None:
        try:
            os.write(descriptor, bytes([code]))
        except BrokenPipeError:
            raise Stopped(signal.SIGTERM) from None  # who started this is gone: nobody would ever stop it
        os.close(descriptor)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (1, 2):
            os.dup2(nothing, number)

    return announce


def on_signal(number: int, _: object) -> None:
    raise Stopped(number)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default="", help="the etcd-cluster to show")
    parser.add_argument("--size", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--no-color", action="store_true")
    parser.add_argument("--worker", type=int, default=-1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    if arguments.stop:
        return stop_kept()
    if not arguments.binary:
        parser.error("--binary is needed; script/demo builds one and passes it")
    if arguments.keep and arguments.worker < 0:
        return keep(sys.argv[1:])
    return run(arguments, detach(arguments.worker) if arguments.worker >= 0 else lambda _: None)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stopped as told:
        sys.exit(128 + told.args[0])
