"""What a newcomer runs first works: the demonstration, on a simulated AWS of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.measured
def test_demonstration_ends_well(binary: str) -> None:
    demo = Path(__file__).with_name("demo.py")
    done = subprocess.run([sys.executable, str(demo), "--binary", binary], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whole again" in done.stdout + done.stderr
