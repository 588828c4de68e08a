"""Write, change and retire scenarios, and say when drills begin by themselves."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError, transaction

from incidents.drills import actions, script
from incidents.drills.models import Plan, Scenario
from opsportal import plain_yaml, recurrence
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.slugs import require_slug


@transaction.atomic
def create(slug: str, document: str, *, by: User) -> Scenario:
    """Something more that may be played."""
    require_slug(slug, longest=40)
    _require(document)
    try:
        with transaction.atomic():
            made = Scenario.objects.create(slug=slug, document=document)
    except IntegrityError:
        raise Refused("SLUG_TAKEN", "There is a scenario at this address. Choose another.") from None
    audit.record("scenario.create", by=by.username, object=slug)
    return made


@transaction.atomic
def change(scenario: Scenario, document: str, *, seen: int, by: User) -> Scenario:
    """Play it otherwise from now on; drills keep the text they were begun with. `seen` is the version edited."""
    scenario = Scenario.objects.select_for_update().get(pk=scenario.pk)
    if scenario.version != seen:
        raise Conflict("SCENARIO_CHANGED", "Somebody else saved this scenario while you were typing. Yours is below.")
    _require(document)
    scenario.document, scenario.version = document, scenario.version + 1
    scenario.save(update_fields=["document", "version"])
    audit.record("scenario.change", by=by.username, object=scenario.slug, reason=f"version {scenario.version}")
    return scenario


@transaction.atomic
def set_retired(scenario: Scenario, at: datetime | None, *, by: User) -> Scenario:
    """Offer it no more, or again when `at` is None; its drills stay."""
    scenario = Scenario.objects.select_for_update().get(pk=scenario.pk)
    if (scenario.retired_at is None) == (at is None):
        raise Refused("SCENARIO_STATE", "It is so already.")
    scenario.retired_at = at
    scenario.save(update_fields=["retired_at"])
    audit.record("scenario.retire" if at else "scenario.bring_back", by=by.username, object=scenario.slug)
    return scenario


@dataclass(frozen=True)
class Rhythm:
    """When drills begin by themselves, and which; without a scenario they take turns."""

    is_on: bool
    scenario: Scenario | None
    rule: str
    first_on: date
    clock: time
    time_zone: str


@transaction.atomic
def plan(rhythm: Rhythm, *, by: User, at: datetime) -> Plan:
    """From now on they begin by this rule; what was due before is not made up for."""
    row = Plan.objects.select_for_update().get()
    recurrence.require_known(rhythm.rule, rhythm.time_zone)
    for name, value in vars(rhythm).items():
        setattr(row, name, value)
    row.next_at = actions.next_start(row, at) if rhythm.is_on else None
    row.save()
    said = recurrence.in_words(rhythm.rule, rhythm.first_on) if rhythm.is_on else "off"
    audit.record("drill.plan", by=by.username, object="drills", reason=said)
    return row


def _require(document: str) -> None:
    guard.require_clean(document)
    for words in plain_yaml.words(document):
        guard.require_clean(words)
    try:
        plot = script.read(document)
    except script.UnreadableError as wrong:
        raise Refused("SCENARIO_UNREADABLE", str(wrong)) from None
    actions.domain_of(plot)
