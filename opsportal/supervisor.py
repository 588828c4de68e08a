"""Keeps the portal's processes running: prefixes their lines, restarts what crashes, ends all in order."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

from opsportal.processes import Child, birth, end_group, signal_group, spawn, write_privately

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0
"""Seconds up after which a child counts as healthy again and its next crash waits the first pause only."""
TICK = 0.1
_COLOURS = (36, 33, 35, 32, 34, 31)


class Stopped(Exception):  # noqa: N818 - asked for, not an error
    """The operator ended the portal while it was starting."""


class Console:
    """One line at a time from many processes, each with its name in front."""

    def __init__(self, stream: TextIO, names: Sequence[str] = (), *, colour: bool | None = None) -> None:
        self._stream = stream
        self._width = max((len(name) for name in names), default=0)
        self._lock = threading.Lock()
        self._colour = _wants_colour(stream) if colour is None else colour
        self._colours: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """Write a child's line."""
        mark = f"{name:<{self._width}} |"
        if self._colour:
            colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
            mark = f"\x1b[{colour}m{mark}\x1b[0m"
        self.say(f"{mark} {text}")

    def say(self, text: str) -> None:
        """Write a line of our own. When nobody reads any more, the children still need their pipes emptied."""
        with self._lock:
            try:
                self._stream.write(f"{text}\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = open(os.devnull, "w")  # noqa: SIM115 - it replaces a stream that lives as long as we do


def _wants_colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@dataclass
class _Running:
    """A child and its luck so far."""

    child: Child
    process: subprocess.Popen[bytes]
    started: float
    pump: threading.Thread
    pause: float
    restart_at: float | None = None


@dataclass
class Supervisor:
    """Runs children until `stopping` is set. Everything but the reading of pipes happens in the main thread."""

    console: Console
    record: Path | None = None
    """Where the children's numbers are kept for the start after a kill -9."""
    stopping: bool = False
    first_pause: float = FIRST_PAUSE
    longest_pause: float = LONGEST_PAUSE
    steady_after: float = STEADY_AFTER
    _running: dict[str, _Running] = field(default_factory=dict)

    def start(self, child: Child) -> None:
        """Start a child and keep it up from now on."""
        self._running[child.name] = self._launch(child)
        self._write_record()

    def pids(self) -> dict[str, int]:
        """The numbers of the children, by name."""
        return {name: running.process.pid for name, running in self._running.items()}

    def _launch(self, child: Child) -> _Running:
        process = spawn(child)
        assert process.stdout is not None
        pump = threading.Thread(target=self._pump, args=(child, process.stdout), daemon=True, name=f"pump-{child.name}")
        pump.start()
        return _Running(child, process, time.monotonic(), pump, pause=self.first_pause)

    def _pump(self, child: Child, pipe: IO[bytes]) -> None:
        """Pass its lines on, without what no log may hold: servers and a dying Python do not write through ours."""
        from opsportal.privacy.log_lines import Washer, secrets_of, without_rows  # --help works before an install

        washer = Washer(secrets_of(child.env or os.environ))
        for raw in pipe:
            line = raw.decode(errors="replace").rstrip()
            if line and child.keep_line(line):
                self.console.line(child.name, washer.wash(without_rows(line)))

    def tick(self) -> None:
        """One look at every child: note who died, start again whose pause is over."""
        changed = [running for running in list(self._running.values()) if self._look_after(running)]
        if changed:
            self._write_record()

    def _look_after(self, running: _Running) -> bool:
        now = time.monotonic()
        if running.restart_at is not None:
            return now >= running.restart_at and self._restart(running)
        code = running.process.poll()
        if code is None:
            return False
        signal_group(running.process.pid, running.child.stop_signal)  # what it left behind goes with it
        if now - running.started >= self.steady_after:
            running.pause = self.first_pause
        self.console.line(running.child.name, f"ended ({describe_exit(code)}), starts again in {running.pause:g} s")
        running.restart_at = now + running.pause
        return True

    def _restart(self, running: _Running) -> bool:
        signal_group(running.process.pid, signal.SIGKILL)  # what did not hear the first signal holds its port or queue
        try:
            fresh = self._launch(running.child)
        except OSError as problem:
            self.console.line(running.child.name, f"could not start: {problem.strerror}")
            running.pause = min(running.pause * 2, self.longest_pause)
            running.restart_at = time.monotonic() + running.pause
            return False
        fresh.pause = min(running.pause * 2, self.longest_pause)
        self._running[running.child.name] = fresh
        return True

    def wait_until(self, is_true: Callable[[], bool], *, within: float) -> bool:
        """Look after the children until something is true; False when it took too long. Raises Stopped."""
        limit = time.monotonic() + within
        while not is_true():
            if time.monotonic() >= limit:
                return False
            self.tick()
            self._pause()
        return True

    def _pause(self) -> None:
        if self.stopping:
            raise Stopped
        time.sleep(TICK)

    def run_once(self, *children: Child) -> dict[str, int]:
        """Run steps side by side to their ends, the others looked after; exit codes by name. Raises Stopped."""
        steps = [self._launch(child) for child in children]
        try:
            while any(step.process.poll() is None for step in steps):
                self.tick()
                self._pause()
        except Stopped:
            self._end(steps)
            raise
        for step in steps:
            step.pump.join(timeout=5)
        return {step.child.name: step.process.returncode for step in steps}

    def run(self) -> None:
        """Keep everything up until `stopping` is set."""
        while not self.stopping:
            self.tick()
            time.sleep(TICK)

    def stop(self, order: Sequence[Iterable[str]] = ()) -> None:
        """End the children group by group in the order given, then whoever is left. Safe to run twice."""
        for names in (*order, tuple(self._running)):
            group = [self._running.pop(name) for name in names if name in self._running]
            self._end([running for running in group if running.restart_at is None])
        if self.record:
            self.record.unlink(missing_ok=True)

    def _end(self, group: Sequence[_Running]) -> None:
        """Ask all of them, wait as long as each may take, then kill."""
        begun = time.monotonic()
        for running in group:
            signal_group(running.process.pid, running.child.stop_signal)
        for running in group:
            try:
                running.process.wait(timeout=max(0.0, begun + running.child.stop_within - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.console.line(running.child.name, f"did not end in {running.child.stop_within:g} s and is killed")
        for running in group:
            end_leftovers(running.process)
            running.pump.join(timeout=1)

    def _write_record(self) -> None:
        if self.record is None:
            return
        rows = [
            {
                "name": running.child.name,
                "pid": running.process.pid,
                "birth": birth(running.process.pid),
                "signal": int(running.child.stop_signal),
            }
            for running in self._running.values()
        ]
        write_privately(self.record, json.dumps(rows))


def end_leftovers(process: subprocess.Popen[bytes]) -> None:
    """Kill what remains of a child's group, and reap the child."""
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def end_orphans(record: Path) -> list[str]:
    """End the children of a run that was killed outright; their names. Numbers that others have now are left alone."""
    try:
        rows = json.loads(record.read_text())
    except (OSError, ValueError):
        return []
    alive = [row for row in rows if row["birth"] and birth(row["pid"]) == row["birth"]]
    for row in alive:
        end_group(row["pid"], signal.Signals(row["signal"]), within=10)
    return [row["name"] for row in alive]


def describe_exit(code: int) -> str:
    """An exit code in words: a signal by its name."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
