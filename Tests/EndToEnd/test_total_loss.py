"""Every member is lost at once: the next generation begins with the newest backup that can be restored, without a hand, and
never with nothing while there is one."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator

import pytest

from backups import (BUCKET, OFTEN, PREFIX, SELDOM, MakeWorld, await_backup, await_said, command, count_keys, described, founded,
                     generation, get, lines, load, make, moment, put, source, stored, terminate_all)
from rig.aws import faults
from rig.host import Host
from rig.waiting import wait_until
from rig.world import World
from rig.writer import Writer


def lone(world: World) -> Host:
    """The only machine that lives."""
    def look() -> Host | None:
        living = world.fleet.living()
        return living[0] if len(living) == 1 and living[0].id in {one.id for one in world.aws.running()} else None

    return wait_until("one machine lives", look)


def lose_all(world: World) -> None:
    """All instances end, and others are up."""
    before = {one.id for one in world.fleet.living()}
    terminate_all(world)
    wait_until("they are gone, and others are there", lambda: world.fleet.living() and not before & {
        one.id for one in world.fleet.living()})


def restoration(world: World) -> tuple[float, float]:
    """How long the last restoration took, and how much of it etcd's own program, by its log."""
    steps = lines(world, "msg=restoring", "step=")
    here = next(line for line in reversed(steps) if "are here" in line)
    made = next(line for line in reversed(steps) if "etcd's data are made" in line)
    began = next(line for line in reversed(lines(world, "msg=restoring", "plan=")))
    ended = lines(world, "msg=restored")[-1]
    return ((moment(ended) - moment(began)).total_seconds(), (moment(made) - moment(here)).total_seconds())


