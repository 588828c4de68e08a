"""Objectives over real buckets: budgets, alerts, freezes, the gate, the screens and the file."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from checks.catalogue.models import Check
from checks.rollups import buckets, histogram
from checks.rollups.buckets import Counts
from checks.rollups.models import Watermark
from checks.slo import actions, importing, queries, tallies
from checks.slo.actions import Promise
from checks.slo.models import Objective
from checks.slo.tallies import Grain, Piece
from incidents.alerts.models import Alert
from incidents.changes import freezes
from incidents.changes.models import Freeze
from incidents.models import Domain
from opsportal import as_code
from opsportal.as_code import ImportRefused
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent, User
from tests.checks.catalogue.test_api import Program

pytestmark = pytest.mark.django_db
# Half a period of 28 days has passed: it began on Monday 2 November 2026.
AT = datetime(2026, 11, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AddCheck = Callable[..., Check]


def given(check: Check | None = None, **words: Any) -> Promise:
    usual: dict[str, Any] = {
        "name": "Checkout", "indicator": "availability", "threshold_ms": None, "target": Decimal("99"), "days": 28,
        "domain": Domain.objects.get(slug="frontend"), "check": check, "component": None, "owner": "@fe-oncall",
        "policy": "No features below a quarter.", "freezes_changes": True,
    }  # fmt: skip
    return Promise(**{**usual, **words})


def ran(check: Check, start: datetime, minutes: int, *, err: int = 0, latency: float = 20.0) -> None:
    """One run a minute, the first ones bad; latencies only of the good ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [start, start + timedelta(minutes=minutes)])
    buckets.add_minutes(
        Counts(
            check.pk, start + timedelta(minutes=place), ok=int(place >= err), err=int(place < err), expected=1,
            hist=histogram.encode([latency] if place >= err else []),
        )
        for place in range(minutes)
    )  # fmt: skip


