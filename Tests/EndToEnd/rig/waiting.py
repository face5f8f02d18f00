"""Waiting for conditions, never for seconds: every wait names what it waits for and ends in bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TimedOut(AssertionError):
    """A condition did not come true in time; the text says which, and what was seen last."""


def wait_until(claim: str, condition: Callable[[], T | None], timeout: float = 30.0, interval: float = 0.02,
               fatal: type[Exception] | tuple[type[Exception], ...] = ()) -> T:
    """Calls `condition` until its answer is truthy and returns that answer.

    An exception counts as "not yet" and is named if time runs out, unless it is `fatal`: then waiting is in vain and
    it is raised at once. `timeout` and `interval` are seconds.
    """
    deadline = time.monotonic() + timeout
    last = "nothing yet"
    while True:
        try:
            answer = condition()
            if answer:
                return answer
            last = repr(answer)
        except fatal:
            raise
        except Exception as error:  # the world is still forming: whatever is wrong now may be right at the next look
            last = repr(error)
        if time.monotonic() >= deadline:
            raise TimedOut(f"not within {timeout:g} s: {claim} (last seen: {last[:500]})")
        time.sleep(interval)
