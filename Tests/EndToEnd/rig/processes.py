"""Programs that are certain to end: each runs under a keeper that kills all of it when told, or when the rig is gone.

Nothing needs to be remembered for cleaning up: the keeper's lifeline is a pipe from this process, and the kernel closes
it however this process ends, by SIGKILL too.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.keeper import descendants

_KEEPER = str(Path(__file__).with_name("keeper.py"))


class ProgramFailed(RuntimeError):
    """The program could not be started, or did not end when it had to."""


def executable_of(pid: int) -> str:
    """The name of the file that a process executes, or an empty string if it is gone."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


class Program:
    """A running program and all that it has started since.

    `log` receives standard output and standard error, appended. `holding` are descriptors that its keeper holds for as
    long as it lives (the reservation of a block of addresses). `stdin` is a descriptor too; by default there is no input.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path,
        directory: Path | None = None, holding: Sequence[int] = (), stdin: int = subprocess.DEVNULL,
    ) -> None:
        self.command = list(command)
        self.log = log
        self._exit_code: int | None = None
        self._buffer = b""
        self._lock = threading.Lock()
        lifeline_read, self._lifeline = os.pipe()
        self._status, status_write = os.pipe()
        try:
            with open(log, "ab") as output:
                self._keeper = subprocess.Popen(
                    [sys.executable, "-I", "-S", _KEEPER, str(lifeline_read), str(status_write), *self.command],
                    stdin=stdin, stdout=output, stderr=output, env=dict(environment), cwd=directory,
                    start_new_session=True, pass_fds=(lifeline_read, status_write, *holding))
        finally:
            os.close(lifeline_read)
            os.close(status_write)
        self.started_at = time.monotonic()
        self.pid = self._read_pid()

    def _read_pid(self) -> int:
        deadline = time.monotonic() + 20.0
        while time.monotonic() < deadline:
            self._read_status(timeout=0.1)
            for line in self._lines():
                if line.startswith("pid "):
                    return int(line[4:])
            if self._keeper.poll() is not None:
                break
        self.kill_everything()
        raise ProgramFailed(f"{self.command[0]} did not start; see {self.log}")

    def _lines(self) -> list[str]:
        return self._buffer.decode().splitlines()

    def _read_status(self, timeout: float) -> None:
        """Takes in what the keeper reports, waiting at most `timeout` seconds for it."""
        if self._status < 0:
            return
        readable, _, _ = select.select([self._status], [], [], timeout)
        if readable:
            data = os.read(self._status, 4096)
            self._buffer += data
            if not data:
                os.close(self._status)
                self._status = -1
        for line in self._lines():
            if line.startswith("exit "):
                self._exit_code = int(line[5:])
            elif line.startswith("failed "):
                self._exit_code = 127

    def exit_code(self) -> int | None:
        """The program's exit code (a signal as a negative number), or None while it runs."""
        with self._lock:
            if self._exit_code is None:
                keeper_is_gone = self._keeper.poll() is not None  # asked before the last look at what it reported
                self._read_status(timeout=0)
                if self._exit_code is None and keeper_is_gone:
                    self._exit_code = -signal.SIGKILL  # the keeper was told to kill everything
            return self._exit_code

    def is_running(self) -> bool:
        return self.exit_code() is None

    def wait(self, timeout: float) -> int:
        """Waits for the program itself (not for what it left behind); `timeout` is in seconds."""
        deadline = time.monotonic() + timeout
        while True:
            code = self.exit_code()
            if code is not None:
                return code
            if time.monotonic() >= deadline:
                raise ProgramFailed(f"{self.command[0]} (process {self.pid}) still runs after {timeout:g} s")
            time.sleep(0.005)

    def processes(self) -> list[int]:
        """Every living process of this program, itself included, parents first."""
        return descendants(self._keeper.pid)

    def find(self, executable: str) -> int | None:
        """The first of its processes that executes a file of this name."""
        return next((pid for pid in self.processes() if executable_of(pid) == executable), None)

    def signal(self, number: int) -> None:
        """Sends a signal to the program alone. Does nothing if it has ended: its process ID may be another's."""
        if self.is_running():
            os.kill(self.pid, number)

    def stop(self, timeout: float = 15.0) -> int:
        """SIGTERM and a wait; if the time runs out everything is killed and `ProgramFailed` raised."""
        try:
            self.signal(signal.SIGTERM)
            return self.wait(timeout)
        finally:
            self.kill_everything()

    def kill_everything(self, timeout: float = 35.0) -> None:
        """Kills the program and all that it started, at once, and returns when none of it exists."""
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
        try:
            self._keeper.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise ProgramFailed(f"{self.command[0]}: processes {self.processes()} can't be killed") from error
        self.exit_code()
        with self._lock:
            if self._status >= 0:
                os.close(self._status)
                self._status = -1
