"""Backups are made while the cluster serves: from whom, when, how they lie in the bucket, and what a store that fails does to
them. It does nothing to etcd."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path

import pytest

from backups import (BUCKET, OFTEN, PREFIX, SELDOM, MakeWorld, Stored, await_backup, await_said, described, founded, generation,
                     lines, load, log, make, put, stored)
from rig.aws import ALLOWED, faults
from rig.etcd import etcdctl
from rig.host import Host
from rig.waiting import wait_until
from rig.world import STEADY, World
from rig.writer import Writer

_PUTS = ["s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart"]


def scratch(host: Host) -> list[Path]:
    """What is left beside the data of what is only made on the way."""
    place = host.data / "etcd-cluster.scratch"
    return [path for path in place.rglob("*") if path.is_file()] if place.exists() else []


def saved(world: World, backup: Stored, path: Path) -> Path:
    """A backup from the bucket, in a file."""
    body = world.aws.get_object(BUCKET, backup.key)
    assert body is not None
    path.write_bytes(gzip.decompress(body) if backup.name.endswith(".gz") else body)
    return path


class TestMaking:
    def test_backup_is_a_snapshot_of_a_follower_described_and_proven(
            self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 3, {**OFTEN, **STEADY})
        revision = put(world, "a", "1")
        backup = await_backup(world, revision)
        told = described(world, backup)
        followers = {one.id for one in world.fleet.living()} - {world.leader().id}
        assert told["takenFrom"] in followers and told["takenBy"] == world.leader().id
        assert sorted(told["voters"]) == sorted(one.id for one in world.fleet.living())
        assert (told["generation"], told["revision"], told["keys"], told["etcdVersion"]) == (1, revision, 1, "3.4.23")
        assert backup.cluster == world.leader().endpoint.status().cluster_id == told["cluster"]
        head = world.aws.head_object(BUCKET, backup.key)
        assert head["ServerSideEncryption"] == "AES256" and head["ChecksumSHA256"]
        table = etcdctl("snapshot", "status", "-w", "json", str(saved(world, backup, tmp_path / "snapshot.db")))
        assert f'"revision":{revision}' in table and f'"hash":{told["hash"]}' in table
        await_said(world, "backup proven", "hash_compared=true")
        wait_until("nothing is left of the making", lambda: not any(scratch(one) for one in world.fleet.living()))

    def test_what_has_not_changed_is_not_written_again(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        before = world.aws.objects(BUCKET)
        world.aws.forget_calls()
        turns = "autoscaling:DescribeAutoScalingGroups"
        wait_until("ten turns have passed", lambda: len(world.aws.calls(action=turns)) >= 10)
        assert world.aws.objects(BUCKET) == before
        assert not [call for call in world.aws.calls() if call.action in ("s3:PutObject", "s3:ListObjectsV2")]
        await_backup(world, put(world, "b"))
        assert set(before) < set(world.aws.objects(BUCKET)), "nothing is written over, and nothing goes"

    def test_first_one_is_made_as_soon_as_the_cluster_leads(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, SELDOM)
        await_backup(world)
        put(world, "a")
        time.sleep(4)
        assert len(stored(world)) == 1, "the next is an hour away"

    def test_new_leader_takes_over(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary)
        await_backup(world, put(world, "a"))
        first = world.leader()
        first.crash()
        wait_until("another one leads", lambda: world.leader_now() not in (None, first))
        backup = await_backup(world, put(world, "b"))
        assert described(world, backup)["takenBy"] != first.id

    def test_no_interval_no_backups(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_BACKUP_INTERVAL": "0"})
        put(world, "a")
        wait_until("it has looked around", lambda: "turn done" in log(world))
        time.sleep(3)
        assert world.aws.objects(BUCKET) == []

    def test_record_in_the_bucket_lies_beside_the_backups(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1, {**OFTEN, "HOSTED_ZONE": ""})
        world.fleet.follow()
        wait_until("it leads", world.leader)
        await_backup(world, put(world, "a"))
        assert f"{PREFIX}/v1.record" in world.aws.objects(BUCKET)
        assert b"generation=1" in (world.aws.get_object(BUCKET, f"{PREFIX}/v1.record") or b"")

    def test_unproven_by_setting(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_PROVE_BACKUPS": "false"})
        backup = await_backup(world, put(world, "a"), proven=False)
        await_backup(world, put(world, "b"), proven=False)
        assert not any(one.is_proven for one in stored(world)) and backup.is_described

    def test_compressed(self, make_world: MakeWorld, binary: str, tmp_path: Path) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_COMPRESS_BACKUPS": "true"})
        load([world.leader().endpoint.url], 2000, 500)
        backup = await_backup(world, put(world, "a"))
        assert backup.name.endswith(".db.gz")
        body = world.aws.get_object(BUCKET, backup.key) or b""
        told = described(world, backup)
        assert len(body) < told["size"] / 4
        status = etcdctl("snapshot", "status", "-w", "json", str(saved(world, backup, tmp_path / "snapshot.db")))
        assert f'"hash":{told["hash"]}' in status

    def test_with_a_key_of_ones_own(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_ENCRYPTION": "aws:kms:alias/etcd"})
        world.fleet.follow()
        await_said(world, "no backup was made", "kms:GenerateDataKey")
        world.aws.allow([*ALLOWED, "kms:GenerateDataKey", "kms:Decrypt"])
        backup = await_backup(world, put(world, "a"))
        head = world.aws.head_object(BUCKET, backup.key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/etcd")


class TestStoresThatFail:
    """Nothing is lost, the log says why, and the next turn goes on."""

    FAULTS = {
        "unreachable": (faults.RESET, r"connection|broke|reset", {}),
        "unavailable": (faults.UNAVAILABLE, r"HTTP 503", {}),
        "slow down": (faults.SLOW_DOWN, r"SlowDown", {}),
        "full": (faults.FULL, r"XMinioStorageFull", {}),
        "denied": (faults.DENIED, r"AccessDenied.*the role's policy has to allow", {}),
        "quota": (faults.Fault(faults.Kind.REFUSAL, status=403, code="QuotaExceeded", message="The quota is used up"),
                  r"QuotaExceeded", {}),
        "in a region that it does not name": (
            faults.Fault(faults.Kind.REFUSAL, status=301, code="PermanentRedirect", message="elsewhere"),
            r"PermanentRedirect", {}),
        "refuses what has arrived": (
            faults.Fault(faults.Kind.REFUSAL, status=400, code="BadDigest", message="The SHA256 you specified did not match "
                         "the calculated checksum."), r"BadDigest", {}),
    }

    @pytest.mark.parametrize("fault, words, where", FAULTS.values(), ids=FAULTS)
    def test_store_that_takes_nothing(
            self, make_world: MakeWorld, binary: str, fault: faults.Fault, words: str, where: dict) -> None:
        world = founded(make_world, binary, 3, {**OFTEN, **STEADY})
        await_backup(world, put(world, "a"))
        before = world.aws.contents(BUCKET)
        host = world.leader()
        identifier = world.aws.inject(fault, operations=_PUTS)
        with Writer(world.endpoints) as writer:
            wait_until("the client writes", lambda: len(writer.acknowledged) > 50)
            said = wait_until("it says why", lambda: [
                one for one in lines(world, "no backup was made") if re.search(words, one, re.IGNORECASE)], 60)
            count = len(writer.acknowledged)
            await_said(world, "turn done")
            wait_until("the client writes on", lambda: len(writer.acknowledged) > count + 100)
            assert "level=error" in said[0]
            assert world.aws.contents(BUCKET) == before, "what was there is untouched"
            # Between two attempts.
            wait_until("what could not be brought there is not kept here", lambda: not any(
                scratch(one) for one in world.fleet.living()))
            world.aws.lift(identifier)
            revision = writer.revisions[-1]
            backup = await_backup(world, revision, timeout=90)
        assert writer.longest_gap < 3
        assert world.leader() is host and generation(world) == 1
        assert backup.revision >= revision

    def test_store_that_does_not_answer(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        with world.aws.fault(faults.HANG, operations=_PUTS):
            revision = put(world, "b")
            wait_until("it tries", lambda: [call for call in world.aws.calls(action="s3:PutObject") if call.fault])
            for _ in range(3):
                put(world, "c")
        await_backup(world, revision, timeout=90)

    def test_list_that_is_refused_is_not_an_empty_one(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1)
        world.aws.inject(faults.DENIED, operations=["s3:ListObjectsV2"])
        world.fleet.follow()
        # Nothing was ever there, yet nobody can tell: the founding waits.
        await_said(world, "the backups could not be listed", "AccessDenied")
        assert not any(one.etcd() for one in world.fleet.living())
        world.aws.lift()
        world.await_whole()
        await_backup(world, put(world, "a"))

    def test_list_that_is_refused_later_keeps_backups_from_being_made_and_purged(
            self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_RETENTION": "1s,1s,1s"})
        await_backup(world, put(world, "a"))
        wait_until("the purging rests", lambda: len(stored(world)) == 1, 30)
        host = world.leader()
        before = world.aws.contents(BUCKET)
        world.aws.deny("s3:ListBucket")
        host.stop()
        host.start()
        wait_until("it leads again", world.leader_now)
        put(world, "b")
        await_said(world, "no backup is made: those that are there could not be listed", "AccessDenied")
        assert world.aws.contents(BUCKET) == before
        world.aws.allow(ALLOWED)
        await_backup(world, put(world, "c"))

    @pytest.mark.parametrize("fault", [faults.LOST_ANSWER, faults.CUT, faults.TRUNCATED], ids=["lost", "cut off", "short"])
    def test_answer_that_never_came_is_looked_for(self, make_world: MakeWorld, binary: str, fault: faults.Fault) -> None:
        """What was written is not written again, and counts."""
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        world.aws.inject(fault, operations=["s3:PutObject"], times=1)
        backup = await_backup(world, put(world, "b"))
        assert len([one for one in stored(world) if one.revision == backup.revision]) == 1
        assert not lines(world, "no backup was made")

    def test_list_that_is_cut_off_is_not_a_list(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1)
        with world.aws.fault(faults.CUT, operations=["s3:ListObjectsV2"]):
            world.fleet.follow()
            await_said(world, "the backups could not be listed")
            assert not any(one.etcd() for one in world.fleet.living())
        world.await_whole()

    def test_bucket_in_another_region_is_followed(self, make_world: MakeWorld, binary: str) -> None:
        world = make_world([binary], size=1, environment=OFTEN)
        world.aws.create_bucket(BUCKET, region="us-west-2")
        world.fleet.follow()
        world.await_whole()
        await_backup(world, put(world, "a"))
        assert [call for call in world.aws.calls() if call.status == 301]

    def test_bucket_that_is_not_there_is_named(self, make_world: MakeWorld, binary: str) -> None:
        world = make_world([binary], size=1, environment=OFTEN)
        world.fleet.follow()
        await_said(world, "NoSuchBucket")
        assert not any(one.etcd() for one in world.fleet.living())
        world.aws.create_bucket(BUCKET)
        world.await_whole()

    def test_supervisor_killed_in_the_middle_of_an_upload(self, make_world: MakeWorld, binary: str) -> None:
        """The upload arrives in the end, and nobody has described it: it does no harm, and the next turn goes on."""
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        host = world.leader()
        identifier = world.aws.inject(faults.HANG, operations=["s3:PutObject"])
        world.aws.forget_calls()
        put(world, "b")
        wait_until("it uploads", lambda: [call for call in world.aws.calls(action="s3:PutObject") if call.fault])
        assert scratch(host), "the snapshot lies beside the data"
        host.kill_supervisor()
        host.start()
        wait_until("nothing is left of it", lambda: not scratch(host))
        world.aws.lift(identifier)
        wait_until("it leads", world.leader)
        backup = await_backup(world, put(world, "c"))
        assert host.endpoint.get("b") == "kept" and backup.generation == 1
        assert len({one.key for one in stored(world)}) == len(stored(world))

    @pytest.mark.limit(240)
    def test_supervisor_killed_in_the_middle_of_an_upload_in_parts(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        host = world.leader()
        identifier = world.aws.inject(faults.HANG, operations=["s3:UploadPart"])
        load([host.endpoint.url], 30_000, 3_000)
        wait_until("it uploads a part", lambda: [c for c in world.aws.calls(action="s3:UploadPart") if c.fault], 90)
        host.kill_supervisor()
        assert not [one for one in stored(world) if one.revision > 10_000], "there is no part of an object"
        host.start()
        world.aws.lift(identifier)
        wait_until("it leads", world.leader)
        backup = await_backup(world, put(world, "b"), timeout=120)
        assert described(world, backup)["keys"] == 30_002
        head = world.aws.head_object(BUCKET, backup.key)
        assert head["ChecksumSHA256"].partition("-")[2] in ("2", "3"), "in parts, of 64 MiB"
        print(f"\nleft for the bucket's lifecycle rule: {world.aws.uploads(BUCKET)}")

    def test_upload_in_parts_that_fails_is_aborted(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_PROVE_BACKUPS": "false"})
        await_backup(world, put(world, "a"), proven=False)
        identifier = world.aws.inject(faults.FULL, operations=["s3:UploadPart"])
        load([world.leader().endpoint.url], 25_000, 3_000)
        await_said(world, "no backup was made", "XMinioStorageFull", timeout=90)
        wait_until("it is aborted", lambda: world.aws.calls(action="s3:AbortMultipartUpload"))
        world.aws.lift(identifier)
        await_backup(world, put(world, "b"), proven=False, timeout=120)
        wait_until("nothing unfinished is left", lambda: world.aws.uploads(BUCKET) == [])


class TestKeeping:
    def test_old_ones_go_and_the_newest_proven_one_stays(self, make_world: MakeWorld, binary: str) -> None:
        """Two kinds of names: all that is left has its description, and nothing is left of what went."""
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_RETENTION": "5s,10s,15s"})
        first = await_backup(world, put(world, "0"))
        for number in range(1, 6):
            await_backup(world, put(world, str(number)))
        wait_until("the first one goes", lambda: first.key not in world.aws.objects(BUCKET), 90)
        # Now the last proven one grows old, while what comes after it can't be proven.
        newest = await_backup(world, put(world, "proven"))
        wait_until("only the newest is left", lambda: [one.key for one in stored(world)] == [newest.key], 90)
        assert newest.is_proven
        assert world.aws.objects(BUCKET) == [newest.key, *sorted(
            f"{PREFIX}/v1/{newest.stem}{ending}" for ending in (".json", ".proof.json"))]

    def test_proven_one_stays_however_old(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_RETENTION": "3s,4s,5s"})
        proven = await_backup(world, put(world, "proven"))
        host = world.leader()
        host.stop()
        host.start(ETCD_CLUSTER_PROVE_BACKUPS="false")
        wait_until("it leads", world.leader)
        later = [await_backup(world, put(world, str(number)), proven=False) for number in range(4)]
        wait_until("others have gone", lambda: {later[0].key, later[1].key}.isdisjoint(world.aws.objects(BUCKET)), 60)
        assert [one.key for one in stored(world)][-1] == proven.key and proven.is_proven
        assert stored(world)[0].key == later[-1].key

    def test_delete_that_is_refused_is_told_and_disturbs_nothing(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_RETENTION": "2s,2s,2s"})
        world.aws.deny("s3:DeleteObject")
        first = await_backup(world, put(world, "a"))
        await_backup(world, put(world, "b"))
        await_said(world, "DeleteObject", "AccessDenied")
        await_backup(world, put(world, "c"))
        assert first.key in world.aws.objects(BUCKET)
        world.aws.allow(ALLOWED)
        # What was refused is not asked for again for half a minute.
        wait_until("it goes once it may", lambda: first.key not in world.aws.objects(BUCKET), 90)

    def test_others_objects_are_left_alone(self, make_world: MakeWorld, binary: str) -> None:
        """Under the prefix, and with names that nearly fit; of other clusters, whose names begin as ours."""
        world = make(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_BACKUP_RETENTION": "1s,1s,1s"})
        world.fleet.follow()
        world.await_whole()
        first = await_backup(world, put(world, "0"))
        strangers = {f"{PREFIX}/v1/notes.txt": b"n", f"{PREFIX}/v1/1-zz-1-20200101T000000Z.db": b"z",
                     f"{PREFIX}/v10/1-1-1-20200101T000000Z.db": b"other", f"{PREFIX}/v1.txt": b"t",
                     f"{PREFIX}/v1/1-1-1-20200101T000000Z.db.old": b"old"}
        for key, body in strangers.items():
            world.aws.put_object(BUCKET, key, body)
        for number in range(3):
            await_backup(world, put(world, str(number)))
        wait_until("the first one goes", lambda: first.key not in world.aws.objects(BUCKET), 60)
        held = world.aws.contents(BUCKET)
        assert {key: held.get(key) for key in strangers} == strangers


class TestMetrics:
    def test_nothing_is_told_unless_asked_for(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        time.sleep(2)
        assert world.aws.metrics() == [] and not world.aws.calls(action="cloudwatch:PutMetricData")

    def test_cloudwatch_is_told_as_the_older_tool_did(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_METRICS_NAMESPACE": "Local/etcd"})
        world.fleet.follow()
        world.await_whole()
        wait_until("a figure is there", lambda: world.aws.metrics("Local/etcd"), 90)
        told = {one.name: one for one in wait_until(
            "all figures are there", lambda: [one for one in world.aws.metrics("Local/etcd")]
            if {one.name for one in world.aws.metrics("Local/etcd")} >= {"BackupKeyCount", "BackupAge", "BackupSize"} else None,
            100, interval=0.5)}
        assert {one.unit for one in told.values()} == {"Count", "Seconds", "Bytes"}
        assert all(one.dimensions == {"AutoScalingGroupName": world.aws.group} for one in told.values())
        assert 0 <= told["BackupAge"].value < 120 and told["BackupSize"].value > 10_000

    def test_cloudwatch_that_refuses_disturbs_nothing(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_METRICS_NAMESPACE": "Local/etcd"})
        world.aws.deny("cloudwatch:PutMetricData")
        world.fleet.follow()
        world.await_whole()
        await_backup(world, put(world, "a"))
        await_said(world, "PutMetricData", "AccessDenied", timeout=90)
        await_backup(world, put(world, "b"))


class TestBeforeARemoval:
    def test_backup_is_made_before_a_voter_is_removed(self, make_world: MakeWorld, binary: str) -> None:
        """Best effort: when the last is older than a minute."""
        world = founded(make_world, binary, 3, SELDOM)
        first = await_backup(world)
        put(world, "a")
        host = world.leader()
        victim = next(one for one in world.fleet.living() if one is not host)
        time.sleep(max(0.0, 61 - (time.time() - first.taken.timestamp())))
        revision = put(world, "b")
        world.aws.terminate(victim.id)
        backup = await_backup(world, revision)
        world.await_whole()
        order = lines(world, "msg=acting", "have a backup made")
        assert any("a voter is about to be removed" in line for line in order), order
        assert described(world, backup)["takenFrom"] != victim.id

    def test_removal_does_not_wait_for_a_store_that_hangs(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 3, SELDOM)
        first = await_backup(world)
        put(world, "a")
        host = world.leader()
        victim = next(one for one in world.fleet.living() if one is not host)
        time.sleep(max(0.0, 61 - (time.time() - first.taken.timestamp())))
        with world.aws.fault(faults.HANG, services=["s3"]):
            world.aws.terminate(victim.id)
            began = time.monotonic()
            wait_until("it is no member", lambda: victim.id not in {one.name for one in world.members()}, 30)
            print(f"\nremoved within {time.monotonic() - began:.1f} s, the store hanging")
        world.await_whole(90)