def days(check: Check, *, bad: int, ok: int = 14_000) -> None:
    """Fourteen whole days of the running period as one row each, rolled up to now."""
    buckets.replace_days(
        Counts(check.pk, AT - (place + 1) * DAY, ok=ok // 14, err=bad // 14, expected=(ok + bad) // 14)
        for place in range(14)
    )
    for grain in ("d", "h"):
        Watermark.objects.update_or_create(grain=grain, defaults={"until": AT})


@pytest.fixture
def check(add_check: AddCheck) -> Check:
    return add_check("checkout-page", last_run_at=AT)


@pytest.fixture
def objective(check: Check, admin: User) -> Objective:
    return actions.promise(given(check), by=admin, at=AT)


def test_a_stretch_is_read_in_the_fewest_buckets():
    grains = [Grain("d", DAY, AT - DAY), Grain("h", HOUR, AT - 2 * HOUR), Grain("m", timedelta(minutes=1), AT)]

    found = tallies.cover(AT - 3 * DAY - timedelta(minutes=30), AT, grains)

    assert found == [
        Piece("m", AT - 3 * DAY - timedelta(minutes=30), AT - 3 * DAY),
        Piece("d", AT - 3 * DAY, AT - DAY),
        Piece("h", AT - DAY, AT - 2 * HOUR),
        Piece("m", AT - 2 * HOUR, AT),
    ]


def test_the_budget_is_that_of_the_running_period(check, objective):
    days(check, bad=70)

    one = queries.standing(objective, AT)

    assert (one.period.start, one.elapsed) == (AT - 14 * DAY, 0.5)
    assert (one.tally.valid, one.tally.bad) == (14_070, 70)
    assert one.left == pytest.approx(1 - 70 * 0.5 / (0.01 * 14_070), abs=1e-5)
    assert one.should_be_left == 0.5
    assert one.state == "on_track"


def test_latency_counts_what_answered_too_late(check, admin):
    made = actions.promise(given(check, indicator="latency", threshold_ms=100), by=admin, at=AT)
    ran(check, AT - HOUR, 50)
    ran(check, AT - timedelta(minutes=10), 10, latency=400.0, err=3)

    tally = queries.standing(made, AT).tally

    assert (tally.valid, tally.bad, tally.ran, tally.asked) == (57, 7, 60, 60)


def test_a_domain_and_a_component_count_all_their_checks(add_check, check, admin):
    other = add_check("cart")
    ran(check, AT - HOUR, 60, err=6)
    ran(other, AT - HOUR, 60)
    whole = actions.promise(given(), by=admin, at=AT)

    one = queries.standing(whole, AT)

    assert (one.tally.valid, one.tally.bad) == (120, 6)
    assert [found.key for found in one.checks] == ["checkout-page", "cart"]


def test_no_traffic_spends_nothing_and_frees_nothing(check, objective):
    frontend = check.domain
    freezes.freeze(frontend, "spent before", at=AT - DAY)

    actions.evaluate(at=AT)

    one = queries.standing(objective, AT)
    assert (one.left, one.state) == (None, "insufficient_data")
    assert Freeze.objects.get(domain=frontend).lifted_at is None


def test_a_burning_budget_raises_one_alert_and_its_end_resolves_it(check, objective):
    ran(check, AT - HOUR, 40)
    ran(check, AT - timedelta(minutes=20), 20, err=20)
    for _ in range(2):
        actions.evaluate(at=AT)

    alert = Alert.objects.get(dedup_key="slo:checkout:page")
    assert alert.title == "Checkout burns its error budget 33.3 times too fast"
    assert (alert.severity, alert.seen) == ("SEV-2", 1)

    later = AT + timedelta(minutes=40)
    ran(check, AT, 40)
    Check.objects.update(last_run_at=later)
    actions.evaluate(at=later)
    alert.refresh_from_db()
    assert alert.resolved_at == later


def test_one_failed_run_raises_nothing(check, admin):
    actions.promise(given(check, target=Decimal("99.9")), by=admin, at=AT)
    ran(check, AT - timedelta(minutes=1439), 1439)
    ran(check, AT - timedelta(minutes=1), 1, err=1)

    actions.evaluate(at=AT)

    assert not Alert.objects.exists()


def test_an_alert_stays_while_nothing_is_known(check, objective):
    ran(check, AT - HOUR, 60, err=60)
    actions.evaluate(at=AT)

    actions.evaluate(at=AT + 2 * HOUR)

    assert Alert.objects.get(dedup_key="slo:checkout:page").resolved_at is None


def test_silence_is_a_ticket_of_its_own(check, objective):
    """A hundredth of 28 days of 1 per cent is four minutes."""
    actions.evaluate(at=AT + timedelta(minutes=4))
    assert not Alert.objects.filter(dedup_key="slo:checkout:no_data").exists()

    actions.evaluate(at=AT + timedelta(minutes=5))
    assert Alert.objects.get(dedup_key="slo:checkout:no_data").severity == "SEV-3"

    Check.objects.update(last_run_at=AT + timedelta(minutes=6))
    actions.evaluate(at=AT + timedelta(minutes=6))
    assert Alert.objects.get(dedup_key="slo:checkout:no_data").resolved_at is not None


def test_a_spent_budget_freezes_its_domain_until_the_next_period(check, objective):
    days(check, bad=1_400)
    for _ in range(2):
        actions.evaluate(at=AT)

    freeze = Freeze.objects.get()
    assert (freeze.domain, freeze.cause) == (check.domain, "budget")
    assert freeze.reason == "The error budget of Checkout is spent, new period 30 Nov"
    assert AuditEvent.objects.filter(act="slo.freeze", object="checkout").count() == 1

    fresh = AT + 14 * DAY + HOUR
    ran(check, fresh - HOUR, 60)
    actions.evaluate(at=fresh)
    freeze.refresh_from_db()
    assert freeze.lifted_at == fresh


def test_a_person_overrides_the_rule_for_the_rest_of_the_period(check, objective, publisher):
    days(check, bad=1_400)
    actions.evaluate(at=AT)
    freezes.lift(Freeze.objects.get(), reason="The fix itself has to go out.", by=publisher, at=AT)

    actions.evaluate(at=AT + timedelta(minutes=1))

    assert not Freeze.objects.filter(lifted_at=None).exists()
    assert AuditEvent.objects.get(act="freeze.lift").reason == "The fix itself has to go out."


def test_what_is_retired_holds_nothing_up(check, objective, admin):
    days(check, bad=1_400)
    ran(check, AT - HOUR, 60, err=60)
    actions.evaluate(at=AT)

    actions.archive(objective, reason="The shop has moved.", by=admin, at=AT)
    actions.evaluate(at=AT + timedelta(minutes=1))

    assert not Freeze.objects.filter(lifted_at=None).exists()
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_two_who_edit_the_second_is_told(check, objective, admin):
    actions.change(objective, given(check, name="Shop"), seen=1, by=admin)

    with pytest.raises(Conflict):
        actions.change(objective, given(check, name="Other"), seen=1, by=admin)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"indicator": "latency"}, "THRESHOLD_MISSING"),
        ({"policy": " "}, "POLICY_MISSING"),
        ({"target": Decimal(100)}, "OBJECTIVE_WRONG"),
        ({"owner": "nobody"}, "OBJECTIVE_WRONG"),
    ],
)
def test_what_cannot_be_promised_is_refused(check, admin, words, code):
    with pytest.raises(Refused) as refusal:
        actions.promise(given(check, **words), by=admin, at=AT)

    assert refusal.value.code == code


