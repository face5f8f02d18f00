"""What the tests' own fixtures and hooks do of a test that fails, in whichever phase, or does not end."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

PytesterLike = Callable[[str], str]


def test_failure_in_any_phase_shows_the_logs_and_keeps_the_data(pytester_like: PytesterLike, tmp_path: Path) -> None:
    output = pytester_like("""
        import pytest
        from rig.waiting import wait_until

        @pytest.fixture
        def ran(make_world, phase):
            world = make_world(["sh", "-c", "echo the log of a machine"], size=1)
            world.fleet.follow()
            wait_until("it ran", lambda: world.fleet.living() and world.fleet.living()[0].ended() == 0)
            assert phase != "setup"
            yield
            assert phase != "teardown"

        @pytest.mark.parametrize("phase", ["setup", "call", "teardown", "none"])
        def test_fails_in(phase, ran):
            assert phase != "call"
    """)
    assert "1 failed, 2 passed, 2 errors" in output
    assert output.count("\nthe log of a machine\n") == 3
    kept = sorted((tmp_path / "inner").glob("test_*0"))
    assert [path.name for path in kept] == [f"test_fails_in_{phase}_0" for phase in ("call", "setup", "teardown")]
    assert all(any(path.glob("world0/instances/*")) and f"({path}/world0/instances/" in output for path in kept)


def test_a_limit_is_given_by_place_or_by_name(pytester_like: PytesterLike) -> None:
    output = pytester_like("""
        import time
        import pytest

        @pytest.mark.limit(1)
        def test_by_place(): time.sleep(20)

        @pytest.mark.limit(seconds=2)
        def test_by_name(): time.sleep(20)

        @pytest.mark.limit(seconds=30)
        def test_ends(): pass
    """)
    assert "2 failed, 1 passed" in output
    assert "did not end within 1 s" in output and "did not end within 2 s" in output


@pytest.fixture
def pytester_like(tmp_path: Path) -> PytesterLike:
    """Runs a test file of its own with this directory's conftest, as script/test does; answers what pytest printed.

    What its tests leave is in `tmp_path / "inner"`.
    """
    def run(source: str) -> str:
        here = Path(__file__).parent
        (tmp_path / "test_inner.py").write_text(textwrap.dedent(source))
        (tmp_path / "conftest.py").write_text((here / "conftest.py").read_text())
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                               "-o", "tmp_path_retention_policy=failed", f"--basetemp={tmp_path / 'inner'}",
                               str(tmp_path / "test_inner.py")], timeout=120,
                              capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(here)})
        return done.stdout

    return run
