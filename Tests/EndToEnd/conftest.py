"""Fixtures for all end-to-end tests: worlds that end with their test and show their logs if it failed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.waiting import TimedOut
from rig.world import World

PROJECT = Path(__file__).resolve().parents[2]
_SECONDS_PER_TEST = 180
_SHOWN_LINES = 80
_WORLDS = pytest.StashKey[list]()
_DATA = pytest.StashKey[Path]()
_HAS_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"limit(seconds): ends the test after so long instead of {_SECONDS_PER_TEST} s")
    config.addinivalue_line("markers", "measured: times something, so nothing else should run beside it")
    # A shell ignores Ctrl-C for what it starts in the background, and what ignores it here is ignored in every child, too.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest come first, so that at the end nobody waits for one that began late."""
    items.sort(key=_seconds_for, reverse=True)


def _seconds_for(item: pytest.Item) -> int:
    def given(seconds: int) -> int:
        return seconds

    marker = item.get_closest_marker("limit")
    return given(*marker.args, **marker.kwargs) if marker else _SECONDS_PER_TEST


@pytest.fixture(autouse=True)
def _limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test runs for ever: an alarm ends it, and what it waits for is seen in the traceback."""
    seconds = _seconds_for(request.node)

    def expire(*_: Any) -> None:
        raise TimedOut(f"the test did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Sees to what a test leaves: the logs of one that fails, in whichever phase, and the data."""
    report = yield
    if report.failed:
        item.stash[_HAS_FAILED] = True
        _attach_logs(report, item.stash.get(_WORLDS, []))
    keeps = item.stash.get(_HAS_FAILED, False) or item.config.getini("tmp_path_retention_policy") != "failed"
    if report.when == "teardown" and _DATA in item.stash and not keeps:
        shutil.rmtree(item.stash[_DATA], ignore_errors=True)
    return report


def _attach_logs(report: pytest.TestReport, worlds: list[World]) -> None:
    """The end of every log of these worlds."""
    for world in worlds:
        for log in world.logs():
            lines = log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:] if log.exists() else []
            report.sections.append((f"{log.relative_to(world.directory)} ({log})", "\n".join(lines)))
        if world.fleet.errors:
            report.sections.append(("errors of the fleet", "\n".join(world.fleet.errors[-20:])))


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like pytest's own, which asks only whether the test's body failed; this stays after any phase that did."""
    path = tmp_path_factory.mktemp(re.sub(r"\W", "_", request.node.name)[:30])
    request.node.stash[_DATA] = path
    return path


@pytest.fixture(scope="session")
def binary() -> str:
    """The etcd-cluster under test: ETCD_CLUSTER_BINARY, or the release build. Without it the tests fail, not skip."""
    path = Path(os.environ.get("ETCD_CLUSTER_BINARY") or PROJECT / ".build" / "release" / "etcd-cluster")
    if not os.access(path, os.X_OK):
        pytest.fail(f"no etcd-cluster at {path}: build it, or set ETCD_CLUSTER_BINARY")
    return str(path)


@pytest.fixture
def make_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes worlds: `make_world(command, size=3, ...)`; see `World`. They end with the test."""
    worlds: list[World] = []
    request.node.stash[_WORLDS] = worlds

    def make(command: list[str], **options: Any) -> World:
        world = World(tmp_path / f"world{len(worlds)}", command, **options)
        worlds.append(world)
        return world

    # One that can't be closed does not keep the others open.
    with contextlib.ExitStack() as closing:
        yield make
        for world in worlds:
            closing.callback(world.close)


@pytest.fixture
def world(make_world: Callable[..., World], binary: str) -> World:
    """A group of three that runs etcd-cluster. `world.fleet.follow()` starts it."""
    return make_world([binary])
