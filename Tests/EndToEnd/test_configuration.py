"""A wrong configuration is told whole and starts nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path


def run(binary: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary, *arguments], env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True,
                          text=True, timeout=20, check=False)


def test_every_mistake_is_listed_at_once_and_nothing_starts(binary: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = run(binary, "--interval", "soon", "--bogus", "--zone-type=both", "--", "--initial-cluster=a=http://b:1",
               ETCD_DATA_DIR=str(data), ETCD_NAME="mine", ETCD_CLUSTER_COLOUR="red", ETCD_CLUSTER_SIZE="0",
               ETCD_CONFIG_FILE="/etc/etcd.yml", ETCD_CERT_FILE="/cert.pem", HOSTED_ZONE="not a zone")
    assert done.returncode == 64
    assert done.stdout == ""
    for mistake in ("--interval", "--bogus", "--zone-type", "--initial-cluster", "ETCD_NAME", "ETCD_CLUSTER_COLOUR",
                    "ETCD_CLUSTER_SIZE", "ETCD_CONFIG_FILE", "key-file", "HOSTED_ZONE"):
        assert mistake in done.stderr, mistake
    assert not data.exists()
    assert "Fatal error" not in done.stderr and " at /" not in done.stderr, "no stack trace"


def test_help_and_version_are_plain(binary: str) -> None:
    assert "usage: etcd-cluster" in run(binary, "--help").stdout
    done = run(binary, "--version")
    assert done.returncode == 0 and done.stdout.startswith("etcd-cluster ")
