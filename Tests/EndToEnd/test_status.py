"""`status`: what a person sees of a whole cluster, of one that is ill, and of one of which half can't be seen."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
from pathlib import Path

import pytest

from backups import OFTEN, SELDOM, MakeWorld, await_backup, command, founded, put
from rig.aws import faults
from rig.host import Host
from rig.waiting import wait_until
from rig.world import STEADY, World

QUICK = {"ETCD_CLUSTER_INTERVAL": "500ms"}


def status(host: Host) -> dict:
    done = command(host, "status", "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row(shown: dict, host: Host) -> dict:
    return next(one for one in shown["instances"] if one["instance"] == host.id)


def followers(world: World) -> list[Host]:
    leading = world.leader()
    return [one for one in world.fleet.living() if one is not leading]


def is_well(shown: dict, size: int) -> bool:
    rows = shown["instances"]
    return (len(rows) == size and all(one["healthy"] and one["dns"] == "named" and one["inRecord"] and one["report"] for one in rows)
            and shown["leader"]["deferred"] == [] and shown["dns"]["changes"] == [])


def test_a_healthy_cluster_with_backups(make_world: MakeWorld, binary: str) -> None:
    """The same from each of its instances, and nothing is changed by the look."""
    world = founded(make_world, binary, 3, {**SELDOM, **STEADY})
    backup = await_backup(world)
    world.await_dns()
    before = (world.record(), world.present_records())
    for host in world.fleet.living():
        shown = wait_until(f"all is well, as seen from {host.id}",
                           lambda host=host: next((seen for seen in [status(host)] if is_well(seen, 3)), None), 60)
        assert shown["name"] == "v1" and shown["record"]["generation"] == 1 and shown["here"] == host.id
        assert sorted(one["role"] for one in shown["instances"]) == ["leader", "voter", "voter"]
        assert row(shown, world.leader())["role"] == "leader" and shown["leader"]["instance"] == world.leader().id
        assert all(one["etcdVersion"].startswith("3.") and one["availabilityZone"] for one in shown["instances"])
        assert shown["backups"]["newestProven"]["name"] == backup.name
        assert 0 <= shown["backups"]["newestProven"]["ageSeconds"] < 600
        assert shown["leader"]["failingBackup"] is None
    text = command(world.leader(), "status")
    assert text.returncode == 0
    for words in ("3 members, 3 healthy", f"{world.leader().id} leads", "dns        says what is true", backup.name, "INSTANCE"):
        assert words in text.stdout
    assert (world.record(), world.present_records()) == before
    assert command(world.leader(), "status", "-o", "yaml").returncode == 64
    assert command(world.leader(), "status", "--yes").returncode == 64


@pytest.mark.limit(240)
def test_what_is_ill_or_hidden_is_shown_with_its_reason(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment={**QUICK, **STEADY})
    world.fleet.follow()
    world.await_whole()
    world.await_dns()
    seen_from, lost = followers(world)
    lost.crash()
    shown = wait_until("the leader says who is not healthy", lambda: next(
        (one for one in [status(seen_from)] if any(lost.id in text for text in one["leader"]["deferred"] or [])), None), 60)
    ill = row(shown, lost)
    assert ill["healthy"] is False and ill["healthReason"] and ill["state"] == "running"
    assert ill["report"] is None and ill["reportReason"]
    assert shown["backups"] is None and "no bucket" in shown["backupsReason"]
    text = command(seen_from, "status").stdout
    assert "3 members, 2 healthy" in text and f"trouble    {lost.id}: " in text and f"silent     {lost.id}: " in text
    assert "one loss away from empty" in text and f"deferred   member {lost.id}" in text

    # AWS refuses what everything else begins with: the supervisors tell the name, EC2 the instances.
    world.aws.deny("autoscaling:DescribeAutoScalingGroups")
    shown = status(seen_from)
    assert shown["group"] is None and "AccessDenied" in shown["groupReason"]
    assert shown["name"] == "v1" and shown["record"]["generation"] == 1
    assert [row(shown, one)["role"] for one in (world.leader(), seen_from, lost)] == ["leader", "voter", "voter"]
    assert row(shown, seen_from)["healthy"] and row(shown, seen_from)["state"] == "running"
    text = command(seen_from, "status").stdout
    assert "group      could not be read: " in text and "AccessDenied" in text


@pytest.mark.limit(240)
def test_a_survivor_says_what_it_waits_for(make_world: MakeWorld, binary: str) -> None:
    world = make_world([binary], environment=QUICK)
    world.fleet.follow()
    world.await_whole()
    survivor, *others = world.fleet.living()
    for other in others:
        other.crash()
    shown = wait_until("the survivor says what it waits for", lambda: next(
        (one for one in [status(survivor)] if row(one, survivor)["waitingFor"]), None), 90)
    assert shown["clusters"] == [] and shown["leader"]["reason"] == "nobody is known to lead"
    assert any(other.id in row(shown, survivor)["waitingFor"] for other in others)
    assert row(shown, survivor)["role"] == "voter" and row(shown, survivor)["healthy"] is False
    assert all(row(shown, other)["healthy"] is None and row(shown, other)["healthReason"] for other in others)
    text = command(survivor, "status").stdout
    assert "none answers" in text and f"waits      {survivor.id}: " in text


@pytest.mark.limit(240)
def test_a_backup_store_that_refuses_shows_until_it_does_not(make_world: MakeWorld, binary: str) -> None:
    """On every instance, though only the leader has tried."""
    world = founded(make_world, binary, 3, OFTEN)
    await_backup(world)
    with world.aws.fault(faults.DENIED, operations=["s3:PutObject"]):
        revision = put(world, "a")
        for host in (world.leader(), followers(world)[0]):
            shown = wait_until("it fails again and again", lambda host=host: next(
                (one for one in [status(host)] if (one["leader"]["failingBackup"] or {}).get("times", 0) >= 2), None), 60)
            failing = shown["leader"]["failingBackup"]
            assert "AccessDenied" in failing["cause"] and failing["since"].endswith("Z")
        assert "backups    failing since " in command(followers(world)[0], "status").stdout
    await_backup(world, revision)
    wait_until("nothing fails any more", lambda: status(followers(world)[0])["leader"]["failingBackup"] is None, 60)
    # A list that can't be read is no empty one.
    world.aws.deny("s3:ListBucket")
    text = command(world.leader(), "status")
    assert text.returncode == 0 and "backups    could not be read: " in text.stdout


def everything(screen: int) -> str:
    """What was written to a terminal that nobody writes to any more."""
    shown = b""
    while True:
        try:
            shown += os.read(screen, 4096)
        except OSError:  # EIO: nobody holds the other end
            os.close(screen)
            return shown.decode()


def test_who_does_not_answer_is_named_on_a_terminal_and_nowhere_else(binary: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {"PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
                       "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
        line = [binary, "plan", "--instance-id=i-0a", "--region=eu-central-1", "--address=127.0.0.9",
                f"--data-dir={tmp_path / 'data'}", "--hosted-zone=example.org", "--without-record=false"]
        screen, terminal = pty.openpty()
        watched, unwatched = (subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                               stderr=stderr, text=True) for stderr in (terminal, subprocess.PIPE))
        os.close(terminal)
        plan, complaints = unwatched.communicate(timeout=60)
        assert "could not be read" in plan and complaints == ""
        plan, _ = watched.communicate(timeout=60)
        assert "could not be read" in plan and "still" not in plan
    said = everything(screen)
    assert re.search(r"\r\d+ s, still waiting for 127\.0\.0\.1", said)
    assert said.rsplit("\r", 2)[1].isspace() and said.endswith("\r"), "it is gone again"
