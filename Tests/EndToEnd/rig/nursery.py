"""Programs that take seconds to load, loaded once: each is forked from a process that has everything in memory already.

That process, the nursery, runs under a keeper as any other (see `rig.processes`), and so does what it forks: nothing
outlives the rig. It takes orders from its standard input, which is a socket, so there is no file to leave behind. An order
is a connection, and all that is meant for the forked process alone goes through that one: the nursery never holds it.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from rig.processes import Program, ProgramFailed

_MESSAGE_LIMIT = 1 << 16
_DESCRIPTOR_LIMIT = 16
_SHOWN_BYTES = 2000


class Forked:
    """A running program that was forked; `log` receives what it prints, appended, and `answer` is what it said when ready.

    It is known by a descriptor of the process (pidfd_open(2)): its process ID may be another's once it has ended.
    """

    def __init__(self, pid: int, descriptor: int, connection: socket.socket, log: Path) -> None:
        self.pid, self.log = pid, log
        self.answer: Any = None
        self._descriptor, self._connection = descriptor, connection

    def is_running(self) -> bool:
        return self._descriptor >= 0 and not _is_readable(self._descriptor, 0)

    def processes(self) -> list[int]:
        """Its process, while it lives; it starts none of its own."""
        return [self.pid] if self.is_running() else []

    def kill_everything(self, timeout: float = 20.0) -> None:
        """Kills the program, and returns when it does not exist any more. May be called again."""
        if self._descriptor < 0:
            return
        try:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself, which is all that is wanted
        if not _is_readable(self._descriptor, timeout):
            raise ProgramFailed(f"the forked process {self.pid} can't be killed")
        os.close(self._descriptor)
        self._descriptor = -1
        self._connection.close()


class Nursery:
    """The process that forks, of a module that calls `fork_for_ever`. It starts with the first program, and anew if it has
    ended: what it forked goes on without it."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._module, self._environment = module, dict(environment)
        self._lock = threading.Lock()
        self._programs: list[Program] = []
        self._door: socket.socket | None = None
        self._output: IO[bytes]

    def fork(self, arguments: Mapping[str, Any], log: Path, holding: Sequence[int] = (), timeout: float = 60.0) -> Forked:
        """Has a program run with these arguments, and returns when it is ready.

        `holding` are descriptors that it holds for as long as it lives. `timeout` is in seconds, loading included.
        """
        deadline = time.monotonic() + timeout
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        forked = None
        try:
            with theirs, open(log, "ab") as output:
                socket.send_fds(ours, [json.dumps(dict(arguments)).encode()], [output.fileno(), *holding])
                with self._lock:
                    nursery, door = self._started()
                    socket.send_fds(door, [b"fork"], [theirs.fileno()])
            message, (descriptor, *_) = self._receive(ours, [log, nursery.log], nursery, deadline)
            forked = Forked(int(message), descriptor, ours, log)
            forked.answer = json.loads(self._receive(ours, [log], nursery, deadline)[0])
            return forked
        except BaseException:
            if forked:
                forked.kill_everything()
            ours.close()
            raise

    def _receive(self, connection: socket.socket, logs: Sequence[Path], nursery: Program,
                 deadline: float) -> tuple[bytes, list[int]]:
        """The next message of a forked program, waited for while there may be one; `logs` tell why there is none."""
        late = False
        while not late and nursery.is_running() and not _is_readable(connection.fileno(), 0.2):
            late = time.monotonic() >= deadline
        message, descriptors = b"", []
        if _is_readable(connection.fileno(), 0):
            try:
                message, descriptors, _, _ = socket.recv_fds(connection, _MESSAGE_LIMIT, 1)
            except ConnectionResetError:
                pass  # the nursery has ended with the order unread
        if not message:
            told = b"\n".join(one.read_bytes()[-_SHOWN_BYTES:] for one in logs).decode(errors="replace")
            raise ProgramFailed(f"{self._module} {'is not ready in time' if late else 'has failed'}:\n{told}")
        return message, descriptors

    def _started(self) -> tuple[Program, socket.socket]:
        """The nursery's own program, running, and the socket for orders. The caller holds the lock."""
        if self._door is None or not self._programs[-1].is_running():
            if self._door:
                self._door.close()
            self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._output = tempfile.TemporaryFile()  # without a name: there is nobody to remove it if the rig is killed
            log = Path(f"/proc/self/fd/{self._output.fileno()}")
            with theirs:
                self._programs.append(
                    Program([sys.executable, "-m", self._module], self._environment, log, stdin=theirs.fileno()))
            atexit.register(self.close)
        return self._programs[-1], self._door

    def close(self) -> None:
        """Kills the nursery, and all that it has forked. May be called again."""
        atexit.unregister(self.close)
        with self._lock:
            while self._programs:
                self._programs.pop().kill_everything()
            if self._door:
                self._door.close()
                self._door = None
                self._output.close()


def fork_for_ever(run: Callable[..., None]) -> None:
    """Forks a process for every order, which calls `run` with the order's arguments, and first of all a function: `run` is
    to call that with what the rig is to know, once it is ready. Returns when nobody can order any more.

    To be called once everything is loaded.
    """
    door = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("what is loaded has started threads, which a forked process would lack")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have ended
    gc.collect()
    gc.freeze()  # what is loaded is shared memory, as long as no collection writes on it
    while True:
        message, descriptors, _, _ = socket.recv_fds(door, _MESSAGE_LIMIT, 1)
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            if os.fork() == 0:
                door.close()
                _become(connection, run)


def _become(connection: socket.socket, run: Callable[..., None]) -> None:
    """In the forked process: carries out the order, and ends with it, or when the rig has ended."""
    code = 1
    try:
        order, (log, *_), _, _ = socket.recv_fds(connection, _MESSAGE_LIMIT, _DESCRIPTOR_LIMIT)
        for number in (1, 2):
            os.dup2(log, number)
        os.close(log)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        own = os.pidfd_open(os.getpid())
        socket.send_fds(connection, [str(os.getpid()).encode()], [own])
        os.close(own)
        threading.Thread(target=_end_with, args=[connection], daemon=True).start()
        run(lambda answer: connection.sendall(json.dumps(answer).encode()), **json.loads(order))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as its parent does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with(connection: socket.socket) -> None:
    """Ends this process when the other end of the connection is gone: nothing is ever sent through it."""
    try:
        connection.recv(1)
    finally:
        os._exit(0)


def _is_readable(descriptor: int, timeout: float) -> bool:
    """Whether there is something to read, or a process that has ended, within so many seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))
