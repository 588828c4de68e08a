"""Every column that can hold words has a door, and the door asks the guard."""

import re
from datetime import timedelta
from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.apps import apps
from django.db import models
from django.utils import timezone

from checks.catalogue import actions as catalogue
from incidents.ownership.models import Domain
from opsportal.accounts.mfa_forms import PasskeyForm
from opsportal.audit import actions as audit
from opsportal.audit import export
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from opsportal.outbox import destinations
from opsportal.outbox.models import Channel
from opsportal.privacy.fields import GuardedTextField
from opsportal.privacy.forms import GuardedForm
from opsportal.request_id import accepted_or_new
from opsportal.secrets.sealed import SecretField
from opsportal.tokens import actions as tokens
from tests.portals import ROOT

SECRET, PERSON = "AKIAIOSFODNN7EXAMPLE", "jane@example.com"

# What stands in a column and who asks the guard. Choices, a SecretField and a GuardedTextField need no line.
OURS = "words and numbers of ours: made by code, from nobody's text"
TYPED = "one typed value, checked by its form: a user name, a mail address, a handle, a zone"
HASH = "a digest"
FORM = "a GuardedForm, and the action behind it"
RECORD = "opsportal.audit.actions.record cleans it"
ENQUEUE = "opsportal.outbox.actions.enqueue cleans it"
DOORS = {
    "opsportal.knockcount.who": HASH,
    "incidents.call.ended_because": OURS,
    "incidents.callline.why": "words of ours about a handle and a shift, whose reason was guarded",
    "incidents.reach.nonce": HASH,
    "opsportal.ban.who": HASH,
    "opsportal.ban.created_by": TYPED,
    "opsportal.ban.lifted_by": TYPED,
    "opsportal.user.password": HASH,
    "opsportal.user.username": TYPED,
    "opsportal.user.email": TYPED,
    "opsportal.user.time_zone": TYPED,
    "opsportal.loginlink.token_hash": HASH,
    "opsportal.loginlink.created_by": TYPED,
    "opsportal.keptanswer.key": HASH,
    "opsportal.keptanswer.fingerprint": HASH,
    "opsportal.keptanswer.body": OURS,
    "opsportal.requestcount.who": HASH,
    "opsportal.auditevent.actor": TYPED,
    "opsportal.auditevent.act": OURS,
    "opsportal.auditevent.object": RECORD,
    "opsportal.auditevent.reason": RECORD,
    "opsportal.auditevent.request_id": "opsportal.request_id.accepted_or_new asks the guard",
    "opsportal.destination.name": FORM,
    "opsportal.destination.created_by": TYPED,
    "opsportal.route.name": OURS,
    "opsportal.route.last_error": OURS,
    "opsportal.delivery.key": OURS,
    "opsportal.delivery.event": OURS,
    "opsportal.delivery.because": ENQUEUE,
    "opsportal.delivery.destination": TYPED,
    "opsportal.delivery.recipient": OURS,
    "opsportal.delivery.route": OURS,
    "opsportal.delivery.subject": ENQUEUE,
    "opsportal.delivery.body": ENQUEUE,
    "opsportal.delivery.last_error": OURS,
    "opsportal.delivery.receipt": "the number that a receiver gave it, and nothing but digits",
    "opsportal.leakcount.kind": OURS,
    "opsportal.seal.chain": OURS,
    "opsportal.seal.digest": HASH,
    "opsportal.jobclaim.name": OURS,
    "opsportal.apitoken.name": FORM,
    "opsportal.apitoken.token_hash": HASH,
    "opsportal.apitoken.created_by": TYPED,
    "opsportal.viewing.ended_how": OURS,
    "opsportal.loweredlimits.created_by": TYPED,
    "opsportal.loweredlimits.ended_by": TYPED,
    "incidents.domain.slug": OURS,
    "incidents.domain.name": OURS,
    "incidents.domain.primary": TYPED,
    "incidents.domain.backup": TYPED,
    "incidents.contact.slug": OURS,
    "incidents.contact.name": OURS,
    "incidents.contact.handle": TYPED,
    "incidents.rotation.slug": FORM,
    "incidents.rotationplan.time_zone": TYPED,
    "incidents.rotationplan.days": OURS,
    "incidents.holder.handle": TYPED,
    "incidents.calendarfeed.token_hash": HASH,
    "incidents.place.url": TYPED,
    "incidents.handover.items": "incidents.handovers.packet: numbers, states and times, no title",
    "incidents.timelineevent.old": OURS,
    "incidents.timelineevent.new": OURS,
    "incidents.timelineevent.about": OURS,
    "incidents.timelineevent.text_digest": HASH,
    "incidents.timelinetext.salt": HASH,
    "incidents.checkliststep.text": OURS,
    "incidents.checkliststep.link": FORM,
    "incidents.checkliststep.command": FORM,
    "incidents.checklisttemplatestep.text": FORM,
    "incidents.checklisttemplatestep.link": FORM,
    "incidents.checklisttemplatestep.command": FORM,
    "incidents.incident.affected_versions": FORM,
    "incidents.incident.channel_url": FORM,
    "incidents.scopearea.name": FORM,
    "incidents.followup.owner": TYPED,
    "incidents.change.artifact": FORM,
    "incidents.change.ticket": FORM,
    "incidents.freeze.time_zone": TYPED,
    "incidents.operationfact.kind": OURS,
    "incidents.operationfact.command": "as checks.operationrun.command, which it repeats",
    "incidents.alert.dedup_key": OURS,
    "incidents.alert.source": OURS,
    "incidents.mute.dedup_key": FORM,
    "incidents.alert.reason": "incidents.alerts.actions.token keeps a token that the guard passes, and nothing else",
    "incidents.obligation.subject": OURS,
    "incidents.obligation.owner": TYPED,
    "incidents.scenario.slug": FORM,
    "incidents.duty.slug": FORM,
    "incidents.duty.owner": TYPED,
    "incidents.duty.time_zone": TYPED,
    "incidents.duty.proof": FORM,
    "incidents.plan.time_zone": TYPED,
    "incidents.drill.flag": OURS,
    "incidents.drill.score": OURS,
    "incidents.runbook.slug": FORM,
    "incidents.runbook.tokens": FORM,
    "incidents.runbook.owner": TYPED,
    "incidents.runbook.kept_over": OURS,
    "incidents.outsidelink.url": "an address that stands in a runbook's text, which passed the guard",
    "incidents.runbookuse.subject": "a number such as INC-12, checked by its form",
    "incidents.page.public_id": OURS,
    "incidents.page.name": FORM,
    "incidents.page.accent_light": TYPED,
    "incidents.page.accent_dark": TYPED,
    "incidents.page.logo": "a picture: incidents.statuspage.logo keeps nothing else of a file",
    "incidents.page.logo_type": OURS,
    "incidents.page.links": FORM,
    "incidents.page.time_zone": TYPED,
    "incidents.component.public_id": OURS,
    "incidents.component.name": FORM,
    "incidents.component.description": FORM,
    "incidents.component.group_name": FORM,
    "incidents.dayrecord.seconds": OURS,
    "incidents.maintenance.public_id": OURS,
    "incidents.maintenanceseries.time_zone": TYPED,
    "incidents.maintenanceupdate.public_id": OURS,
    "incidents.publicincident.public_id": OURS,
    "incidents.statusupdate.public_id": OURS,
    "incidents.statusupdate.affected_components": OURS,
    "incidents.statusupdate.approved_print": HASH,
    "checks.bulkact.ids": OURS,
    "checks.bulkact.refused": OURS,
    "checks.review.figures": "figures, and words of rows that passed the guard at their own doors",
    "checks.finding.about": OURS,
    "checks.finding.name": OURS,
    "checks.finding.words": OURS,
    "checks.finding.owner": TYPED,
    "checks.reviewaction.owner": TYPED,
    "checks.objective.key": OURS,
    "checks.dailysheet.figures": "words and numbers of ours, and names of checks, which have a door of their own",
    "checks.dailyanswer.line": OURS,
    "checks.dailyanswer.question": OURS,
    "checks.objective.name": "a GuardedForm, and checks.slo.actions asks again",
    "checks.objective.owner": TYPED,
    "checks.check.recent": OURS,
    "checks.check.turns": OURS,
    "checks.check.key": FORM,
    "checks.check.name": FORM,
    "checks.check.kind": OURS,
    "checks.check.spec": FORM,
    "checks.check.last_error": OURS,
    "checks.job.key_hash": HASH,
    "checks.job.reason": "checks.jobs.actions keeps a token that the guard passes, and nothing else",
    "checks.job.numbers": "names of a token's form with a number each: checks.probes.token_report.parse",
    "checks.minutebucket.errors": OURS,
    "checks.hourbucket.errors": OURS,
    "checks.daybucket.errors": OURS,
    "checks.weekbucket.errors": OURS,
    "checks.lastday.hours": OURS,
    "checks.watermark.grain": OURS,
    "checks.operationrun.kind": OURS,
    "checks.operationrun.command": "typed words: checks.operations.actions and .shell ask the guard",
    "checks.operationplan.kind": OURS,
    "checks.operationplan.command": OURS,
    "checks.flip.reason": OURS,
    "incidents.subscriber.address_hash": HASH,
    "incidents.subscriber.nonce": HASH,
    "incidents.announcement.key": OURS,
    "incidents.announcement.topic": OURS,
    "incidents.announcement.path": OURS,
    "incidents.announcement.component_ids": OURS,
    # Of libraries, as far as they keep what somebody said; the rest of their columns is theirs.
    "mfa.authenticator.data": "opsportal.accounts.mfa_forms.PasskeyForm; keys are sealed",
    "usersessions.usersession.user_agent": "opsportal.accounts.sessions keeps name and system only",
    "socialaccount.socialaccount.extra_data": "emptied by opsportal.accounts.adapter",
}
HOUSE = {"opsportal", "incidents", "checks"}
WORDS = (models.CharField, models.TextField, models.JSONField)