class TestWithoutAHand:
    @pytest.mark.limit(420)
    @pytest.mark.measured
    def test_three_of_three_with_100_000_keys(self, make_world: MakeWorld, binary: str) -> None:
        """Everything up to the last backup is back."""
        world = founded(make_world, binary, 3, {**OFTEN, "ETCD_BACKUP_INTERVAL": "5s"})
        load([one.url for one in world.endpoints()], 100_000, 600)
        with Writer(world.endpoints) as writer:
            wait_until("the client writes", lambda: len(writer.acknowledged) > 100)
            loaded = await_backup(world, writer.revisions[-1], timeout=150)
            wait_until("it writes more", lambda: writer.revisions[-1] > loaded.revision + 100)
            began = time.monotonic()
            lose_all(world)
        wait_until("it serves again", lambda: put(world, "after"), 150)
        serving = time.monotonic() - began
        world.await_whole(150)
        whole = time.monotonic() - began
        newest = [one for one in stored(world) if one.generation == 1][0]
        assert source(world) == f"snapshot:{newest.name}" and generation(world) == 2
        assert newest.revision >= loaded.revision
        assert count_keys(world) == 100_000
        assert writer.missing(world.leader().endpoint, up_to=newest.revision) == []
        lost = [one for one in writer.revisions if one > newest.revision]
        took, tool = restoration(world)
        assert 0 < tool < took
        size = world.aws.head_object(BUCKET, newest.key)["ContentLength"] / 1e6
        print(f"\n100,000 keys, {size:.0f} MB: serves {serving:.1f} s after the loss of all three, three voters after {whole:.1f} s;"
              f"\nof that the restoration {took:.1f} s, and of that etcd's own program {tool:.1f} s ({tool / serving:.0%} of the way "
              f"to serving);\n{len(writer.acknowledged)} acknowledged writes, of which the last {len(lost)}, after the last backup, "
              "are gone")
        world.await_dns()

    @pytest.mark.limit(420)
    def test_from_three_to_none_and_back_loses_nothing_at_all(self, make_world: MakeWorld, binary: str) -> None:
        """The client writes until nobody takes anything any more."""
        world = make(make_world, binary, 3, SELDOM)
        world.aws.put_hook("terminating", 120)
        world.fleet.follow()
        world.await_whole()
        load([one.url for one in world.endpoints()], 10_000, 100)
        with Writer(world.endpoints) as writer:
            wait_until("the client writes", lambda: len(writer.acknowledged) > 100)
            went = [one.id for one in world.aws.running()]
            began = time.monotonic()
            world.aws.set_desired_capacity(0)
            wait_until("no instance is left", lambda: not world.aws.running(), 180)
            emptied = time.monotonic() - began
        results = {one.instance: one.result for one in world.aws.lifecycle_events() if one.kind in ("complete", "timeout")}
        assert results == dict.fromkeys(went, "CONTINUE")
        newest = stored(world)[0]
        assert newest.revision >= writer.revisions[-1]
        began = time.monotonic()
        world.aws.set_desired_capacity(3)
        world.await_whole(150)
        leader = world.leader()
        assert writer.missing(leader.endpoint) == [] and count_keys(world) == 10_000
        assert generation(world) == 2 and source(world) == f"snapshot:{newest.name}"
        print(f"\nthree to none {emptied:.1f} s, none to three {time.monotonic() - began:.1f} s; "
              f"{len(writer.acknowledged)} acknowledged writes, none of them lost")

    @pytest.mark.limit(300)
    def test_the_last_one_is_held_until_its_backup_is_there(self, make_world: MakeWorld, binary: str) -> None:
        """The store is down while the group is emptied: the hook is held, and nothing is lost."""
        world = make(make_world, binary, 1, SELDOM)
        world.aws.put_hook("terminating", 20)
        world.fleet.follow()
        world.await_whole()
        await_backup(world)
        put(world, "last")
        host = lone(world)
        with world.aws.fault(faults.UNAVAILABLE, services=["s3"]):
            world.aws.set_desired_capacity(0)
            await_said(world, "is held, though it is to leave", timeout=90)
            wait_until("it asks for time", lambda: [
                one.kind for one in world.aws.lifecycle_events(host.id)].count("heartbeat") >= 3, 90)
            assert world.aws.instance(host.id).state == "running"
        wait_until("then it goes", lambda: not world.aws.running(), 90)
        world.aws.set_desired_capacity(1)
        world.await_whole(90)
        assert get(world, "last") == "kept"

    @pytest.mark.limit(300)
    def test_the_last_backup_that_can_not_be_brought_there_is_tried_again(
            self, make_world: MakeWorld, binary: str) -> None:
        """Its etcd serves nobody any more; the store takes nothing for a while, or hangs, or the supervisor is killed."""
        world = make(make_world, binary, 1, SELDOM)
        world.aws.put_hook("terminating", 60)
        world.fleet.follow()
        world.await_whole()
        await_backup(world)
        revision = put(world, "last")
        host = lone(world)
        identifier = world.aws.inject(faults.FULL, target=".db")
        world.aws.set_desired_capacity(0)
        await_said(world, "the last backup was not made", "XMinioStorageFull", timeout=90)
        assert host.is_up() and world.aws.instance(host.id).state == "running"
        host.kill_supervisor()
        host.start()
        world.aws.lift(identifier)
        wait_until("then it goes", lambda: not world.aws.running(), 120)
        assert stored(world)[0].revision >= revision
        world.aws.set_desired_capacity(1)
        world.await_whole(90)
        assert get(world, "last") == "kept"

    @pytest.mark.limit(300)
    def test_a_group_that_wants_one_after_all_is_served_again(self, make_world: MakeWorld, binary: str) -> None:
        """While its last member is being seen off the group is scaled up: the data are handed over or restored, not lost."""
        world = make(make_world, binary, 1, SELDOM)
        world.aws.put_hook("terminating", 60)
        world.fleet.follow()
        world.await_whole()
        put(world, "last")
        with world.aws.fault(faults.UNAVAILABLE, services=["s3"]):
            world.aws.set_desired_capacity(0)
            await_said(world, "is held, though it is to leave", timeout=90)
        world.aws.set_desired_capacity(1)
        wait_until("one is in service", lambda: len(world.aws.in_service()) == 1, 120)
        wait_until("it serves", lambda: get(world, "last") == "kept", 120)

    @pytest.mark.limit(240)
    @pytest.mark.parametrize("first", [False, True], ids=["after a loss", "first start"])
    def test_restored_member_that_does_not_lead_yet_is_waited_for(
            self, make_world: MakeWorld, binary: str, first: bool) -> None:
        """Until then its etcd calls nothing committed, though it holds everything: nobody begins another generation, which would
        lose what this one takes."""
        slow = {**OFTEN, "ETCD_HEARTBEAT_INTERVAL": "500", "ETCD_ELECTION_TIMEOUT": "5000"}
        world = founded(make_world, binary, 1, slow)
        backup = await_backup(world, put(world, "a"))
        held = world.aws.contents(BUCKET)
        if first:
            world.close()
            world = make(make_world, binary, 3, slow)
            for key, body in held.items():
                world.aws.put_object(BUCKET, key, body)
            world.fleet.follow()
        else:
            world.aws.update_group(DesiredCapacity=3)
            world.await_whole(90)
            backup = await_backup(world, put(world, "b"))
            lose_all(world)
        wait_until("it serves", lambda: put(world, "after"), 90)
        world.await_whole(120)
        assert get(world, "a") == get(world, "after") == "kept"
        begun = [line for line in lines(world, "msg=restoring", "plan=")]
        assert len(begun) == 1, begun
        assert generation(world) == 2 and source(world) == f"snapshot:{backup.name}"

    def test_group_of_one_with_hooks_is_handed_over(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1)
        world.aws.put_hook("terminating", 120)
        world.fleet.follow()
        world.await_whole()
        await_backup(world, put(world, "a"))
        before = world.leader().endpoint.status().cluster_id
        with Writer(world.endpoints) as writer:
            wait_until("the client writes", lambda: len(writer.acknowledged) > 20)
            successor, = world.aws.terminate(lone(world).id)
            wait_until("the successor is all there is", lambda: {one.id for one in world.aws.running()} == {successor.id}, 90)
        world.await_whole(60)
        host = world.fleet.host(successor.id)
        assert writer.missing(host.endpoint) == [] and host.endpoint.get("a") == "kept"
        assert host.endpoint.status().cluster_id == before
        assert generation(world) == 1 and not lines(world, "msg=restoring")

    def test_group_of_one_without_hooks_is_restored(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        backup = await_backup(world, put(world, "a"))
        lose_all(world)
        world.await_whole(90)
        assert get(world, "a") == "kept"
        assert generation(world) == 2 and source(world) == f"snapshot:{backup.name}"
        again = await_backup(world, put(world, "b"), generation=2)
        assert again.order > backup.order and again.cluster != backup.cluster
        lose_all(world)
        wait_until("it is restored once more", lambda: get(world, "b") == "kept", 90)
        assert generation(world) == 3 and get(world, "a") == "kept"

    def test_record_in_the_bucket(self, make_world: MakeWorld, binary: str) -> None:
        world = make(make_world, binary, 1, {**OFTEN, "HOSTED_ZONE": ""})
        world.fleet.follow()
        wait_until("it leads", world.leader)
        await_backup(world, put(world, "a"))
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert b"generation=2" in (world.aws.get_object(BUCKET, f"{PREFIX}/v1.record") or b"")

    @pytest.mark.parametrize("size", [1, 3])
    def test_first_start_of_a_new_group_beside_backups(self, make_world: MakeWorld, binary: str, size: int) -> None:
        """There is no record of anything: what is there is restored, as the old tool did."""
        first = founded(make_world, binary, 1)
        backup = await_backup(first, put(first, "a"))
        held = first.aws.contents(BUCKET)
        first.close()
        world = make(make_world, binary, size)
        for key, body in held.items():
            world.aws.put_object(BUCKET, key, body)
        world.fleet.follow()
        world.await_whole(90)
        assert get(world, "a") == "kept"
        assert source(world) == f"snapshot:{backup.name}" and generation(world) == 2
        assert await_backup(world, put(world, "b"), generation=2).order > backup.order
        assert {key: body for key, body in world.aws.contents(BUCKET).items() if key in held} == held

    def test_compressed_backup_is_restored(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_COMPRESS_BACKUPS": "true"})
        backup = await_backup(world, put(world, "a"))
        assert backup.name.endswith(".db.gz")
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    def test_bucket_in_another_region(self, make_world: MakeWorld, binary: str) -> None:
        world = make_world([binary], size=1, environment=OFTEN)
        world.aws.create_bucket(BUCKET, region="us-west-2")
        world.fleet.follow()
        world.await_whole()
        await_backup(world, put(world, "a"))
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    def test_survivor_counts_more_than_any_backup(self, make_world: MakeWorld, binary: str) -> None:
        """Two of three go, and what the third holds is newer than the bucket."""
        world = founded(make_world, binary, 3, SELDOM)
        await_backup(world)
        put(world, "after the backup")
        survivor, *victims = world.fleet.living()
        for victim in victims:
            world.aws.terminate_at_once(victim.id)
        wait_until("it is carried on", lambda: generation(world) == 2, 120)
        world.await_whole(120)
        assert get(world, "after the backup") == "kept" and source(world).startswith("member")
        assert not lines(world, "msg=restoring")


class TestDamage:
    """The newest backup is spoilt: the one before has to do, loudly."""

    @pytest.mark.parametrize("unnoticed", [True, False], ids=["its checksum as before", "with a checksum that fits"])
    @pytest.mark.parametrize("damage", ["a bit flipped", "truncated", "empty"])
    def test_older_proven_one_is_used(self, make_world: MakeWorld, binary: str, damage: str, unnoticed: bool) -> None:
        world = founded(make_world, binary, 1)
        older = await_backup(world, put(world, "a"))
        newer = await_backup(world, put(world, "b"))
        size = world.aws.head_object(BUCKET, newer.key)["ContentLength"]
        if damage == "a bit flipped":
            # In the middle of a page that is used: etcd's own hash of it all stands at the end.
            world.aws.flip_bit(BUCKET, newer.key, size // 2, unnoticed)
        else:
            world.aws.truncate_object(BUCKET, newer.key, size // 2 if damage == "truncated" else 0, unnoticed)
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert get(world, "b") is None
        said = lines(world, "a backup is spoilt", newer.name)
        print("\n" + "\n".join(said))
        assert said and all("level=error" in line for line in said)
        assert source(world) == f"snapshot:{older.name}" and generation(world) == 2
        assert newer.key in world.aws.objects(BUCKET), "spoilt or not, it is not ours to delete"

    def test_three_agree_on_the_older_one(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 3)
        await_backup(world, put(world, "a"))
        newer = await_backup(world, put(world, "b"))
        world.aws.flip_bit(BUCKET, newer.key, 5000)
        lose_all(world)
        world.await_whole(120)
        assert get(world, "a") == "kept" and get(world, "b") is None
        assert len({host.endpoint.status().cluster_id for host in world.fleet.living()}) == 1

    def test_description_that_contradicts(self, make_world: MakeWorld, binary: str) -> None:
        """Whole, but not what was saved: another snapshot lies under the name."""
        world = founded(make_world, binary, 1)
        older = await_backup(world, put(world, "a"))
        newer = await_backup(world, put(world, "b"))
        world.aws.put_object(BUCKET, newer.key, world.aws.get_object(BUCKET, older.key))
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert lines(world, "a backup is spoilt", "another hash")
        assert source(world) == f"snapshot:{older.name}"

    def test_description_that_is_lost_is_no_obstacle(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        backup = await_backup(world, put(world, "a"))
        for ending in (".json", ".proof.json"):
            world.aws.delete_object(BUCKET, f"{PREFIX}/v1/{backup.stem}{ending}")
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert lines(world, "level=warning", "never proven", backup.name)

    def test_all_of_them_are_spoilt(self, make_world: MakeWorld, binary: str) -> None:
        """Nothing empty is founded: it waits for a person, and goes on with what the person brings."""
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        whole = world.aws.contents(BUCKET)
        for backup in stored(world):
            world.aws.truncate_object(BUCKET, backup.key, 3000)
        lose_all(world)
        host = lone(world)
        await_said(world, "could not be restored here", "etcd-cluster backups", timeout=90)
        assert host.etcd() is None and not (host.data / "member" / "wal").exists()
        file = host.directory / "whole.db"
        file.write_bytes(whole[stored(world)[0].key])
        done = command(host, "recover", "--from", str(file), "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    def test_snapshot_with_every_answer_cut_off_is_resumed(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        load([world.endpoints()[0].url], 2_000, 500)
        await_backup(world, put(world, "a"))
        world.aws.inject(faults.CUT, operations=["s3:GetObject"], target=".db", times=3)
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert count_keys(world) == 2_000

    def test_unfinished_backup_of_a_dead_supervisor_is_restored_all_the_same(self, make_world: MakeWorld, binary: str) -> None:
        """It was uploaded, and its supervisor died before it described it."""
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        world.aws.inject(faults.DENIED, operations=["s3:PutObject"])
        host = lone(world)
        put(world, "b")
        await_said(world, "no backup was made")
        world.aws.lift()
        backup = await_backup(world, put(world, "c"))
        for ending in (".json", ".proof.json"):
            world.aws.delete_object(BUCKET, f"{PREFIX}/v1/{backup.stem}{ending}")
        host.crash()
        lose_all(world)
        wait_until("it is restored", lambda: get(world, "c") == "kept", 90)


class TestStoresThatFail:
    @pytest.mark.parametrize("fault, words", [
        (faults.RESET, "S3"), (faults.UNAVAILABLE, "503"), (faults.DENIED, "AccessDenied"), (faults.SLOW_DOWN, "SlowDown"),
        (faults.GARBAGE, "")], ids=["unreachable", "unavailable", "denied", "slow down", "garbage"])
    def test_nothing_is_founded_while_the_store_fails(
            self, make_world: MakeWorld, binary: str, fault: faults.Fault, words: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        world.aws.inject(fault, services=["s3"])
        lose_all(world)
        # The record may be in the bucket, too: whichever is read first is what it says.
        said = wait_until("it says why", lambda: [
            line for host in world.fleet.living() for line in host.log_text().splitlines()
            if "msg=waiting" in line and ("could not be listed" in line or "could not be read" in line) and words in line], 60)
        print("\n" + said[-1])
        time.sleep(5)
        assert not any(one.etcd() for one in world.fleet.living()) and generation(world) == 1
        world.aws.lift()
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    def test_list_that_is_refused_is_not_an_empty_one(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        world.aws.inject(faults.DENIED, operations=["s3:ListObjectsV2"])
        lose_all(world)
        said = await_said(world, "msg=waiting", "the backups could not be listed", "AccessDenied")
        print("\n" + said[-1])
        time.sleep(5)
        assert not any(one.etcd() for one in world.fleet.living()) and generation(world) == 1
        world.aws.lift()
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    @pytest.mark.parametrize("fault", [faults.UNAVAILABLE, faults.DENIED, faults.RESET], ids=["unavailable", "denied", "unreachable"])
    def test_backup_that_can_be_listed_and_not_read_is_not_spoilt(
            self, make_world: MakeWorld, binary: str, fault: faults.Fault) -> None:
        """The older one would be read no better, and the newest comes back."""
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        newest = await_backup(world, put(world, "b"))
        world.aws.inject(fault, operations=["s3:GetObject", "s3:HeadObject"], target=".db")
        lose_all(world)
        said = await_said(world, "the backup was not restored", newest.name)
        print("\n" + said[-1])
        time.sleep(5)
        assert not lines(world, "a backup is spoilt")
        world.aws.lift()
        wait_until("it is restored", lambda: get(world, "b") == "kept", 120)
        assert source(world) == f"snapshot:{newest.name}"


class TestKilledInTheMiddle:
    @pytest.mark.parametrize("step", [
        "are here", "it is whole", "etcd's data are made", "the stamp says that the data are being replaced", "nothing was here",
        "the data are in their place", "the stamp says what they are"])
    def test_supervisor_killed_after_a_step_of_the_restoration(self, make_world: MakeWorld, binary: str, step: str) -> None:
        """What the killed one has left is cleared away; it begins again, and ends well."""
        world = founded(make_world, binary, 1)
        load([world.endpoints()[0].url], 5_000, 500)
        backup = await_backup(world, put(world, "a"))
        lose_all(world)
        host = lone(world)
        wait_until("it is that far", lambda: any(
            "msg=restoring" in line and "step=" in line and step in line for line in host.log_text().splitlines()),
            60, interval=0.001)
        host.kill_supervisor()
        host.start()
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)
        assert count_keys(world) == 5_000
        assert source(world) == f"snapshot:{backup.name}" and generation(world) == 2
        wait_until("nothing is left over", lambda: not list(host.data.glob("etcd-cluster.scratch/*")))
        world.await_whole()

    def test_supervisor_killed_while_it_downloads(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        await_backup(world, put(world, "a"))
        identifier = world.aws.inject(faults.HANG, operations=["s3:GetObject"], target=".db")
        world.aws.forget_calls()
        lose_all(world)
        host = lone(world)
        await_said(world, "msg=restoring", "plan=")
        wait_until("it downloads", lambda: [call for call in world.aws.calls(host.id, "s3:GetObject") if call.fault])
        host.kill_supervisor()
        world.aws.lift(identifier)
        host.start()
        wait_until("it is restored", lambda: get(world, "a") == "kept", 90)

    def test_instance_lost_in_the_middle_of_a_restoration(self, make_world: MakeWorld, binary: str) -> None:
        """The one that was to restore is terminated, too: another one does."""
        world = founded(make_world, binary, 3)
        await_backup(world, put(world, "a"))
        identifier = world.aws.inject(faults.HANG, operations=["s3:GetObject"], target=".db")
        lose_all(world)
        wait_until("somebody restores", lambda: lines(world, "msg=restoring", "plan="), 60)
        restorer = next(host for host in world.fleet.living() if "msg=restoring" in host.log_text())
        world.aws.terminate_at_once(restorer.id)
        wait_until("it is gone", lambda: restorer.id not in {one.id for one in world.fleet.living()})
        world.aws.lift(identifier)
        world.await_whole(120)
        assert get(world, "a") == "kept"


class TestEmptyClusters:
    """An empty new cluster never overwrites, outranks or purges what an old one has saved."""

    @pytest.mark.limit(240)
    def test_empty_cluster_beside_an_old_ones_backups(self, make_world: MakeWorld, binary: str) -> None:
        environment = {**OFTEN, "ETCD_CLUSTER_ON_LOSS": "hold", "ETCD_CLUSTER_BACKUP_RETENTION": "1s,1s,1s"}
        world = founded(make_world, binary, 1, environment)
        for number in range(50):
            put(world, f"old/{number}")
        old = await_backup(world, put(world, "old"))
        wait_until("the purging rests", lambda: len(stored(world)) == 1, 30)
        before = world.aws.contents(BUCKET)
        lose_all(world)
        host = lone(world)
        wait_until("it waits", lambda: "msg=waiting" in host.log_text())
        refused = command(host, "recover", "--from", "empty", "--yes")
        assert refused.returncode == 1 and "accept-data-loss" in refused.stderr
        assert command(host, "recover", "--from", "empty", "--accept-data-loss", "--yes").returncode == 0
        wait_until("an empty cluster serves", lambda: put(world, "new"), 90)
        assert get(world, "old") is None and generation(world) == 2 and source(world) == "empty"
        new = [await_backup(world, put(world, f"new/{number}"), generation=2) for number in range(4)]
        wait_until("its own are purged", lambda: new[0].key not in world.aws.objects(BUCKET), 60)
        held = world.aws.contents(BUCKET)
        assert {key: held.get(key) for key in before} == before, "byte for byte what it was"
        assert new[-1].generation > old.generation and new[-1].revision < old.revision
        assert stored(world)[0].key == new[-1].key, "a low revision of a later generation is the better one"
        listed = command(host, "backups")
        assert listed.stdout.index(new[-1].name) < listed.stdout.index(old.name)
        # What was given up can still be gone back to.
        assert command(host, "restore", "--from", old.name, "--accept-data-loss", "--yes").returncode == 0
        wait_until("the old data serve", lambda: get(world, "old") == "kept", 90)
        assert generation(world) == 3

    def test_forgotten_record_is_no_loss(self, make_world: MakeWorld, binary: str) -> None:
        """With the record gone it is the first start of a group that has backups: they are restored, and the number rises."""
        world = founded(make_world, binary, 1, {**OFTEN, "ETCD_CLUSTER_ON_LOSS": "hold"})
        await_backup(world, put(world, "old"))
        before = world.aws.contents(BUCKET)
        lose_all(world)
        host = lone(world)
        wait_until("it waits", lambda: "msg=waiting" in host.log_text())
        assert command(host, "forget", "--yes").returncode == 0
        wait_until("it is restored", lambda: get(world, "old") == "kept", 90)
        assert generation(world) == 2
        await_backup(world, put(world, "new"), generation=2)
        held = world.aws.contents(BUCKET)
        assert {key: held.get(key) for key in before} == before

    @pytest.mark.limit(240)
    def test_restarted_numbering_never_outranks(self, make_world: MakeWorld, binary: str) -> None:
        """The record is gone, and with it the numbers: they go on above what the backups show."""
        first = founded(make_world, binary, 1)
        backup = await_backup(first, put(first, "a"))
        body = first.aws.get_object(BUCKET, backup.key)
        description = described(first, backup)
        first.close()
        world = make(make_world, binary, 1)
        name = backup.name.replace("1-", "41-", 1)
        world.aws.put_object(BUCKET, f"{PREFIX}/v1/{name}", body)
        world.aws.put_object(BUCKET, f"{PREFIX}/v1/{name.partition('.')[0]}.json", json.dumps(
            {**description, "generation": 41}).encode())
        world.fleet.follow()
        world.await_whole(90)
        assert generation(world) == 42 and get(world, "a") == "kept"
        assert await_backup(world, put(world, "b"), generation=42).generation == 42


class TestOlderTools:
    """etcd-aws kept one object, at the key that is our prefix: etcd's v2 keys in JSON, compressed."""

    V2 = gzip.compress(json.dumps({"action": "get", "node": {"dir": True, "nodes": [
        {"key": "/a", "value": "1", "modifiedIndex": 4, "createdIndex": 4}]}}).encode())

    @pytest.fixture
    def world(self, make_world: MakeWorld, binary: str) -> Iterator[World]:
        world = make(make_world, binary, 1)
        world.aws.put_object(BUCKET, PREFIX, self.V2)
        yield world

    def test_its_backup_is_refused_clearly(self, world: World) -> None:
        world.fleet.follow()
        said = await_said(world, "msg=waiting", "none that can be restored here")
        print("\n" + said[-1])
        assert "v2" in said[-1] and "recover --from empty" in said[-1] and PREFIX in said[-1]
        host = lone(world)
        assert host.etcd() is None
        listed = command(host, "backups")
        assert listed.returncode == 0 and "not a backup of ours" in listed.stdout
        done = command(host, "recover", "--from", "empty", "--accept-data-loss", "--yes")
        assert done.returncode == 0, done.stderr
        world.await_whole(60)
        await_backup(world, put(world, "a"))
        assert world.aws.get_object(BUCKET, PREFIX) == self.V2

    def test_moved_away_it_is_no_obstacle(self, world: World) -> None:
        world.fleet.follow()
        await_said(world, "msg=waiting", "none that can be restored here")
        world.aws.delete_object(BUCKET, PREFIX)
        world.await_whole(60)

    def test_file_of_its_kind_is_refused_by_restore(self, make_world: MakeWorld, binary: str) -> None:
        world = founded(make_world, binary, 1)
        host = lone(world)
        for name, body in (("backup.json.gz", self.V2), ("backup.json", gzip.decompress(self.V2))):
            file = host.directory / name
            file.write_bytes(body)
            done = command(host, "restore", "--from", str(file), "--accept-data-loss", "--yes")
            assert done.returncode != 0 and done.stderr.strip(), done.stdout
        assert generation(world) == 1
