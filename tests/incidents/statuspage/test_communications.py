"""Who has communications in an incident publishes its updates: that incident's, while it runs, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils.timezone import now

from incidents.response import actions as response
from incidents.response import roles
from incidents.response.models import Incident
from incidents.statuspage import actions, components, queries
from incidents.statuspage.models import Component, StatusUpdate
from opsportal.errors import Denied
from opsportal.models import AuditEvent, User
from opsportal.roles import Role
from tests.incidents.statuspage.conftest import NOW, ago

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(responder: User, incident: Incident) -> User:
    """A responder who has communications in the incident."""
    roles.take(incident, "communications", by=responder, at=ago(minutes=8))
    return responder


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.add("bob", Role.RESPONDER)


def denied(update: StatusUpdate, by: User) -> str:
    """The code with which publishing is denied; nothing was published."""
    with pytest.raises(Denied) as refusal:
        actions.publish(update, by=User.objects.get(pk=by.pk), at=NOW)
    assert StatusUpdate.objects.get(pk=update.pk).state == "draft"
    return refusal.value.code


def test_the_holder_publishes_the_first_the_next_and_the_last_word(incident, draft, ann, write):
    actions.publish(draft, by=ann, at=ago(minutes=5))
    actions.publish(write(by=ann), by=ann, at=ago(minutes=3))
    last = actions.publish(write(by=ann, status="resolved", components={}), by=ann, at=NOW)

    assert (last.state, last.published_by, last.public_incident.resolved_at) == ("published", ann, NOW)
    assert Component.objects.get(name="API").status == "operational"
    lines = AuditEvent.objects.filter(act="status_update.publish").values_list("actor", "reason")
    assert set(lines) == {("responder", "holds the Communications role in this incident")}


def test_components_change_with_the_holders_update_and_not_apart_from_it(draft, ann):
    actions.publish(draft, by=ann, at=NOW)
    assert Component.objects.get(name="API").status == "partial_outage"

    with pytest.raises(Exception, match="for the role Publisher"):
        components.set_component(Component.objects.get(name="API"), to="operational", by=ann, at=NOW)


def test_another_responder_and_the_holder_of_another_role_do_not(incident, draft, ann, bob):
    roles.take(incident, "scribe", by=bob, at=NOW)

    assert denied(draft, bob) == "NOT_A_PUBLISHER"


def test_the_commander_alone_does_not(incident, draft, responder):
    assert denied(draft, responder) == "NOT_A_PUBLISHER"


def test_one_incidents_holder_does_not_publish_for_another(backend, draft, ann, bob):
    other = response.declare(title="Other", summary="", severity="SEV-2", domain=backend, by=bob, at=NOW)
    update = actions.draft_first(other, at=NOW)
    assert update is not None

    assert denied(update, ann) == "NOT_A_PUBLISHER"


LOST: dict[str, Callable[[Incident, User, User], object]] = {
    "laid down": lambda incident, ann, bob: roles.lay_down(incident, "communications", by=ann, at=NOW),
    "handed over": lambda incident, ann, bob: (
        roles.offer(incident, "communications", to=bob, by=ann, at=NOW),
        roles.accept(incident, "communications", by=bob, at=NOW),
    ),
    "became a viewer": lambda incident, ann, bob: User.objects.filter(pk=ann.pk).update(role="viewer"),
    "deactivated": lambda incident, ann, bob: User.objects.filter(pk=ann.pk).update(is_active=False),
}


@pytest.mark.parametrize("how", LOST)
def test_with_the_role_goes_the_right(incident, draft, ann, bob, how):
    LOST[how](incident, ann, bob)

    assert denied(draft, ann) == "NOT_A_PUBLISHER"


def test_an_offer_alone_gives_no_right(incident, draft, ann, bob):
    roles.offer(incident, "communications", to=bob, by=ann, at=NOW)

    assert denied(draft, bob) == "NOT_A_PUBLISHER"
    assert queries.may_publish(ann, incident)


def test_after_resolving_the_last_word_is_still_the_holders_and_then_nothing(incident, draft, ann, bob, write):
    actions.publish(draft, by=ann, at=ago(minutes=5))
    response.change_status(incident, to="resolved", by=bob, at=ago(minutes=4))

    roles.offer(incident, "communications", to=bob, by=ann, at=ago(minutes=3))
    roles.accept(incident, "communications", by=bob, at=ago(minutes=3))
    actions.publish(write(by=bob, status="resolved", components={}), by=bob, at=ago(minutes=2))

    assert denied(write(by=bob), bob) == "NOT_A_PUBLISHER"


def test_a_role_that_was_withdrawn_meanwhile_publishes_nothing(draft, publisher):
    User.objects.filter(pk=publisher.pk).update(role=Role.VIEWER)

    with pytest.raises(Denied):
        actions.publish(draft, by=publisher, at=NOW)
    assert StatusUpdate.objects.get(pk=draft.pk).state == "draft"


def test_a_resolved_incident_that_was_never_public_is_the_publishers(incident, draft, ann):
    response.change_status(incident, to="resolved", by=ann, at=NOW)

    assert denied(draft, ann) == "NOT_A_PUBLISHER"


@pytest.mark.parametrize("who", ["responder", "publisher"])
def test_whoever_publishes_needs_a_second_factor_where_one_is_asked_for(request, draft, ann, who, settings):
    settings.MFA_REQUIRED = True
    person = request.getfixturevalue(who)
    assert denied(draft, person) == "SECOND_FACTOR_MISSING"

    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})

    assert actions.publish(draft, by=person, at=NOW).state == "published"


# --- screens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def room(incident: Incident, draft: StatusUpdate) -> str:
    """Views read the real clock, so the promise lies ahead of it."""
    draft.next_update_at = now() + timedelta(hours=2)
    draft.save()
    return f"/incidents/{incident.label}/public/"


def test_the_holder_publishes_by_the_same_two_clicks_as_a_publisher(client_as, room, ann, draft):
    client = client_as(ann)

    assert "Publish…" in client.get(room).content.decode()
    asked = client.get(f"{room}publish/")
    done = client.post(f"{room}publish/")

    assert (asked.status_code, done["Location"]) == (200, room)
    assert StatusUpdate.objects.get().published_by == ann


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_role_the_address_is_closed_and_the_attempt_written_down(client_as, room, bob, method):
    client = client_as(bob)
    page = client.get(room).content.decode()
    assert "Publish…" not in page
    assert "whoever holds the Communications role in this incident" in page

    answer = getattr(client, method)(f"{room}publish/")

    assert answer.status_code == 403
    assert StatusUpdate.objects.get().state == "draft"
    line = AuditEvent.objects.get(act="access.denied")
    assert (line.actor, line.object, line.result) == ("bob", f"{method.upper()} incidents:public_publish", "denied")


def test_the_holder_without_a_second_factor_reads_what_to_do(client_as, room, ann, settings: Any):
    settings.MFA_REQUIRED = True
    client = client_as(ann)

    page = client.get(room).content.decode()
    answer = client.post(f"{room}publish/")

    assert "Publish…" not in page
    assert 'Publishing requires a second factor. <a href="/account/factors/">Set one up</a>' in page
    assert answer.status_code == 403
    assert "Set one up on your account page" in answer.content.decode()
    assert AuditEvent.objects.filter(act="access.denied", actor="responder").exists()
