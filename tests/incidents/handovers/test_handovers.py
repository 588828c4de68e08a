"""A shift changes: the packet is laid ready, gets a word, and is taken in time, early or late."""

from datetime import time

import pytest

from incidents.alerts import mutes
from incidents.handovers import actions, packet
from incidents.handovers.models import HandOver
from incidents.obligations import actions as obligations
from incidents.obligations.models import Obligation
from incidents.oncall import actions as oncall
from incidents.oncall import queries
from incidents.oncall.models import Holder, Override
from incidents.paging.week_section import week_summary
from incidents.response.models import Incident
from opsportal.errors import Denied, Refused
from opsportal.models import AuditEvent, Delivery
from tests.incidents.cast import AT, SECRET, open_incident
from tests.incidents.oncall.cast import DAY, HOUR, rota

pytestmark = pytest.mark.django_db
# The responder has the shift until 08:00 on the 21st, then the publisher.
CHANGE = AT.replace(hour=8, minute=0)
MINUTE = HOUR / 60


@pytest.fixture
def primary(responder, publisher, admin):
    return rota("Primary", responder, publisher, by=admin, handle="@sre-oncall")


@pytest.fixture
def waiting(primary) -> HandOver:
    assert actions.sweep(at=CHANGE + MINUTE) == 1
    return HandOver.objects.get()


def owed() -> Obligation:
    return Obligation.objects.get(kind="handover")


