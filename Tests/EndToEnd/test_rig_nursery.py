"""What the rig forks instead of loading it again: apart from each other, seen to end, and gone with the rig."""

from __future__ import annotations

import os
import signal
import socket
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig import addresses
from rig.aws import AWS
from rig.nursery import Nursery
from rig.processes import ProgramFailed, is_alive
from rig.waiting import wait_until
from rig.world import World

# Says what it is told to say, and a number by chance; `ends` is how.
MODULE = """
    import os, sys, threading, time
    from rig.nursery import fork_for_ever

    heard = []

    def run(ready, word, ends=""):
        heard.append(word)
        print("the program's log", file=sys.stderr, flush=True)
        if ends == "early":
            raise RuntimeError("by " + word)
        names = [os.path.realpath(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")]
        ready({"heard": heard, "parent": os.getppid(), "sockets": [one for one in names if "socket:" in one]})
        time.sleep(0 if ends == "late" else 1000)
"""
CALL = "    fork_for_ever(run)\n"


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Callable[..., Nursery]]:
    """Makes nurseries of `MODULE` and whatever it is to do when it is loaded."""
    made: list[Nursery] = []

    def make(last: str = CALL) -> Nursery:
        (tmp_path / "module.py").write_text(textwrap.dedent(MODULE + last))
        path = f"{Path(__file__).parent}:{tmp_path}"
        made.append(Nursery("module", {**os.environ, "PYTHONPATH": path}))
        return made[-1]

    yield make
    for one in made:
        one.close()


class TestNursery:
    def test_programs_share_what_was_loaded_and_nothing_else(self, nursery: Callable[..., Nursery], tmp_path: Path) -> None:
        one = nursery()
        log = tmp_path / "log"
        with socket.socket(socket.AF_UNIX) as held:
            held.bind("\0rig-test-nursery")
            first = one.fork({"word": "a"}, log, holding=[held.fileno()])
        second = one.fork({"word": "b"}, log)
        assert (first.answer["heard"], second.answer["heard"]) == (["a"], ["b"])
        assert first.answer["parent"] == second.answer["parent"] != os.getpid()
        assert log.read_text() == "the program's log\n" * 2
        sockets = first.answer["sockets"], second.answer["sockets"]
        assert [len(each) for each in sockets] == [2, 1] and not set(sockets[0]) & set(sockets[1])
        assert "rig-test-nursery" in Path("/proc/net/unix").read_text()
        first.kill_everything()
        assert "rig-test-nursery" not in Path("/proc/net/unix").read_text()
        assert not is_alive(first.pid) and not first.is_running() and first.processes() == []
        assert second.is_running() and second.processes() == [second.pid]
        first.kill_everything()

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
    def test_whatever_happens_to_a_program_it_is_seen_and_ends(
            self, nursery: Callable[..., Nursery], tmp_path: Path, number: int) -> None:
        program = nursery().fork({"word": "a"}, tmp_path / "log")
        os.kill(program.pid, number)
        if number == signal.SIGKILL:
            wait_until("it is seen to have ended", lambda: not program.is_running())
        program.kill_everything()
        assert not is_alive(program.pid)

    def test_program_that_ends_is_seen_to(self, nursery: Callable[..., Nursery], tmp_path: Path) -> None:
        program = nursery().fork({"word": "a", "ends": "late"}, tmp_path / "log")
        wait_until("it is seen to have ended", lambda: program.processes() == [])

    def test_program_that_fails_is_told_with_its_log(self, nursery: Callable[..., Nursery], tmp_path: Path) -> None:
        one = nursery()
        with pytest.raises(ProgramFailed, match="(?s)has failed.*the program's log.*RuntimeError: by chance"):
            one.fork({"word": "chance", "ends": "early"}, tmp_path / "log")
        assert one.fork({"word": "a"}, tmp_path / "log").is_running()

    @pytest.mark.parametrize("last, told", [
        ("    raise ImportError('no moto')\n", "has failed.*ImportError: no moto"),
        ("    threading.Thread(target=time.sleep, args=[1000], daemon=True).start()\n" + CALL, "has started threads")])
    def test_nursery_that_does_not_load_is_told_with_its_own(
            self, nursery: Callable[..., Nursery], tmp_path: Path, last: str, told: str) -> None:
        with pytest.raises(ProgramFailed, match=f"(?s){told}"):
            nursery(last).fork({"word": "a"}, tmp_path / "log")

    def test_nursery_that_loads_for_ever_is_not_waited_for(self, nursery: Callable[..., Nursery], tmp_path: Path) -> None:
        with pytest.raises(ProgramFailed, match="not ready in time"):
            nursery("    time.sleep(1000)\n").fork({"word": "a"}, tmp_path / "log", timeout=0.5)

    def test_nursery_that_has_ended_is_started_anew(self, nursery: Callable[..., Nursery], tmp_path: Path) -> None:
        one = nursery()
        before = one.fork({"word": "a"}, tmp_path / "log")
        os.kill(before.answer["parent"], signal.SIGKILL)
        wait_until("the nursery is seen to have ended", lambda: not one._programs[0].is_running())
        after = one.fork({"word": "b"}, tmp_path / "log")
        assert after.answer["parent"] != before.answer["parent"]
        assert before.is_running()
        one.close()
        assert not before.is_running() and not after.is_running()


class TestAccounts:
    def test_accounts_have_nothing_in_common(self, make_world: Callable[..., World]) -> None:
        first = make_world(["true"], size=3)
        first.aws.create_bucket("only-here")
        second = make_world(["true"], size=3)
        ids = [{one.id for one in world.aws.instances()} for world in (first, second)]
        assert [len(each) for each in ids] == [3, 3] and not ids[0] & ids[1]
        assert first.aws.zone_id != second.aws.zone_id
        assert second.aws.s3.list_buckets()["Buckets"] == []
        assert len(second.aws.route53.list_hosted_zones()["HostedZones"]) == 1
        assert len(second.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]) == 1
        assert second.aws.metrics() == []
        first.close()
        assert {one.id for one in second.aws.instances()} == ids[1]

    def test_account_that_cannot_be_is_told_and_frees_its_addresses(self, tmp_path: Path) -> None:
        block = addresses.reserve()
        with pytest.raises(ProgramFailed, match="Cannot assign requested address"):
            AWS(tmp_path, block, address="192.0.2.1")
        block.release()
        wait_until("the block is free", lambda: str(block.network) not in Path("/proc/net/unix").read_text())
