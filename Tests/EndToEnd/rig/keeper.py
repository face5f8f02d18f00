"""Runs one program, sees to it that nothing of it outlives the rig, and ends all of it at once when told.

Started by `rig.processes` as `python -I -S keeper.py LIFELINE STATUS PROGRAM ARGUMENT...`. LIFELINE is a pipe's read
end: a byte on it, or its end because the rig is gone (even by SIGKILL), means: kill everything, then exit. STATUS is a
pipe's write end for three kinds of lines: `pid N`, `exit CODE`, `failed TEXT`.

The keeper is a child subreaper (prctl(2)): whatever the program leaves behind, in whatever process group or session,
becomes the keeper's child, so it is found, killed and reaped here. A PID namespace would do the same but needs
privileges that a normal user may lack.
"""

import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
KILL_LIMIT_SECONDS = 30.0


def become_subreaper(libc: ctypes.CDLL) -> None:
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def execute(libc: ctypes.CDLL, lifeline: int, status: int, command: list) -> None:
    """In the forked child: become the program, with the signal dispositions that a program expects."""
    try:
        os.setpgid(0, 0)
        # If the keeper itself is killed, at least the program goes too. The keeper has one thread, so the trap of
        # this signal (it fires when the parent *thread* ends) does not apply.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.set_inheritable(status, False)
        os.close(lifeline)
        os.closerange(3, status)
        os.closerange(status + 1, 1024)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(status, f"failed {command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def descendants(root: int) -> list:
    """All living descendants of `root`, parents before their children."""
    children: dict = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it ended between the two looks
        if fields[0] not in (b"Z", b"X"):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = []
    level = [root]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found += level
    return found


def kill_everything() -> None:
    """SIGKILL for every descendant, supervisors before what they would restart, until none is left to reap."""
    deadline = time.monotonic() + KILL_LIMIT_SECONDS
    while time.monotonic() < deadline:
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended by itself in the meantime, which is all that is wanted
        if not reap():
            return
        time.sleep(0.002)


def reap(program: int = 0, status: int = -1) -> bool:
    """Reaps what has ended, reports the program's end, and says whether any child is left."""
    while True:
        try:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == program:
            report(status, f"exit {os.waitstatus_to_exitcode(wait_status)}\n")


def report(status: int, line: str) -> None:
    try:
        os.write(status, line.encode())
    except OSError:
        pass  # the rig has gone; the lifeline is about to say so


def main() -> None:
    lifeline, status, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    libc = ctypes.CDLL(None, use_errno=True)
    become_subreaper(libc)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    program = os.fork()
    if program == 0:
        execute(libc, lifeline, status, command)
    report(status, f"pid {program}\n")
    while reap(program, status):
        readable, _, _ = select.select([lifeline, wake_read], [], [], 5.0)
        if wake_read in readable:
            os.read(wake_read, 4096)
        if lifeline in readable:
            kill_everything()
            return


if __name__ == "__main__":
    main()
