"""`backup`, `backups`, `restore` and `recover --from snapshot`: what a person can do with backups, on any instance."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from backups import (BUCKET, OFTEN, PREFIX, SELDOM, MakeWorld, await_backup, command, described, founded, generation, get, lines,
                     load, put, source, stored)
from rig.aws import faults
from rig.etcd import etcdctl
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World


def follower(world: World) -> Host:
    return next(one for one in world.fleet.living() if one is not world.leader())


def watched(host: Host, *arguments: str) -> tuple[int, str]:
    """Runs a command on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([*host.command, *arguments], env={**host.environment(), "TERM": "xterm"}, stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    shown = b""
    try:
        while True:
            try:
                shown += os.read(master, 4096)
            except OSError:  # EIO: nobody holds the other end any more
                return process.wait(60), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(master)


def snapshots(host: Host) -> list[Path]:
    """What commands have made on the way."""
    return list(host.data.glob("etcd-cluster.scratch-*/*/snapshot.db"))


class TestBackup:
    def test_into_the_bucket_from_any_instance(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 3, SELDOM)
        await_backup(world)
        revision = put(world, "a")
        done = command(follower(world), "backup")
        assert done.returncode == 0, done.stderr
        newest = stored(world)[0]
        assert newest.revision == revision and newest.is_proven and newest.name in done.stdout
        again = command(world.leader(), "backup")
        assert again.returncode == 0 and "nothing has changed since" in again.stdout
        assert stored(world)[0] == newest and described(world, newest)["takenBy"] in {one.id for one in world.fleet.living()}

    def test_to_a_file(self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 3, SELDOM)
        revision = put(world, "a")
        file = tmp_path / "mine.db"
        done = command(world.leader(), "backup", "--to", str(file))
        assert done.returncode == 0 and str(file) in done.stdout, done.stderr
        status = json.loads(etcdctl("snapshot", "status", "-w", "json", str(file)))
        assert status["revision"] == revision
        refused = command(world.leader(), "backup", "--to", str(file))
        assert refused.returncode == 70 and "is there already" in refused.stderr
        relative = command(world.leader(), "backup", "--to", "here.db")
        assert relative.returncode == 0 and (world.leader().directory / "here.db").is_file(), relative.stderr

    def test_without_a_cluster(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        host = world.leader()
        host.stop()
        done = command(host, "backup")
        assert done.returncode == 1 and "no cluster answers" in done.stderr

    @pytest.mark.parametrize("fault, words", [(faults.DENIED, "AccessDenied"), (faults.FULL, "XMinioStorageFull"),
                                              (faults.RESET, "PutObject")])
    def test_store_that_refuses(self, make_world: MakeWorld, binary: str, fault: faults.Fault, words: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        put(world, "a")
        with world.aws.fault(fault, operations=["s3:PutObject"]):
            done = command(world.leader(), "backup")
        assert done.returncode == 70 and words in done.stderr

    def test_on_a_terminal_progress_is_shown(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**SELDOM, "ETCD_CLUSTER_PROVE_BACKUPS": "false"})
        await_backup(world, proven=False)
        load([world.leader().endpoint.url], 25_000, 3_000)
        code, shown = watched(world.leader(), "backup")
        print("\n" + shown)
        assert code == 0 and "100% of" in shown and "\r" in shown
        load([world.leader().endpoint.url], 10, 10, prefix="more/")
        plain = command(world.leader(), "backup")
        assert plain.returncode == 0 and "\r" not in plain.stdout + plain.stderr


class TestInterrupted:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_what_was_made_on_the_way_is_removed(self, make_world: MakeWorld, binary: str, number: int) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        put(world, "a")
        host = world.leader()
        began = time.time()
        with world.aws.fault(faults.HANG, operations=["s3:PutObject"]):
            process = subprocess.Popen([*host.command, "backup"], env=host.environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                wait_until("it uploads", lambda: world.aws.calls(host.id, "s3:PutObject", since=began) and snapshots(host))
                process.send_signal(number)
                _, said = process.communicate(timeout=30)
            finally:
                process.kill()
                process.wait()
        assert process.returncode == -number and "interrupted" in said
        assert not list(host.data.glob("etcd-cluster.scratch*"))

    def test_it_dies_by_the_signal_whichever_thread_would_get_it(self, binary: str, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
            silent.settimeout(60)
            environment = {
                "PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "ETCD_BACKUP_BUCKET": BUCKET}
            line = [binary, "backup", "--instance-id=i-0a", "--region=eu-central-1", "--address=127.0.0.9",
                    f"--data-dir={tmp_path / 'data'}", "--hosted-zone=example.org", "--without-record=false"]
            for _ in range(4):
                processes = [subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL) for _ in range(10)]
                try:
                    asking = [silent.accept()[0] for _ in processes]  # each has begun to look
                    for process in processes:
                        process.send_signal(signal.SIGINT)
                    assert [process.wait(30) for process in processes] == [-signal.SIGINT] * len(processes)
                    for connection in asking:
                        connection.close()
                finally:
                    for process in processes:
                        process.kill()
                        process.wait()

    def test_what_nohup_ignores_stays_ignored(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        put(world, "a")
        host = world.leader()
        with world.aws.fault(faults.HANG, operations=["s3:PutObject"]):
            process = subprocess.Popen(["nohup", *host.command, "backup"], env=host.environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            wait_until("it uploads", lambda: snapshots(host))
            process.send_signal(signal.SIGHUP)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and "proven" in said

    def test_question_is_no_answer(self, make_world: MakeWorld, binary: str) -> None:
        """Nobody has to press a key more."""
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        host = world.leader()
        master, slave = pty.openpty()
        process = subprocess.Popen([*host.command, "restore", "--accept-data-loss"], env=host.environment(), stdin=slave,
                                   stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        shown = b""
        try:
            while b"Do this?" not in shown:
                shown += os.read(master, 4096)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == -signal.SIGINT
        finally:
            process.kill()
            process.wait()
            os.close(master)
        assert generation(world) == 1


class TestList:
    def test_table_and_json(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 3)
        for key in ("a", "b"):
            await_backup(world, put(world, key))
        world.aws.put_object(BUCKET, f"{PREFIX}/v1/notes.txt", b"n")
        expected = stored(world)
        table = command(follower(world), "backups")
        assert table.returncode == 0, table.stderr
        rows = table.stdout.splitlines()
        assert rows[0].split() == ["GENERATION", "TIME", "REVISION", "SIZE", "KEYS", "PROVEN", "NAME"]
        assert [row.split()[-1] for row in rows[1:1 + len(expected)]] == [one.name for one in expected]
        assert "the newest proven one is" in table.stdout and "not a backup of ours: notes.txt" in table.stdout
        told = command(follower(world), "backups", "-o", "json")
        parsed = json.loads(told.stdout)
        assert [(one["name"], one["generation"], one["revision"], one["proven"]) for one in parsed] == [
            (one.name, one.generation, one.revision, one.is_proven) for one in expected]
        assert [one["keys"] for one in parsed][:2] == [2, 1]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["time"]) and one["size"] > 0 for one in parsed)

    def test_none_and_not_readable_are_two_things(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_BACKUP_INTERVAL": "0"})
        none = command(world.leader(), "backups")
        assert (none.returncode, none.stdout) == (0, "no backups\n")
        assert json.loads(command(world.leader(), "backups", "-o", "json").stdout) == []
        with world.aws.fault(faults.DENIED, operations=["s3:ListObjectsV2"]):
            denied = command(world.leader(), "backups")
        assert denied.returncode == 70 and denied.stdout == "" and "AccessDenied" in denied.stderr

    def test_without_a_bucket(self, make_world: MakeWorld, binary: str) -> None:
        world = make_world([binary], size=1)
        world.fleet.follow()
        world.await_whole()
        done = command(world.leader(), "backups")
        assert done.returncode == 64 and "--backup-bucket is not set" in done.stderr


class TestRestore:
    """Beside a cluster that lives, only where the loss is accepted."""

    def await_restored(self, world: World, expected: dict[str, str | None], number: int = 2) -> None:
        # Nobody who typed that waits for the ten minutes in which a leader reads the record by itself.
        wait_until(f"generation {number} serves", lambda: generation(world) == number and all(
            get(world, key) == value for key, value in expected.items()), 90)
        world.await_whole(120)

    def test_the_newest_beside_a_living_cluster(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 3, SELDOM)
        await_backup(world)
        put(world, "a")
        assert command(world.leader(), "backup").returncode == 0
        backup = stored(world)[0]
        put(world, "b")
        refused = command(follower(world), "restore", "--yes")
        assert refused.returncode == 1 and "accept-data-loss" in refused.stderr
        unasked = command(follower(world), "restore", "--accept-data-loss")
        assert unasked.returncode == 1 and "say --yes" in unasked.stderr
        assert generation(world) == 1 and get(world, "b") == "kept"
        done = command(follower(world), "restore", "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": None})
        assert source(world) == f"snapshot:{backup.name}"
        # The two others may lead each other for a moment longer.
        wait_until("nothing of what was there is deleted, and everybody has made way", lambda: 3 == len([
            path for host in world.fleet.living() for path in host.data.glob("aside-*")]), 90)
        world.await_whole(120)

    def test_by_revision_and_by_time(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        revisions, backups = [], []
        for key in ("a", "b", "c"):
            revisions.append(put(world, key))
            time.sleep(1.1)  # names tell seconds
            assert command(world.leader(), "backup").returncode == 0
            backups.append(stored(world)[0])
        done = command(world.leader(), "restore", "--revision", str(revisions[1]), "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": "kept", "c": None})
        moment = backups[0].taken.strftime("%Y-%m-%dT%H:%M:%SZ")
        done = command(world.leader(), "restore", "--time", moment, "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": None, "c": None}, 3)
        done = command(world.leader(), "restore", "--from", backups[2].name, "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": "kept", "c": "kept"}, 4)
        none = command(world.leader(), "restore", "--revision", "1", "--time", "2020-01-01T00:00:00Z")
        assert none.returncode == 64, none.stderr
        none = command(world.leader(), "restore", "--time", "2020-01-01T00:00:00Z", "--accept-data-loss", "--yes")
        assert none.returncode == 1 and "2020-01-01" in none.stderr

    def test_from_a_file(self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 3, SELDOM)
        put(world, "a")
        file = tmp_path / "mine.db"
        assert command(world.leader(), "backup", "--to", str(file)).returncode == 0
        put(world, "b")
        done = command(follower(world), "restore", "--from", str(file), "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": None})

    def test_from_an_object_elsewhere(self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        put(world, "a")
        file = tmp_path / "mine.db"
        assert command(world.leader(), "backup", "--to", str(file)).returncode == 0
        put(world, "b")
        world.aws.create_bucket("elsewhere")
        world.aws.put_object("elsewhere", "a/b.db", file.read_bytes())
        done = command(world.leader(), "restore", "--from", "s3://elsewhere/a/b.db", "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": None})

    def test_compressed_one(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**SELDOM, "ETCD_CLUSTER_COMPRESS_BACKUPS": "true"})
        await_backup(world)
        put(world, "a")
        assert command(world.leader(), "backup").returncode == 0
        put(world, "b")
        done = command(world.leader(), "restore", "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        self.await_restored(world, {"a": "kept", "b": None})

    def test_file_that_is_damaged_changes_nothing(self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        put(world, "a")
        file = tmp_path / "mine.db"
        assert command(world.leader(), "backup", "--to", str(file)).returncode == 0
        content = bytearray(file.read_bytes())
        content[5000] ^= 1
        file.write_bytes(content)
        before = world.aws.contents(BUCKET)
        done = command(world.leader(), "restore", "--from", str(file), "--accept-data-loss", "--yes")
        assert done.returncode == 70 and str(file) in done.stderr
        missing = command(world.leader(), "restore", "--from", str(tmp_path / "none.db"), "--accept-data-loss", "--yes")
        assert missing.returncode == 70 and "none.db" in missing.stderr
        assert generation(world) == 1 and get(world, "a") == "kept"
        assert {key: body for key, body in world.aws.contents(BUCKET).items() if key in before} == before
        assert not [key for key in world.aws.objects(BUCKET) if "imported" in key]

    def test_wrong_usage(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        host = world.leader()
        for arguments in (["restore", "--from", "member"], ["restore", "--from", "empty"], ["backup", "--to", ""],
                          ["restore", "--time", "yesterday"], ["backups", "-o", "flags"], ["restore", "--revision", "-1"]):
            done = command(host, *arguments)
            assert done.returncode == 64, (arguments, done.stderr)

    def test_names_that_are_not_there(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        done = command(world.leader(), "restore", "--from", "7-1-9-20200101T000000Z.db", "--accept-data-loss", "--yes")
        assert done.returncode == 1 and "7-1-9" in done.stderr
        with world.aws.fault(faults.DENIED, operations=["s3:ListObjectsV2"]):
            blind = command(world.leader(), "restore", "--accept-data-loss", "--yes")
        assert blind.returncode == 70 and "could not be listed" in blind.stderr


class TestRecover:
    def test_from_snapshot_where_the_supervisors_hold(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_ON_LOSS": "hold"})
        backup = await_backup(world, put(world, "a"))
        gone = world.leader()
        world.aws.terminate_at_once(gone.id)
        host = wait_until("another one is there", lambda: next(
            (one for one in world.fleet.living() if one.id != gone.id), None))
        wait_until("it waits", lambda: "msg=waiting" in host.log_text())
        time.sleep(3)
        assert generation(world) == 1
        done = command(host, "recover", "--from", "snapshot", "--yes")
        assert done.returncode == 0, done.stderr
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert generation(world) == 2 and source(world) == f"snapshot:{backup.name}"
        assert lines(world, "msg=restored")