def test_scripts_ask_the_gate(check, objective, viewer):
    freezes.freeze(check.domain, "The error budget of Checkout is spent", at=timezone.now() - HOUR)
    program = Program(viewer, "changes:read")

    held, free = program.get("/api/v1/gate", domain="frontend"), program.get("/api/v1/gate", domain="backend")

    assert (held["open"], held["freezes"][0]["cause"]) == (False, "budget")
    assert held["objectives"][0]["key"] == "checkout"
    assert (free["open"], free["sentence"], free["objectives"]) == (True, "Changes go through.", [])
    assert program.ask("get", "/api/v1/gate", {"domain": "nowhere"}).json()["error"]["code"] == "DOMAIN_UNKNOWN"
    assert Program(viewer, "checks:read").ask("get", "/api/v1/gate").status_code == 403
    assert Program(viewer, "checks:read").get("/api/v1/objectives")[0]["state"] == "insufficient_data"


def test_screens_say_how_a_budget_stands(check, objective, client_as, viewer):
    browser = client_as(viewer)

    page = browser.get("/slo/").content.decode()
    assert "Checkout" in page
    assert "No data" in page
    one = browser.get("/slo/checkout/").content.decode()
    assert "99 % of the runs pass" in one or "99 % pass" in one
    assert "Not enough data" in one
    assert browser.get("/slo/nothing/").status_code == 404


def test_an_admin_promises_changes_retires_and_restores(check, client_as, admin):
    browser = client_as(admin)
    typed = {
        "name": "Fast checkout", "indicator": "latency", "threshold_ms": "", "target": "99.5", "days": "28",
        "domain": "backend", "check": "checkout-page", "owner": "@fe-oncall", "policy": "None.",
    }  # fmt: skip

    refused = browser.post("/slo/new/", typed)
    assert refused.status_code == 422
    assert "within how many milliseconds" in refused.content.decode()
    assert browser.post("/slo/new/", typed | {"threshold_ms": "400"})["Location"] == "/slo/fast-checkout/"
    made = Objective.objects.get(key="fast-checkout")
    assert (made.domain.slug, made.promise, made.freezes_changes) == ("frontend", "99.5 % answer within 400 ms", False)

    edit = "/slo/fast-checkout/edit/"
    assert browser.post(edit, typed | {"threshold_ms": "300", "seen": "1"}).status_code == 302
    assert browser.post(edit, typed | {"threshold_ms": "200", "seen": "1"}).status_code == 409
    assert browser.post("/slo/fast-checkout/archive/", {"reason": ""}).status_code == 422
    assert ">Retire…</a>" in browser.get("/slo/fast-checkout/").content.decode()
    assert 'type="submit">Retire</button>' in browser.get("/slo/fast-checkout/archive/").content.decode()
    answer = browser.post("/slo/fast-checkout/archive/", {"reason": "Moved."}, follow=True).content.decode()
    assert "Fast checkout is retired." in answer and ">Retired</h2>" in answer
    assert ">Restore</button>" in browser.get("/slo/fast-checkout/").content.decode()
    answer = browser.post("/slo/fast-checkout/restore/", follow=True).content.decode()
    assert "Fast checkout is restored." in answer
    acts = list(AuditEvent.objects.filter(act__startswith="slo.").order_by("pk").values_list("act", flat=True))
    assert acts == ["slo.add", "slo.change", "slo.archive", "slo.restore"]


