"""The rules of the house that a compiler does not know: who may import what, and what a release may weigh."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "Sources"
SYSTEM = {"FoundationEssentials", "Dispatch", "Glibc", "Synchronization"}

# Each target, and all that its files may import.
MAY_IMPORT = {
    "HTTP": {"CCurl", *SYSTEM},
    "AWS": {"HTTP", *SYSTEM},
    "Etcd": {"HTTP", *SYSTEM},
    "Supervision": SYSTEM,
    "ClusterPlanning": set(),
    "Daemon": {"HTTP", "AWS", "Etcd", "Supervision", "ClusterPlanning", *SYSTEM},
    "etcd-cluster": {"Daemon", "Supervision", "FoundationEssentials", "Glibc"},
}
_IMPORT = re.compile(r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:package |internal |public |private )?import[ \t]+(?:(?:struct|class|enum|func)[ \t]+)?(\w+)",
    re.M)
_LARGEST_BINARY = 20_000_000


def swift_files(target: str = "") -> list[Path]:
    files = sorted((SOURCES / target).rglob("*.swift"))
    assert files, f"no Swift files in {target or 'Sources'}"
    return files


def code(file: Path) -> str:
    """The text without comments and string literals."""
    pattern = r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/'
    return re.sub(pattern, "", file.read_text())


def test_every_target_has_its_rule() -> None:
    assert {path.name for path in SOURCES.iterdir()} == {*MAY_IMPORT, "CCurl"}


@pytest.mark.parametrize("target", MAY_IMPORT)
def test_imports_stay_within_the_room(target: str) -> None:
    for file in swift_files(target):
        foreign = set(_IMPORT.findall(code(file))) - MAY_IMPORT[target]
        assert not foreign, f"{file.relative_to(PROJECT)} imports {', '.join(sorted(foreign))}"


@pytest.mark.parametrize("target,words", [
    ("HTTP", r"\b(etcd|aws|ec2|route ?53)\w*"), ("Etcd", r"\b(aws|ec2|autoscaling|route53)\w*"),
    ("Supervision", r"\b(etcd|aws|ec2)\w*"), ("AWS", r"\betcd\w*")])
def test_rooms_do_not_speak_of_each_other(target: str, words: str) -> None:
    for file in swift_files(target):
        found = re.search(words, code(file), re.I)
        # EtcdID and its like are the room's own words.
        assert not found, f"{file.relative_to(PROJECT)} says {found.group()}"


def test_decisions_are_pure() -> None:
    """Planning knows no clock, no chance, no waiting and no input."""
    for file in swift_files("ClusterPlanning"):
        found = re.search(r"\b(async|await|random|Clock|Task|print|readLine)\b", code(file))
        assert not found, f"{file.relative_to(PROJECT)} uses {found.group()}"


def test_nothing_traps_on_what_the_world_says() -> None:
    for file in swift_files():
        found = re.search(r"\btry!|\bas!|\bfatalError\(|\bTODO\b|\bFIXME\b", code(file))
        assert not found, f"{file.relative_to(PROJECT)} has {found.group()}"


def test_every_file_says_first_what_it_is_for() -> None:
    """By its first line that is no import."""
    for file in swift_files():
        lines = [line for line in file.read_text().splitlines() if line and not re.match(r"(@\w+ )?import ", line)]
        assert lines[0].startswith("//"), f"{file.relative_to(PROJECT)} begins with {lines[0]!r}"


def test_a_release_weighs_less_than_twenty_megabytes(tmp_path: Path) -> None:
    """Full Foundation would triple it."""
    binary = tmp_path / "etcd-cluster"
    shutil.copy(os.environ["ETCD_CLUSTER_BINARY"], binary)
    subprocess.run(["strip", str(binary)], check=True, timeout=60)
    print(f"{binary.stat().st_size / 1e6:.1f} MB stripped")
    assert binary.stat().st_size < _LARGEST_BINARY


def test_scripts_are_clean() -> None:
    """By shellcheck; a missing one fails."""
    scripts = [path for path in [*PROJECT.glob("script/*"), *PROJECT.glob("script/lib/*.sh"), PROJECT / ".ci" / "run"]
               if path.is_file() and (path.suffix == ".sh" or b"bash" in path.read_bytes()[:30])]
    assert len(scripts) >= 5
    judge = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([str(judge), "-x", *map(str, scripts)], capture_output=True, text=True, timeout=60,
                          cwd=PROJECT, check=False)
    assert done.returncode == 0, done.stdout


def test_the_readme_names_every_flag_and_variable() -> None:
    """And `--help`, which is made of the parser's own table, knows every flag that the README names."""
    text = subprocess.run([os.environ["ETCD_CLUSTER_BINARY"], "--help"], capture_output=True, text=True, timeout=20,
                          check=True).stdout
    readme = (PROJECT / "README.md").read_text()
    flags = set(re.findall(r"^  (--[a-z-]+)\b", text, re.M))
    variables = set(re.findall(r"\b(?:ETCD|ELASTIC_ETCD)_[A-Z_]+\b", text.split("etcd's own variables")[0]))
    assert len(flags) > 10 and len(variables) > 10
    assert not {flag for flag in flags if f"`{flag}" not in readme}
    assert not {name for name in variables if f"`{name}`" not in readme}
    assert set(re.findall(r"^\| `(--[a-z-]+)", readme, re.M)) == flags