def columns() -> set[str]:
    return {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in HOUSE
        for field in model._meta.local_concrete_fields
        if isinstance(field, WORDS) and not field.choices and not isinstance(field, GuardedTextField | SecretField)
    }


def test_every_column_that_can_hold_words_has_a_door():
    """A new one: make it a GuardedTextField, or say here who asks the guard before it is saved."""
    assert columns() - set(DOORS) == set()


# Compared with what is there, never stored.
LOOKED_UP = {"way", "code", "q", "owner", "after"}


def test_every_form_with_room_for_words_is_guarded():
    """A plain Form may have choices, numbers and names that are looked up, nothing that is kept as it was typed."""
    seen = 0
    for path in [*ROOT.glob("*/*/*forms.py"), *ROOT.glob("*/*/forms/*.py")]:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for form in vars(import_module(module)).values():
            if isinstance(form, type) and issubclass(form, forms.Form | forms.ModelForm) and form.__module__ == module:
                seen += 1
                wordy = {name for name, field in form.base_fields.items() if type(field) is forms.CharField}
                assert issubclass(form, GuardedForm) or wordy <= LOOKED_UP, form
    assert seen > 30


@pytest.mark.django_db
def test_the_audit_log_keeps_no_secret_and_no_person_and_old_rows_leave_without():
    row = audit.record("user.role", by="admin", object=f"for {PERSON}", reason=f"the key {SECRET} got out")
    AuditEvent.objects.bulk_create([AuditEvent(act="old", actor="admin", object="x", reason=f"{SECRET} {PERSON}")])

    assert re.fullmatch(r"for user:\w{12}", row.object)
    assert row.reason == "the key [removed: cloud access key] got out"
    table = "".join(export.lines(AuditEvent.objects.filter(act="old")))
    assert "[removed: cloud access key] user:" in table


