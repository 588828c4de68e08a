"""ISO weeks in UTC: every one has seven days of 24 hours, whatever clocks do. Pure."""

from datetime import UTC, date, datetime, timedelta

WEEK = timedelta(weeks=1)


def monday(at: datetime) -> datetime:
    """The beginning of the week that holds the moment."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def name(start: datetime | date) -> str:
    """2026-W46, by the year that the week counts to.

    >>> name(datetime(2026, 12, 28, tzinfo=UTC))
    '2026-W53'
    """
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02}"


def parse(text: str) -> datetime | None:
    """The Monday of 2026-W46; None for what is no week.

    >>> parse("2026-W53"), parse("2025-W53")
    (datetime.datetime(2026, 12, 28, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    year, separator, week = text.partition("-W")
    if not separator or len(year) != 4 or len(week) != 2 or not (year + week).isascii() or not (year + week).isdigit():
        return None
    try:
        return datetime.combine(date.fromisocalendar(int(year), int(week), 1), datetime.min.time(), tzinfo=UTC)
    except ValueError:
        return None


def closed(at: datetime, number: int) -> list[datetime]:
    """The Mondays of the last closed weeks, oldest first."""
    running = monday(at)
    return [running - place * WEEK for place in range(number, 0, -1)]
