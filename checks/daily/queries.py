"""Read signed days, and those that nobody signed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.http import Http404
from django.urls import reverse

from checks.daily.models import DailyAnswer, DailySheet
from incidents.week_sections import Section

# The sheet is due in the morning; the clock of the house is UTC.
DUE = time(10, 0)
_DAY = timedelta(days=1)
PAGE = 60


@dataclass(frozen=True)
class Day:
    """A day of the history. Without a sheet nobody signed it."""

    on: date
    sheet: DailySheet | None

    @property
    def late_by(self) -> timedelta:
        """How long after it was due it was signed; zero when it was in time."""
        due = datetime.combine(self.on, DUE, UTC)
        return max(timedelta(), self.sheet.signed_at - due) if self.sheet else timedelta()

    @property
    def state(self) -> str:
        if self.sheet is None:
            return "unhealthy"
        return "flapping" if self.late_by else "healthy"

    @property
    def words(self) -> str:
        if self.sheet is None:
            return "Nobody signed"
        late = int(self.late_by.total_seconds() // 60)
        said = f", {late // 60} h {late % 60:02} min late" if late else ""
        return f"{self.sheet.signed_at.astimezone(UTC):%H:%M} UTC, {self.sheet.signed_by.username}{said}"


def sheet_of(on: date) -> DailySheet | None:
    return DailySheet.objects.select_related("signed_by").filter(on=on).first()


def sheet_or_404(on: str) -> DailySheet:
    """The signed sheet of a day such as 2026-11-21."""
    try:
        found = sheet_of(date.fromisoformat(on))
    except ValueError:
        found = None
    if found is None:
        raise Http404("Nobody signed that day.")
    return found


def answers(sheet: DailySheet) -> list[DailyAnswer]:
    return list(sheet.answers.order_by("pk"))


def days(before: date, number: int) -> list[Day]:
    """So many days before one, the newest first, back to the first that was ever signed. Two queries."""
    first = DailySheet.objects.order_by("on").values_list("on", flat=True).first()
    if first is None:
        return []
    wanted = [before - step * _DAY for step in range(1, number + 1)]
    rows = DailySheet.objects.filter(on__in=wanted).select_related("signed_by").defer("figures")
    sheets = {sheet.on: sheet for sheet in rows}
    return [Day(on, sheets.get(on)) for on in wanted if on >= first]


def week_summary(start: datetime, end: datetime) -> Section:
    """What the weekly review says of signed days; a question to which nobody looked counts as one."""
    number = (end - start).days
    known = days(end.date(), number)
    signed = [one for one in known if one.sheet is not None]
    late = sum(bool(one.late_by) for one in signed)
    said = DailyAnswer.objects.filter(sheet__on__gte=start.date(), sheet__on__lt=end.date())
    unsure = said.filter(answer=DailyAnswer.Answer.NOT_LOOKED).count()
    wrong = said.filter(answer=DailyAnswer.Answer.NO).count()
    words = (f"{len(signed)} of {number} days signed, {late} late", f"{wrong} answered no, {unsure} not looked")
    return Section("Daily sheets", words if signed else (), reverse("checks:daily"), "No day was signed")
