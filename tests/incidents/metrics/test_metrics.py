"""The screen of figures: what is counted, what is left out and said, who sees what, and what it costs."""

import csv
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from incidents.changes.models import Change
from incidents.metrics import queries
from incidents.metrics.queries import LeftOut, Report
from incidents.obligations.models import Obligation
from incidents.response import actions, impact, linking
from incidents.response.models import Incident
from incidents.statuspage import actions as statuspage
from opsportal.models import User
from tests.incidents.cast import AT, cost, domain, minutes, open_incident

pytestmark = pytest.mark.django_db

PATH = "/incidents/metrics/"
QUERIES = 6  # incidents, first public words, promises, domains, moments of changes, the newest of them


def past(by: User, *, start: datetime = AT, lasts: float = 60, **changes: Any) -> Incident:
    """An incident that was resolved after so many minutes."""
    incident = open_incident(by, at=start, **changes)
    actions.acknowledge(incident, by=by, at=start + timedelta(minutes=2))
    actions.change_status(incident, to="resolved", by=by, at=start + timedelta(minutes=lasts))
    return incident


def publish(incident: Incident, by: User, *, at: datetime, next_at: datetime | None) -> None:
    status = "investigating" if next_at else "resolved"
    draft = statuspage.save_draft(
        incident, title="Payments fail", status=status, body="We look into it.", components={}, by=by, at=at,
        next_update_at=next_at,
    )  # fmt: skip
    statuspage.publish(draft, by=by, at=at)


def report(person: User, at: datetime | None = None) -> Report:
    return queries.report(4, person=person, at=at or minutes(600))


def body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_figures_come_from_what_people_did(responder):
    for lasts in (10, 20, 30, 40, 50):
        past(responder, lasts=lasts)
    past(responder, lasts=300, severity="SEV-1", domain=domain("backend"))

    found = {group.name: group.by_measure for group in report(responder).groups}

    assert (found["SEV-2"]["mttr"].n, found["SEV-2"]["mttr"].median) == (5, 1800)
    assert (found["Payments"]["mtta"].n, found["Payments"]["mtta"].median) == (5, 120)
    assert (found["All"]["mttr"].n, found["All"]["mttr"].median, found["All"]["mttr"].p90) == (6, 2100, None)
    assert (found["SEV-1"]["mttr"].n, found["SEV-1"]["mttr"].median) == (1, None)
    assert found["All"]["first_public"].n == 0


def test_an_end_that_was_corrected_or_told_later_counts_as_it_was(responder):
    for _ in range(4):
        actions.change_status(
            open_incident(responder), to="resolved", by=responder, at=minutes(60), occurred_at=minutes(20)
        )
    impact.correct_time(
        past(responder), "resolved_at", to=minutes(20), reason="The graph", by=responder, at=minutes(70)
    )

    assert report(responder).all.by_measure["mttr"].median == 1200


def test_severity_counts_at_its_worst(responder):
    incident = past(responder, severity="SEV-1")
    Incident.objects.filter(pk=incident.pk).update(severity="SEV-3")

    assert [group.n for group in report(responder).groups[1:4]] == [1, 0, 0]


def test_what_is_left_out_is_said_with_its_number(responder):
    kept, other, third = (past(responder) for _ in range(3))
    linking.merge(other, into=kept, reason="The same", by=responder, at=minutes(70))
    for mode in ("test", "retrospective", "retrospective"):
        Incident.objects.filter(pk=open_incident(responder).pk).update(mode=mode)
    Incident.objects.filter(pk=third.pk).update(declared_at=AT - timedelta(weeks=4))

    found = report(responder)

    assert (found.all.n, found.left_out) == (1, LeftOut(tests=1, drills=0, retrospective=2, merged=1))


