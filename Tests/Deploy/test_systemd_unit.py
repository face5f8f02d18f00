"""deploy/etcd-cluster.service, judged by `systemd-analyze`, which needs no running systemd."""

import configparser
import re
import sys

import pytest
from conftest import ROOT, broken, run

UNIT = (ROOT / "deploy/etcd-cluster.service").read_text()
EXECUTABLE = "/usr/local/bin/etcd-cluster"
# systemd's measure of exposure, times 10: ours scores 17, the same service without any hardening 96.
EXPOSURE = 20


def written(folder, text):
    """The unit in a folder of its own, with a program that exists here in place of the one that is not installed."""
    path = folder / "etcd-cluster.service"
    path.write_text(broken(text, f"ExecStart={EXECUTABLE}\n", f"ExecStart={sys.executable}\n"))
    return path


def complaints(path):
    """What systemd has to say of the unit. Older versions exit with 0 all the same, so the words count, too."""
    verdict = run("systemd-analyze", "verify", "--man=no", path)
    said = [line for line in (verdict.stdout + verdict.stderr).splitlines() if path.name in line]
    assert verdict.returncode == 0 or said, verdict.stderr
    return said


def setting(name, section="Service"):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(UNIT)
    return parser[section].get(name)


def test_systemd_has_nothing_to_say(tmp_path):
    assert complaints(written(tmp_path, UNIT)) == []


@pytest.mark.parametrize(("old", "new"), [
    ("Restart=always", "Restart=forever"),
    ("KillMode=mixed", "KilMode=mixed"),
    ("TimeoutStopSec=90", "TimeoutStopSec=long"),
    ("SystemCallFilter=@system-service", "SystemCallFilter=@no-such-group"),
    ("StartLimitIntervalSec=0\n\n[Service]", "\n[Service]\nStartLimitIntervalSec=0"),
])
def test_systemd_refuses_a_broken_copy(tmp_path, old, new):
    assert complaints(written(tmp_path, broken(UNIT, old, new))) != []


def test_systemd_refuses_a_program_that_is_not_there(tmp_path):
    path = written(tmp_path, UNIT)
    path.write_text(broken(path.read_text(), sys.executable, "/nowhere/etcd-cluster"))
    assert any("/nowhere/etcd-cluster" in line for line in complaints(path))


def too_exposed(path):
    version = int(re.match(r"systemd (\d+)", run("systemd-analyze", "--version").stdout).group(1))
    if version < 250:
        pytest.skip(f"systemd {version} cannot judge the exposure of a unit that is not loaded (250 can)")
    verdict = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", path)
    assert "Overall exposure level" in verdict.stdout, verdict.stderr
    return verdict.returncode != 0


def test_little_is_exposed(tmp_path):
    assert not too_exposed(written(tmp_path, UNIT))


@pytest.mark.parametrize("line", ["CapabilityBoundingSet=", "SystemCallFilter=@system-service"])
def test_without_its_sandbox_too_much_is_exposed(tmp_path, line):
    assert too_exposed(written(tmp_path, broken(UNIT, f"\n{line}\n", "\n")))


def test_the_data_directory_is_the_units_own():
    directory = setting("Environment").removeprefix("ETCD_DATA_DIR=")
    assert directory == "/var/lib/" + setting("StateDirectory")


def test_a_volume_of_the_data_directory_is_mounted_first():  # F18
    assert setting("RequiresMountsFor", "Unit") == setting("Environment").removeprefix("ETCD_DATA_DIR=")


def test_the_kernels_list_of_mounts_can_be_read():
    """And the boot's ID. Hidden processes of other users are no loss."""
    assert setting("ProcSubset") in (None, "all")
    assert setting("ProtectProc") == "invisible"


def test_unit_and_image_put_the_program_in_one_place():
    assert setting("ExecStart") == EXECUTABLE
    assert re.search(rf"^COPY --from=build \S+ {EXECUTABLE}$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