def test_a_packet_is_laid_ready_once_when_another_persons_shift_begins(primary, responder, publisher, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"

    assert [actions.sweep(at=CHANGE + number * MINUTE) for number in (-1, 0, 1, 60)] == [0, 1, 0, 0]

    made = HandOver.objects.get()
    assert (made.giver, made.receiver, made.shift_at, made.accepted_at) == (responder, publisher, CHANGE, None)
    assert (owed().due_at, owed().owner) == (CHANGE + 30 * MINUTE, "@publisher")
    assert Delivery.objects.get().subject == "publisher: the packet of Primary waits"


def test_a_rota_of_one_person_and_one_without_a_handle_have_nothing_to_hand_over(admin, responder, publisher):
    rota("Alone", responder, by=admin, handle="@a")
    rota("Unused", responder, publisher, by=admin)

    assert actions.sweep(at=CHANGE + MINUTE) == 0


def test_somebody_who_has_every_day_of_the_week_hands_nothing_over_to_themselves(admin, responder):
    days = {"hours": (time(8), time(20)), "turn": "weekly"}
    rota("Days", responder, by=admin, handle="@days", **days)

    assert actions.sweep(at=CHANGE + MINUTE) == 0


def test_it_holds_what_is_open_late_muted_and_to_be_watched(primary, responder):
    incident = open_incident(responder)
    mutes.mute(dedup_key="check:help", until=AT + DAY, reason="Moves", by=responder, at=AT)

    found = packet.items(CHANGE, CHANGE + DAY)

    parts = {one.part: one for one in found}
    assert (parts["open"].subject, parts["open"].words) == (incident.label, "SEV-2, investigating")
    assert parts["late"].subject == incident.label
    assert (parts["muted"].subject, parts["muted"].words) == ("check:help", "until Sun 22 Nov 03:12, by responder")


def test_titles_are_looked_up_for_who_reads_and_never_kept(primary, responder, viewer):
    incident = open_incident(responder)
    kept = packet.compiled(CHANGE, CHANGE + DAY)
    assert incident.title not in str(kept)

    assert packet.read(kept, responder)[0].subject == f"{incident.label} {incident.title}"
    Incident.objects.filter(pk=incident.pk).update(nature=Incident.Nature.SECURITY)
    assert packet.read(kept, viewer) == []


def test_a_duty_that_is_called_like_an_incident_breaks_no_packet(primary, responder, client_as):
    incident = open_incident(responder)
    for name in ("INC-audit 2026-11-16", "INC-12 2026-11-16", "INC-9999999999"):
        obligations.owe(Obligation.Kind.DUTY, name, due_at=AT, at=AT, owner="@sre-lead")

    kept = packet.compiled(CHANGE, CHANGE + DAY)

    late = {one["subject"]: one["url"] for one in kept if one["part"] == "late"}
    assert late["INC-audit 2026-11-16"] == late["INC-12 2026-11-16"] == late["INC-9999999999"] == "/"
    assert late[incident.label] == incident.get_absolute_url()
    assert "INC-audit 2026-11-16" in [one.subject for one in packet.read(kept, responder)]
    now = client_as(responder).get("/").content.decode()
    assert 'href="/duties/INC-audit/"' in now and "INC-audit 2026-11-16/waive" not in now


def test_i_have_it_is_recorded_and_ends_the_clock(waiting, publisher):
    actions.take(waiting, by=publisher, at=CHANGE + 10 * MINUTE)
    taken = actions.take(waiting, by=publisher, at=CHANGE + 60 * MINUTE)

    assert (taken.accepted_at, taken.was_late) == (CHANGE + 10 * MINUTE, False)
    assert owed().met_at == CHANGE + 10 * MINUTE
    event = AuditEvent.objects.get(act="handover.take")
    assert (event.actor, event.object, event.reason) == ("publisher", "primary", "from responder")


def test_taken_after_its_time_it_is_late(waiting, publisher):
    assert waiting.is_late(CHANGE + 31 * MINUTE)

    taken = actions.take(waiting, by=publisher, at=CHANGE + 31 * MINUTE)

    assert taken.was_late
    assert AuditEvent.objects.get(act="handover.take").reason == "from responder, late"


def test_only_the_receiver_takes_it_and_only_the_giver_writes(waiting, responder, publisher):
    with pytest.raises(Denied):
        actions.take(waiting, by=responder, at=CHANGE)
    with pytest.raises(Denied):
        actions.add_word(waiting, word="x", by=publisher)
    with pytest.raises(Refused):
        actions.add_word(waiting, word=SECRET, by=responder)

    assert actions.add_word(waiting, word="Next step 60 %", by=responder).word == "Next step 60 %"
    actions.take(waiting, by=publisher, at=CHANGE)
    with pytest.raises(Refused, match="has it already"):
        actions.add_word(waiting, word="Late", by=responder)


def test_offered_early_nothing_moves_until_it_is_taken(primary, responder, publisher, admin):
    with pytest.raises(Refused, match="Only whoever is on call"):
        actions.offer_early(primary, word="", by=admin, at=AT)
    offered = actions.offer_early(primary, word="I am ill", by=responder, at=AT)
    assert queries.who("@sre-oncall", AT + HOUR).person == responder

    actions.take(offered, by=publisher, at=AT + HOUR)

    assert queries.who("@sre-oncall", AT + HOUR).person == publisher
    assert queries.who("@sre-oncall", CHANGE + HOUR).person == publisher
    assert actions.sweep(at=CHANGE + MINUTE) == 0


def test_who_took_it_has_it_and_owes_no_second_press(primary, admin):
    oncall.take(primary, until=AT + HOUR, reason="Awake", by=admin, at=AT)

    actions.sweep(at=AT + MINUTE)

    assert HandOver.objects.get().accepted_at == AT
    assert not Obligation.objects.filter(kind="handover").exists()


def test_the_screens_show_the_packet_and_take_it(waiting, client_as, publisher, responder, viewer, monkeypatch):
    monkeypatch.setattr("incidents.handovers.views.now", lambda: CHANGE + 5 * MINUTE)
    address = f"/oncall/hand-overs/{waiting.pk}/"

    assert client_as(viewer).get(address).status_code == 403
    assert "I have it" not in client_as(responder).get(address).content.decode()
    assert client_as(responder).post(address, {"word": "Watch the queue"}).status_code == 302
    client = client_as(publisher)
    assert "Waits for publisher" in client.get("/oncall/hand-overs/").content.decode()
    page = client.get(address).content.decode()
    assert "Watch the queue" in page
    assert "I have it" in page
    client.post(f"{address}take/")
    assert "publisher has it since" in client.get(address).content.decode()
    assert client.post("/oncall/rotas/primary/hand-over/", {"word": ""}).status_code in (302, 422)


def test_the_weekly_review_says_what_nobody_holds_and_where_nobody_was(primary, responder):
    oncall.be_away(primary, starts_at=AT, ends_at=AT + 5 * HOUR, reason="Away", by=responder, at=AT)

    section = week_summary(AT - 5 * DAY, AT + 2 * DAY)

    assert section.title == "Contacts"
    assert any(line.startswith("9 handles lead to nobody: @be-lead") for line in section.lines)
    assert "Primary: 1 gap, 5 h without anybody" in section.lines


def test_taken_early_the_ops_channel_hears_who_has_it(primary, responder, publisher, settings):
    settings.SLACK_WEBHOOK_URL = "https://hooks.slack.example/x"
    offered = actions.offer_early(primary, word="", by=responder, at=AT)

    actions.take(offered, by=publisher, at=AT + HOUR)
    actions.take(offered, by=publisher, at=AT + HOUR)

    told = Delivery.objects.get(event__startswith="oncall:taken:")
    assert told.subject == "publisher takes Primary"
    assert "instead of responder" in told.body


def _ended(primary, responder, admin):
    Holder.objects.all().delete()
    oncall.end(primary, by=admin, at=AT + MINUTE)


def _given_away(primary, responder, admin):
    oncall.take(primary, until=AT + 4 * HOUR, reason="Swapped", by=admin, at=AT + MINUTE)


def _covered_later(primary, responder, admin):
    oncall.stand_in(
        primary, admin, starts_at=AT + 3 * HOUR, ends_at=AT + 4 * HOUR, reason="School", by=responder, at=AT + MINUTE
    )


@pytest.mark.parametrize("change", [_ended, _given_away, _covered_later])
def test_what_changed_since_it_was_offered_is_not_taken_early(primary, responder, publisher, admin, change):
    offered = actions.offer_early(primary, word="", by=responder, at=AT)
    change(primary, responder, admin)
    before = Override.objects.count()

    with pytest.raises(Refused) as refusal:
        actions.take(offered, by=publisher, at=AT + HOUR)

    assert refusal.value.code == "SHIFT_CHANGED"
    offered.refresh_from_db()
    assert (offered.accepted_at, Override.objects.count()) == (None, before)
