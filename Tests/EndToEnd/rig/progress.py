"""What the demo prints: steps with their time, tables, a verdict. On a terminal it moves; elsewhere it is plain lines."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_GREEN, _RED, _BOLD, _DIM, _OFF = "\033[32m", "\033[31m", "\033[1m", "\033[2m", "\033[0m"


class Step:
    """One step under way. `detail` may be changed at any time and is shown beside the title."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


class Progress:
    """Prints steps to a stream; colours and movement only on a terminal that wants them."""

    def __init__(self, stream: TextIO = sys.stdout, colours: bool = True) -> None:
        self._stream = stream
        self._moves = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._colours = self._moves and colours and "NO_COLOR" not in os.environ
        encoding = (stream.encoding or "").lower().replace("-", "")
        self._yes, self._no = ("✓", "✗") if encoding == "utf8" else ("ok", "FAILED")
        self._moves = self._moves and encoding == "utf8"
        self._lock = threading.Lock()

    def heading(self, text: str) -> None:
        self._print(f"\n{self._coloured(text, _BOLD)}")

    def note(self, text: str) -> None:
        for line in text.splitlines():
            self._print(f"    {self._coloured(line, _DIM)}")

    def plain(self, text: str) -> None:
        self._print(text)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step: `with progress.step("the cluster forms") as step: ...; step.detail = "3 members"`."""
        step, done = Step(title), threading.Event()
        mover = threading.Thread(target=self._move, args=(step, done), daemon=True)
        if self._moves:
            mover.start()
        failed = True
        try:
            yield step
            failed = False
        finally:
            done.set()
            if self._moves:
                mover.join(timeout=2)
            mark = self._coloured(self._no, _RED) if failed else self._coloured(self._yes, _GREEN)
            detail = f": {step.detail}" if step.detail else ""
            self._print(f"{self._start_of_line()}{mark} {step.title}{detail} "
                        f"{self._coloured(f'({step.seconds:.1f} s)', _DIM)}")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table with its columns as wide as they need to be."""
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
        def line(row: Sequence[str]) -> str:
            return "    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        self._print(self._coloured(line(head), _BOLD))
        for row in rows:
            self._print(line(row))

    def verdict(self, good: bool, text: str) -> None:
        mark, colour = (self._yes, _GREEN) if good else (self._no, _RED)
        self._print(f"\n{self._coloured(f'{mark} {text}', _BOLD + colour)}")

    def _move(self, step: Step, done: threading.Event) -> None:
        frame = 0
        while not done.wait(0.1):
            width = _columns(self._stream)
            text = f"{_SPINNER[frame % len(_SPINNER)]} {step.title} {step.detail} ({step.seconds:.0f} s)"
            with self._lock:
                self._stream.write(f"{self._start_of_line()}{text[: width - 1]}")
                self._stream.flush()
            frame += 1

    def _start_of_line(self) -> str:
        return "\r\033[K" if self._moves else ""

    def _coloured(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_OFF}" if self._colours else text

    def _print(self, text: str) -> None:
        with self._lock:
            self._stream.write(text + "\n")
            self._stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
