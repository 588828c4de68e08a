"""Whose turn it is: so many runs in flight, few of them at one host, and whoever waits for a host keeps nobody else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType


class Hung(Exception):  # noqa: N818 - it is a finding
    """Its time came to an end while it waited for a host that answered nobody in all that time."""


class Gate:
    """One host: so many at a time, and how it has answered so far."""

    def __init__(self, most: int) -> None:
        self.most, self.free = most, asyncio.Semaphore(most)
        self.answers = self.silences = 0

    def note(self, *, is_silent: bool) -> None:
        """What came of one request: silent when it waited for its whole time, else any word, a refusal too."""
        self.silences += is_silent
        self.answers += not is_silent


class Places:
    """So many runs at a time, and how many have left theirs to wait for a host."""

    def __init__(self, most: int) -> None:
        self.free, self.waiting = asyncio.Semaphore(most), 0


class Seat:
    """A run's place among those in flight."""

    def __init__(self, places: Places) -> None:
        self._places, self._is_taken = places, False

    async def take(self) -> None:
        await self._places.free.acquire()
        self._is_taken = True

    def leave(self) -> None:
        """Safe to run twice."""
        if self._is_taken:
            self._is_taken = False
            self._places.free.release()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Left for others meanwhile; it has to be taken again."""
        self.leave()
        self._places.waiting += 1
        try:
            yield
        finally:
            self._places.waiting -= 1


class Turn:
    """A run's turn at a host, to be awaited before any clock starts; the seat is left meanwhile.

    Raises Hung when it is cancelled and as many others as may ask at a time have met nothing but silence since.
    """

    def __init__(self, gate: Gate, seat: Seat | None = None) -> None:
        self.gate, self._seat = gate, seat

    async def __aenter__(self) -> None:
        if self.gate.free.locked():
            await self._wait()
        else:
            await self.gate.free.acquire()

    async def _wait(self) -> None:
        answers, silences = self.gate.answers, self.gate.silences
        try:
            with self._seat.left() if self._seat else nullcontext():
                await self.gate.free.acquire()
        except asyncio.CancelledError:
            if self.gate.answers == answers and self.gate.silences - silences >= self.gate.most:
                raise Hung from None
            raise
        if self._seat is not None:
            try:
                await self._seat.take()
            except BaseException:
                self.gate.free.release()
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.free.release()
