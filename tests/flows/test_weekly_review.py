"""Thirteen weeks of days become weeks; the week past is compiled, answered, signed; nothing later changes it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from checks.catalogue.models import Check
from checks.review import actions
from checks.review.models import Review
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.rollups.roll_up import roll_up
from incidents.models import Domain, Incident
from incidents.obligations import reminders
from opsportal.models import Delivery

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAY, WEEK, MINUTES = timedelta(days=1), timedelta(weeks=1), 1_440
PAGE = "/review/2026-W46/"


def days_of(check: Check, first: datetime, number: int, *, err: int) -> None:
    hist = histogram.encode([20.0] * 300)
    buckets.replace_days(
        Counts(check.pk, first + place * DAY, ok=MINUTES - err, err=err, expected=MINUTES, hist=hist)
        for place in range(number)
    )


def an_incident(number: int, at: datetime) -> None:
    Incident.objects.create(
        number=number, title="x", severity="SEV-2", severity_peak="SEV-2", domain=Domain.objects.get(slug="frontend"),
        declared_at=at, detected_at=at, impact_started_at=at,
    )  # fmt: skip


def test_a_signed_week_stays_as_it_was(client_as, responder, publisher, settings) -> None:
    settings.SLACK_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    Check.objects.update(created_at=MONDAY - 30 * WEEK)
    at, frontend = MONDAY + timedelta(minutes=10), Domain.objects.get(slug="frontend")
    shop = Check.objects.create(
        key="shop", name="Shop", kind="http", spec={"url": "https://shop.example/"}, domain=frontend, next_due=at
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [MONDAY - 14 * WEEK, MONDAY + DAY])
    days_of(shop, MONDAY - 13 * WEEK, 12 * 7, err=1)
    days_of(shop, MONDAY - WEEK, 7, err=60)
    buckets.add_minutes([Counts(shop.pk, MONDAY - timedelta(hours=1), ok=1, expected=1)])
    roll_up(at)
    days_of(shop, MONDAY - DAY, 1, err=60)  # what the roll-up of that one minute put in its place
    an_incident(901, MONDAY - 2 * DAY)

    assert actions.compile_due(at=at) is not None
    assert [one.event for one in Delivery.objects.all()] == ["review:2026-W46"]
    assert reminders.sweep(MONDAY + timedelta(days=3, hours=13)) == 1

    writer, signer = client_as(responder), client_as(publisher)
    finding = Review.objects.get().findings.get()
    assert finding.words.startswith("Failed runs rose from 0.07 %")
    assert (
        writer.post(f"{PAGE}findings/{finding.pk}/", {"answer": "accepted", "owner": "@fe-oncall"}).status_code == 302
    )
    assert writer.post(f"{PAGE}notes/", {"notes": "A rough week.", "seen": "1"}).status_code == 302
    assert signer.post(f"{PAGE}sign/").status_code == 302
    before = Review.objects.values().get()
    assert "Signed by publisher" in writer.get(PAGE).content.decode()

    an_incident(902, MONDAY - DAY)
    days_of(shop, MONDAY - WEEK, 7, err=900)
    roll_up(at + timedelta(hours=1))
    Domain.objects.filter(slug="frontend").update(name="Renamed")
    assert actions.compile_due(at=at + timedelta(hours=2)) is None
    assert writer.post(f"{PAGE}again/").status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE checks_review SET figures = '{}'")

    assert Review.objects.values().get() == before
    page = writer.get(PAGE).content.decode()
    assert "INC-901" in page
    assert "INC-902" not in page
    assert "Renamed" not in page
    assert reminders.sweep(MONDAY + timedelta(days=5)) == 0
