"""The Dockerfile, judged by hadolint; and its build context, by Swift's package manager."""

import json
import re
import shutil

import pytest
from conftest import JUDGES, ROOT, broken, run

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def findings(path):
    """Every finding of hadolint, down to matters of style, whatever the file or a configuration wants ignored."""
    verdict = run(
        JUDGES / "tools/bin/hadolint", "--no-color", "--config", "/dev/null", "--disable-ignore-pragma",
        "--failure-threshold", "style", "--format", "json", path)
    found = json.loads(verdict.stdout)
    assert (verdict.returncode == 0) == (found == []), verdict.stderr
    return found


def instructions(name):
    """What follows each `name` at the beginning of a line."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)


def test_hadolint_finds_nothing():
    assert findings(ROOT / "Dockerfile") == []


@pytest.mark.parametrize(("rule", "old", "new"), [
    ("DL3002", "USER 999:999", "USER root"),
    ("DL3007", "debian:bookworm-slim", "debian:latest"),
    ("DL3008", "'etcd-server=3.4.23-*'", "etcd-server"),
    ("DL3015", " --no-install-recommends", ""),
    ("DL3020", "COPY LICENSE", "ADD LICENSE"),
    ("DL3025", 'ENTRYPOINT ["etcd-cluster"]', "ENTRYPOINT etcd-cluster"),
])
def test_hadolint_refuses_a_broken_copy(tmp_path, rule, old, new):
    copy = tmp_path / "Dockerfile"
    copy.write_text(broken(DOCKERFILE, old, new))
    assert rule in {finding["code"] for finding in findings(copy)}


def context(folder):
    """Fills the folder with what the build stage would copy into /src, by .dockerignore's leave."""
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignore, "the list of exceptions below is read on that ground"
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copied = [source for line in instructions("COPY") if not line.startswith("--from")
              for source in line.split()[:-1]]
    assert set(copied) <= allowed, "copied, but kept out of the context"
    for source in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder)
    return folder


def described(folder, scratch):
    """Swift's reading of the package: it fails if a target lacks its folder or its sources."""
    return run("swift", "package", "--package-path", folder, "--scratch-path", scratch, "describe")


def test_the_build_context_is_a_whole_package(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    verdict = described(context(folder), tmp_path / "scratch")
    assert verdict.returncode == 0, verdict.stderr
    assert "Name: etcd-cluster" in verdict.stdout


def test_a_build_context_without_the_tests_is_none(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    shutil.rmtree(context(folder) / "Tests")
    assert described(folder, tmp_path / "scratch").returncode != 0


def test_both_stages_are_one_release_of_debian():
    build, image = (line.split()[0] for line in instructions("FROM"))
    assert build.split("-")[-1] == image.split(":")[1].removesuffix("-slim")


def test_the_compiler_reads_the_manifest():
    compiler = re.match(r"swift:(\d+)\.(\d+)-", instructions("FROM")[0]).groups()
    manifest = re.match(r"// swift-tools-version: *(\d+)\.(\d+)", (ROOT / "Package.swift").read_text()).groups()
    assert tuple(map(int, compiler)) >= tuple(map(int, manifest))


def test_the_volume_is_the_data_directory():
    directory = dict(line.split("=") for line in instructions("ENV"))["ETCD_DATA_DIR"]
    assert instructions("VOLUME") == [directory]
    assert f"--owner=etcd --group=etcd --mode=0700 {directory}\n" in DOCKERFILE


def test_the_exposed_ports_are_the_programs_defaults():
    configuration = (ROOT / "Sources/Daemon/Configuration/Configuration.swift").read_text()
    client, peer = (re.search(rf"listen{kind}URLs\) \?\? (\d+)", configuration) for kind in ("Client", "Peer"))
    report = re.search(r"statusPort = (\d+)", configuration)
    assert instructions("EXPOSE") == [" ".join(found.group(1) for found in (client, peer, report))]
