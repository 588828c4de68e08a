"""What the operations screens show: the last result of each, the runs of one, a run with its lines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count
from django.http import Http404

from checks.operations import kinds, plans, said
from checks.operations.kinds import Operation
from checks.operations.models import OperationLine, OperationRun
from checks.operations.plans import Plan

SHOWN, PAGE = 8, 50
_USUAL_OF = 9
_STEPS = 20


@dataclass(frozen=True)
class Line:
    """A token line as the screen has it; `level` is ok, warn, bad or nothing and repeats what the token says."""

    at: datetime
    text: str
    level: str


@dataclass(frozen=True)
class Running:
    """A run with its lines, and how far it is when one knows how long it usually takes."""

    run: OperationRun
    lines: list[Line]
    usual: timedelta | None
    percent: int | None

    @property
    def text(self) -> str:
        """What the copy button copies."""
        return "\n".join(line.text for line in self.lines)

    @property
    def tag(self) -> str:
        """Changes with whatever is shown, the bar in twentieths."""
        newest = self.run.lines.order_by("-pk").values_list("pk", flat=True).first() or 0
        asked = self.run.cancel_asked_at is not None
        return f"{self.run.pk}-{self.run.state}-{newest}-{asked}-{(self.percent or 0) * _STEPS // 100}"


@dataclass(frozen=True)
class Row:
    """An operation, its last result, the run that goes on, and when it runs by itself."""

    operation: Operation
    last: OperationRun | None
    open: OperationRun | None
    plan: Plan | None

    @property
    def level(self) -> str:
        return level_of(self.last) if self.last else ""


def level_of(run: OperationRun) -> str:
    """ok, warn or fail, as its exit code says; nothing while it is open or when somebody cancelled it."""
    if run.exit_code is None:
        return ""
    return {0: "ok", 2: "warn"}.get(run.exit_code, "fail")


def rows() -> list[Row]:
    """Every operation of this version; three queries."""
    over = OperationRun.objects.over().order_by("kind", "-pk").distinct("kind").select_related("by")
    last = {run.kind: run for run in over}
    going = {run.kind: run for run in OperationRun.objects.open().select_related("by")}
    planned = {kind: plan for kind, plan in plans.all_plans().items() if plan.is_on}
    return [Row(one, last.get(one.name), going.get(one.name), planned.get(one.name)) for one in kinds.operations()]


def tag() -> str:
    """Changes when a run begins, goes on or ends."""
    newest = OperationRun.objects.newest_first().values_list("pk", flat=True).first() or 0
    going = OperationRun.objects.open().order_by("pk").annotate(said=Count("lines"))
    open_ones = [
        f"{pk}{state[0]}{said_by}{asked_at is not None}"
        for pk, state, said_by, asked_at in going.values_list("pk", "state", "said", "cancel_asked_at")
    ]
    return f"{newest}-{'-'.join(open_ones)}"


def newest(kind: str = "", *, before: int | None = None, limit: int = SHOWN) -> list[OperationRun]:
    """Runs, newest first, of one kind or of all."""
    found = OperationRun.objects.newest_first().select_related("by")
    found = found.filter(kind=kind) if kind else found
    return list((found.filter(pk__lt=before) if before else found)[:limit])


def operation_or_404(name: str) -> Operation:
    operation = kinds.named(name)
    if operation is None:
        raise Http404
    return operation


def run_or_404(pk: int) -> OperationRun:
    run = OperationRun.objects.select_related("by", "cancel_asked_by").filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


def shown(run: OperationRun, *, at: datetime) -> Running:
    """A run as it stands."""
    lines = [Line(one.at, one.text, said.level(one.text)) for one in _lines(run)]
    usual = _usual(run) if run.is_open else None
    return Running(run, lines, usual, _percent(run, usual, at))


def _lines(run: OperationRun) -> list[OperationLine]:
    return list(run.lines.order_by("pk"))


def _usual(run: OperationRun) -> timedelta | None:
    """The median of the last ones of the same command that ended by themselves."""
    ended = OperationRun.objects.filter(command=run.command, state=OperationRun.State.ENDED, started_at__isnull=False)
    lengths = [
        (end - begin).total_seconds()
        for begin, end in ended.newest_first().values_list("started_at", "ended_at")[:_USUAL_OF]
        if begin and end
    ]
    return timedelta(seconds=median(lengths)) if lengths else None


def _percent(run: OperationRun, usual: timedelta | None, at: datetime) -> int | None:
    """Of the usual time; never said to be whole before it is."""
    if usual is None or run.started_at is None or run.state != OperationRun.State.RUNNING:
        return None
    return min(95, int(100 * ((at - run.started_at) / max(usual, timedelta(seconds=1)))))
