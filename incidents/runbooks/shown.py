"""A runbook as its page shows it: each step with what was run of it, whether that was right, and where to go if not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.runbooks import startable
from incidents.runbooks.models import Runbook, RunbookStep, RunbookUse
from incidents.runbooks.queries import by_token, first_for
from incidents.runbooks.reading import Block, Part, Reading, Step
from incidents.runbooks.startable import Startable
from opsportal.models import User
from opsportal.roles import Role


@dataclass(frozen=True)
class Piece:
    """A block of a step. A trial comes with its newest result in the use, and where it can be started."""

    block: Block
    result: RunbookStep | None = None
    tries: int = 0
    start: Startable | None = None
    # Whether this person may start it from here, or type what it said in a shell.
    can_start: bool = False
    can_say: bool = False
    # Its step and place, such as 2-0.
    key: str = ""
    # The branches of its step that what it said leads to, and the runbook that answers it.
    branches: tuple[Block, ...] = ()
    guide: Runbook | None = None


@dataclass(frozen=True)
class ShownStep:
    """One step with what became of it."""

    step: Step
    pieces: list[Piece]
    # The tick of a person, for a step that no token proves, and whether this person may set it.
    tick: RunbookStep | None
    can_tick: bool

    @property
    def results(self) -> list[RunbookStep | None]:
        return [one.result for one in self.pieces if one.block.trial is not None]

    @property
    def is_done(self) -> bool:
        """Ticked, or all of its commands said what is expected."""
        found = self.results
        return self.tick is not None or (bool(found) and all(one is not None and one.is_right for one in found))

    @property
    def is_wrong(self) -> bool:
        return any(one is not None and one.is_wrong for one in self.results)

    @property
    def is_running(self) -> bool:
        return any(one is not None and one.is_asked for one in self.results)

    @property
    def at(self) -> RunbookStep | None:
        """What happened to it last."""
        found = [one for one in [self.tick, *self.results] if one is not None]
        return max(found, key=lambda one: one.pk, default=None)


@dataclass(frozen=True)
class ShownPart:
    part: Part
    steps: list[ShownStep]


@dataclass(frozen=True)
class Shown:
    """The whole text with the steps of one use, or of none."""

    parts: list[ShownPart]

    @property
    def steps(self) -> list[ShownStep]:
        return [step for part in self.parts for step in part.steps]

    @property
    def done(self) -> int:
        return sum(one.is_done for one in self.steps)

    @property
    def next_number(self) -> int:
        """The first step that is not done; 0 when all are."""
        return next((one.step.number for one in self.steps if not one.is_done), 0)


@dataclass(frozen=True)
class Reader:
    """Who looks, at which use of which runbook."""

    person: User
    runbook: Runbook
    use: RunbookUse | None

    @property
    def can_say(self) -> bool:
        return self.use is not None and self.use.is_going and self.person.has_role(Role.RESPONDER)

    def can_start(self, start: Startable | None) -> bool:
        is_open = self.use.is_going if self.use is not None else self.runbook.retired_at is None
        return start is not None and is_open and self.person.has_role(start.role)


Tried = dict[tuple[int, int], list[RunbookStep]]


def shown(read: Reading, reader: Reader) -> Shown:
    """At most two queries, however many steps there are."""
    tried: Tried = defaultdict(list)
    ticks: dict[int, RunbookStep] = {}
    for row in reader.use.steps.select_related("by").order_by("pk") if reader.use is not None else ():
        if row.way == RunbookStep.Way.HAND:
            ticks[row.number] = row
        else:
            tried[row.number, row.place].append(row)
    guides = _guides((rows[-1] for rows in tried.values()), reader.runbook)

    def step_of(one: Step) -> ShownStep:
        pieces = [_piece(block, one, tried, guides, reader) for block in one.blocks]
        return ShownStep(one, pieces, ticks.get(one.number), can_tick=reader.can_say and not one.trials)

    return Shown([ShownPart(part, [step_of(one) for one in part.steps]) for part in read.parts])


def _piece(block: Block, step: Step, tried: Tried, guides: dict[str, Runbook], reader: Reader) -> Piece:
    trial = block.trial
    if trial is None:
        return Piece(block)
    rows = tried.get((step.number, trial.place), [])
    result = rows[-1] if rows else None
    is_wrong = result is not None and result.is_wrong
    start = startable.of(trial)
    can_start = reader.can_start(start) and not (result is not None and result.is_asked)
    return Piece(
        block,
        result,
        len(rows),
        start,
        can_start,
        can_say=reader.can_say and not trial.is_check,
        key=f"{step.number}-{trial.place}",
        branches=tuple(step.branches(result.got)) if result is not None and is_wrong else (),
        guide=guides.get(result.got) if result is not None and is_wrong else None,
    )


def _guides(rows: Iterable[RunbookStep], runbook: Runbook) -> dict[str, Runbook]:
    """The other runbook that answers what was said instead of what is expected; no query when all was right."""
    wrong = [one.got for one in rows if one.is_wrong]
    known = {token: one for token, one in by_token().items() if one.pk != runbook.pk} if wrong else {}
    answers = {got: first_for([got], known) for got in wrong}
    return {got: one for got, one in answers.items() if one is not None}