def test_a_file_of_what_there_is_changes_nothing(check, objective, admin):
    plan = importing.import_objectives(importing.export(), by=admin, at=AT)

    assert (plan.added, plan.changed, plan.left) == ((), (), 1)


def test_a_file_does_not_change_what_is_retired(check, objective, admin):
    actions.archive(objective, reason="Moved.", by=admin, at=AT)

    with pytest.raises(ImportRefused) as refusal:
        importing.import_objectives(FILE.format(target=99.5), by=admin, at=AT)

    assert [one.sentence for one in refusal.value.wrong] == ["Under this key is a retired objective. Restore it first."]


FILE = """version: 1
objectives:
  checkout:
    name: Checkout
    target: 99.9
    domain: frontend
    check: checkout-page
    owner: "@fe-oncall"
    policy: No features below a quarter.
  payments:
    name: Payments
    target: {target}
    domain: payments
    owner: "@pay-oncall"
    policy: No features below a quarter.
"""


def test_a_file_is_taken_in_whole_or_not_at_all(check, objective, admin):
    with pytest.raises(ImportRefused) as refusal:
        importing.import_objectives(FILE.format(target="many"), by=admin, at=AT)
    assert [(one.entry, one.field) for one in refusal.value.wrong] == [("payments", "target")]
    assert Objective.objects.get().percent == 99

    assert as_code.rehearse(importing.import_objectives, FILE.format(target=99.5), by=admin, at=AT).added == (
        "payments",
    )
    assert Objective.objects.count() == 1

    plan = importing.import_objectives(FILE.format(target=99.5), by=admin, at=AT)
    assert (plan.added, plan.changed, plan.left) == (("payments",), ("checkout",), 0)
    assert Objective.objects.get(key="checkout").percent == 99.9
    assert importing.import_objectives(FILE.format(target=99.5), by=admin, at=AT).left == 2


@pytest.mark.parametrize(
    ("entry", "field", "sentence"),
    [
        ("{name: X, colour: red}", "?", "There are these fields"),
        ("{name: X, domain: nowhere, owner: '@a', policy: y}", "domain", "There is no such domain."),
        ("{name: X, domain: frontend, owner: '@a', policy: y, check: gone}", "check", "There is no such check."),
        ("{name: X, freezes_changes: maybe}", "freezes_changes", "Write true or false."),
    ],
)
def test_every_fault_is_named_by_its_field(admin, entry, field, sentence):
    with pytest.raises(ImportRefused) as refusal:
        as_code.rehearse(importing.import_objectives, f"version: 1\nobjectives:\n  one: {entry}\n", by=admin, at=AT)

    assert any(one.field == field and one.sentence.startswith(sentence) for one in refusal.value.wrong)


def test_a_key_that_no_text_can_keep_is_refused_with_its_line(admin):
    with pytest.raises(Refused, match="Line 3: a NUL"):
        as_code.rehearse(
            importing.import_objectives, 'version: 1\nobjectives:\n  "a\\0": {}\n', by=admin, at=timezone.now()
        )


def test_the_file_has_its_screen(check, objective, client_as, admin):
    browser = client_as(admin)

    assert browser.get("/slo/as-code/export/").content.decode() == importing.export()
    looked = browser.post("/slo/as-code/", {"text": FILE.format(target=99.5)})
    assert "1 added, 1 changed" in looked.content.decode()
    assert browser.post("/slo/as-code/", {"text": "version: 2"}).status_code == 422
    assert browser.post("/slo/as-code/", {"text": FILE.format(target=99.5), "act": "import"}).status_code == 302
    assert Objective.objects.count() == 2