@pytest.mark.django_db
def test_a_message_leaves_without_what_may_not_leave():
    delivery = outbox.enqueue(
        key="k",
        channel=Channel.SLACK,
        destination="ops",
        subject=f"{PERSON} sees it",
        body=f"dies with {SECRET}\nand goes on",
        because=f"{PERSON} asked",
        at=timezone.now(),
    )

    kept = Delivery.objects.get(pk=delivery.pk)
    assert kept.body == "dies with [removed: cloud access key]\nand goes on"
    assert kept.subject.startswith("user:") and kept.because.startswith("user:")


@pytest.mark.django_db
def test_names_given_past_the_forms_are_refused(admin, responder):
    at = timezone.now()
    settings = {"name": f"shop {SECRET}", "domain": Domain.objects.first()}
    with pytest.raises(Refused, match="cloud access key"):
        catalogue.add_check(kind="http", spec={"url": "https://shop.example/"}, settings=settings, by=admin, at=at)
    spec = {"url": "https://deploy:letmein99@shop.example/"}
    with pytest.raises(Refused, match="address with a password"):
        catalogue.add_check(kind="http", spec=spec, settings={**settings, "name": "shop"}, by=admin, at=at)
    with pytest.raises(Refused, match="cloud access key"):
        tokens.issue(responder, name=SECRET, scopes=["incidents:read"], lifetime=timedelta(days=1), by="shell", at=at)
    with pytest.raises(Refused, match="cloud access key"):
        destinations.add(name=SECRET, channel=Channel.EMAIL, address="a@example.com", token="", by="admin", at=at)


def test_a_request_id_with_a_secret_in_it_is_replaced():
    own, given = "deploy-2026-11-21-0312", f"trace-{SECRET}"

    assert accepted_or_new(own) == own
    assert accepted_or_new(given) != given


@pytest.mark.django_db
def test_of_a_browsers_header_its_name_stays(admin, client):
    client.force_login(admin)
    client.get("/", headers={"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0 {SECRET}"})

    assert [row.user_agent for row in UserSession.objects.filter(user=admin)] == ["Firefox on Linux"]


def test_a_passkey_has_a_name_without_a_secret(admin):
    form = PasskeyForm({"name": f"my {SECRET}", "credential": ""}, user=admin)

    assert not form.is_valid()
    assert form.removed == ["cloud access key"]
    assert SECRET not in str(form)
    assert not Authenticator.objects.exists()
