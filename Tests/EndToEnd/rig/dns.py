"""The hosted zone as resolvers see it: dnsmasq, fed from Route 53, on the address where a VPC has its resolver.

On port 53 if this process may bind it, so that programs that know only /etc/resolv.conf can use it from a mount
namespace of their own; else on a high port, for clients that can be told.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from rig.aws import AWS, RecordSet
from rig.processes import Program
from rig.waiting import wait_until

_HIGH_PORT = 5353
_FOLLOW_SECONDS = 0.2


class LookupFailed(RuntimeError):
    """dig could not ask the resolver, or got no proper answer."""


class Resolver:
    """A DNS server with what the hosted zone holds, following it, on the block's resolver address."""

    def __init__(self, aws: AWS, directory: Path) -> None:
        self._aws, self._directory = aws, directory
        self.address = aws.block.resolver
        self.port = 53 if _may_bind(self.address, 53) else _HIGH_PORT
        self._records: list[RecordSet] | None = None
        self._changes = -1
        self._program: Program | None = None
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self.errors: list[str] = []
        directory.mkdir(parents=True, exist_ok=True)
        self.sync()
        self._thread = threading.Thread(target=self._run, daemon=True, name="resolver")
        self._thread.start()

    @property
    def log(self) -> Path:
        return self._directory / "dnsmasq.log"

    def sync(self) -> None:
        """Serves what the zone holds now. dnsmasq reads SRV records only when it starts, so it starts anew."""
        with self._lock:
            changes = self._aws.zone_changes()
            if changes == self._changes or self._stop.is_set():
                return
            self._records, self._changes = self._aws.records(), changes
            if self._program:
                self._program.kill_everything()
            configuration = self._directory / "dnsmasq.conf"
            configuration.write_text(self._configuration(self._records))
            self._program = Program(
                [_dnsmasq(), "--keep-in-foreground", f"--conf-file={configuration}"], dict(os.environ), self.log,
                holding=[self._aws.block.descriptor])
            wait_until("dnsmasq answers", self._answers, timeout=10, interval=0.005)

    def _configuration(self, records: list[RecordSet]) -> str:
        zone = self._aws.zone_name
        lines = [f"listen-address={self.address}", f"port={self.port}", "bind-interfaces", "no-resolv", "no-hosts",
                 "no-poll", "pid-file=", "log-facility=-", f"local=/{zone}/", f"host-record=resolver.{zone},{self.address}",
                 f"local-ttl={min((one.ttl for one in records), default=60)}", "cache-size=0"]
        if os.geteuid() == 0:
            lines.append("user=root")  # it must read its own file, wherever the rig keeps it
        for one in records:
            name = one.name.rstrip(".")
            if one.type in ("A", "AAAA"):
                lines += [f"host-record={name},{value}" for value in one.values]
            elif one.type == "SRV":
                for value in one.values:
                    priority, weight, port, target = value.split(" ")
                    lines.append(f"srv-host={name},{target.rstrip('.')},{port},{priority},{weight}")
            elif one.type == "TXT":
                lines += [f"txt-record={name},{value}" for value in one.values]
        return "\n".join(lines) + "\n"

    def _answers(self) -> bool:
        program = self._program
        if program is None or not program.is_running():
            raise LookupFailed(f"dnsmasq ended: {self.log.read_text()[-500:]}")
        return self.lookup(f"resolver.{self._aws.zone_name}", "A", timeout=1) == [self.address]

    def lookup(self, name: str, kind: str, timeout: int = 3) -> list[str]:
        """What dig gets for a name, sorted; empty if there is nothing."""
        command = ["dig", f"@{self.address}", "-p", str(self.port), "+short", f"+time={timeout}", "+tries=1",
                   "+norecurse", name, kind]
        with self._lock:  # not while dnsmasq starts anew
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout + 5, check=False)
        if done.returncode != 0:
            raise LookupFailed(f"{' '.join(command)}: {done.stdout.strip() or done.stderr.strip()}")
        return sorted(line for line in done.stdout.splitlines() if line and not line.startswith(";"))

    def client_urls(self, name: str) -> list[str]:
        """The client URLs behind `_etcd-client._tcp.<name>`, found as a client would: SRV, then A of each target."""
        urls = []
        for record in self.lookup(f"_etcd-client._tcp.{name}", "SRV"):
            _, _, port, target = record.split(" ")
            urls += [f"http://{address}:{port}" for address in self.lookup(target, "A")]
        return sorted(urls)

    def command(self) -> list[str] | None:
        """What to put in front of a command so that it sees this resolver, and none but it, in /etc/resolv.conf.

        None if that can't be done here: the resolver has no port 53, or mount namespaces are not allowed.
        """
        if self.port != 53:
            return None
        file = self._directory / "resolv.conf"
        file.write_text(f"nameserver {self.address}\noptions timeout:1 attempts:3\n")
        script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        kinds: Sequence[Sequence[str]] = (["--mount"], ["--map-root-user", "--mount"])
        for kind in kinds[0 if os.geteuid() == 0 else 1:]:
            prefix = ["unshare", *kind, "--propagation", "private", "sh", "-c", script, str(file)]
            if subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False).returncode == 0:
                return prefix
        return None

    def _run(self) -> None:
        while not self._stop.wait(_FOLLOW_SECONDS):
            try:
                self.sync()
            except Exception as error:  # kept for the verdict: this thread must go on following
                self.errors.append(repr(error))

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=15)
        if self._program:
            self._program.kill_everything()


def _dnsmasq() -> str:
    """Debian keeps dnsmasq in a directory that a normal user's PATH lacks."""
    found = shutil.which("dnsmasq", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        raise FileNotFoundError("dnsmasq is not installed (Debian package dnsmasq-base)")
    return found


def _may_bind(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
            return True
        except PermissionError:
            return False
