"""What the kernel says of a running process: its memory and its processor time."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
    """Resident memory, in kB of 1,024 bytes: `total` is `anonymous` (ours alone) plus pages of files (code, libraries)."""

    total: int
    anonymous: int

    @property
    def megabytes(self) -> float:
        """In units of 1,000,000 bytes, the stricter ones."""
        return self.total * 1024 / 1e6

    def __str__(self) -> str:
        return f"{self.megabytes:.1f} MB"


def memory_of(pid: int) -> Memory:
    """Raises `OSError` if there is no such process."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        fields = dict(re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.MULTILINE))
    return Memory(int(fields["VmRSS"]), int(fields["RssAnon"]))


def processor_seconds_of(pid: int) -> float:
    """User and system time of all its threads since it began, those that have ended included. Not its children's."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def wakeups_of(pid: int) -> int:
    """How often its present threads went to sleep and were woken again."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as file:
                count += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.MULTILINE)[1])
        except OSError:
            continue  # the thread ended between the two looks
    return count
