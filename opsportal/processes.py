"""One operating-system process of ours: how it is described, started, recognised again and ended."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded here and not in the child: between fork and exec nothing may be imported.
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PROC = Path("/proc")


def _nothing() -> None:
    """A child without preparations."""


def _every_line(_line: str) -> bool:
    return True


@dataclass(frozen=True)
class Child:
    """What is to run, as whom, and how it wants to be ended."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: str | None = None
    user: int | None = None
    group: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 20.0
    """Seconds between the stop signal and SIGKILL for its whole group."""
    death_signal: signal.Signals | None = None
    """What the kernel sends it when we are killed outright; the stop signal unless it could hang over that."""
    prepare: Callable[[], None] = _nothing
    """Runs before each start, also after a crash."""
    keep_line: Callable[[str], bool] = _every_line
    """False for lines that nobody needs to see."""


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, so that Ctrl-C reaches it once and through us; output comes by a pipe.

    Call this from the main thread: the kernel's death signal is tied to the thread that forked.
    """
    child.prepare()
    return subprocess.Popen(
        child.argv,
        env=None if child.env is None else dict(child.env),
        cwd=child.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with(os.getpid(), child.death_signal or child.stop_signal),
        user=child.user,
        group=child.group,
        extra_groups=None if child.user is None else [],
    )


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """A hook for the child: when we are killed outright, the kernel sends it this signal (Linux)."""
    if _LIBC is None:
        return None
    libc = _LIBC

    def hook() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # we died before the line above
            os.kill(os.getpid(), number)

    return hook


def birth(pid: int) -> str | None:
    """A mark that tells this process from a later one with the same number; None when it is gone or a zombie."""
    if (_PROC / "self" / "stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a child's whole group; a group that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_group(pid: int, number: signal.Signals, within: float) -> None:
    """End somebody who is not our own child (an orphan of a killed run): ask, wait, then kill."""
    mark, limit = birth(pid), time.monotonic() + within
    signal_group(pid, number)
    while birth(pid) == mark is not None and time.monotonic() < limit:
        time.sleep(0.05)
    if birth(pid) == mark is not None:
        signal_group(pid, signal.SIGKILL)


def write_privately(path: Path, text: str) -> None:
    """Replace a file at once, readable by us only: nobody ever sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
