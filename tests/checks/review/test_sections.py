"""What the rooms say of a week in its review."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.daily.models import DailyAnswer, DailySheet
from checks.review import sections
from incidents.models import Domain, Incident, Obligation, Postmortem

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
WEEK = (MONDAY, MONDAY + timedelta(days=7))
QUIET = {
    "Post-mortems": "None was begun, signed or late",
    "Daily sheets": "No day was signed",
    "Duties": "None was due",
    "Drills": "None was held yet",
}


def test_a_quiet_week_is_said_to_be_one_by_every_room(db: None) -> None:
    found = {one["title"]: one for one in sections.of_week(*WEEK)}

    assert {title: one["quiet"] for title, one in found.items() if not one["lines"]} == QUIET
    assert all(one["url"].startswith("/") for one in found.values())


def test_reports_and_signed_days_are_counted_without_security(responder) -> None:
    for number, nature in ((801, "standard"), (802, "security")):
        incident = Incident.objects.create(
            number=number, title="x", severity="SEV-1", severity_peak="SEV-1", nature=nature,
            domain=Domain.objects.get(slug="frontend"), declared_at=MONDAY, detected_at=MONDAY,
            impact_started_at=MONDAY,
        )  # fmt: skip
        Postmortem.objects.create(incident=incident, drafted_at=MONDAY + timedelta(days=1))
        Obligation.objects.create(
            kind="postmortem", subject=f"INC-{number}", due_at=MONDAY + timedelta(days=3), created_at=MONDAY
        )
    for day, hour in ((0, 8), (1, 13)):
        on = MONDAY + timedelta(days=day)
        sheet = DailySheet.objects.create(
            on=on.date(), figures={}, signed_by=responder, signed_at=on + timedelta(hours=hour)
        )
        DailyAnswer.objects.create(sheet=sheet, line="abuse", question="?", answer="not_looked")

    reports, days, *_ = sections.of_week(*WEEK)

    assert reports["lines"] == ["1 begun", "0 signed", "1 late at the end of the week"]
    assert days["lines"] == ["2 of 7 days signed, 1 late", "0 answered no, 2 not looked"]