def test_updates_on_time_are_those_met_of_those_promised(responder, publisher):
    told = open_incident(responder)
    publish(told, publisher, at=minutes(14), next_at=minutes(44))  # the first word: 1 minute early
    publish(told, publisher, at=minutes(50), next_at=minutes(80))  # 6 minutes late
    silent, spared = open_incident(responder), open_incident(responder)  # never told; and never owed
    actions.waive(spared, kind="first_public_update", reason="Staff only", by=responder, at=minutes(1))
    late = open_incident(responder)
    actions.waive(late, kind="first_public_update", reason="Forgotten", by=responder, at=minutes(40))
    assert Obligation.objects.get(subject=silent.label, kind="first_public_update").due_at == minutes(15)

    kept = {at: report(responder, at=at).all.kept for at in (minutes(70), minutes(90))}

    assert [(one.kept, one.promised) for one in kept.values()] == [(1, 4), (1, 5)]
    assert report(responder).all.by_measure["first_public"].n == 1


def test_a_viewers_figures_know_nothing_of_security_incidents(responder, viewer):
    Incident.objects.filter(pk=past(responder).pk).update(nature="security")

    assert (report(viewer).all.n, report(responder).all.n) == (0, 1)


def test_the_window_stands_in_the_address_and_anything_else_is_twelve_weeks(client_as, viewer, responder):
    start = timezone.now()
    for weeks in (0, 6, 20):
        past(responder, start=start - timedelta(weeks=weeks, minutes=90))
    client = client_as(viewer)

    for asked, number in (
        ("?weeks=4", 1),
        ("", 2),
        ("?weeks=12", 2),
        ("?weeks=52", 3),
        ("?weeks=9", 2),
        ("?weeks=", 2),
    ):
        assert f"<strong>{number}</strong>" in body(client, PATH + asked)


def test_the_page_has_formulas_figures_and_tables_behind_the_charts(client_as, viewer, responder):
    for lasts in range(10, 130, 10):
        past(responder, start=timezone.now() - timedelta(hours=5), lasts=lasts)

    page = body(client_as(viewer), PATH)

    for words in ("MTTD = detected - impact start", "MTTA = acknowledged - detected", "MTTR = resolved - detected"):
        assert words in page
    assert "median, p90 1 h 49 min, n&nbsp;12" in page
    assert "n too small" in page
    assert page.count('<svg class="chart') == 2 * 5
    assert page.count("<caption") == 6
    assert "Left out: 0 tests, 0 drills, 0 written down afterwards, 0 merged into another." in page
    assert PATH in body(client_as(viewer), "/incidents/")


def test_changes_are_strokes_under_the_weeks_and_a_list(client_as, viewer):
    now = timezone.now()
    for number in range(14):
        Change.objects.create(
            kind="deploy", what=f"Release {number}.", source="api", result="planned" if number == 13 else "succeeded",
            started_at=now - timedelta(days=number), recorded_at=now,
        )  # fmt: skip

    page = body(client_as(viewer), PATH)

    strokes = re.findall(r'<path class="ann" d="([^"]+)"', page)
    assert [one.count("M") for one in strokes] == [13, 13]
    assert "Release 0." in page
    assert not any(f"Release {number}." in page for number in (12, 13))
    assert "The newest 12 of 13." in page


def test_an_empty_portal_has_figures_without_numbers(client_as, viewer):
    page = body(client_as(viewer), PATH)

    assert "0 incidents declared" in page
    assert "n too small" in page


def test_the_export_is_the_same_table(client_as, viewer, responder):
    for lasts in (10, 20, 30, 40, 50):
        past(responder, start=timezone.now() - timedelta(hours=5), lasts=lasts)

    answer = client_as(viewer).get(f"{PATH}export.csv?weeks=4")

    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert len(rows) == 9 * 5
    (mttr,) = (one for one in rows if (one["group"], one["figure"]) == ("SEV-2", "mttr"))
    assert (mttr["n"], mttr["median_seconds"], mttr["p90_seconds"], mttr["weeks"]) == ("5", "1800", "", "4")
    assert mttr["formula"] == "MTTR = resolved - detected"


def test_the_screen_costs_the_same_however_many_there_were(client_as, viewer, responder):
    client = client_as(viewer)
    client.get("/more/")  # what the first page of a session asks for besides
    few = cost(client, PATH)
    for _ in range(15):
        past(responder, start=timezone.now() - timedelta(hours=5))

    assert cost(client, PATH) == few == QUERIES
