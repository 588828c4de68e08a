"""Promise, change and retire an objective; and what follows by itself when a budget burns or is spent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from checks.catalogue.models import Check
from checks.slo import queries
from checks.slo.burning import Verdict, Weight
from checks.slo.models import Days, Indicator, Objective
from checks.slo.queries import Standing, State
from incidents.alerts import actions as alerts
from incidents.alerts.models import Alert
from incidents.alerts.signals import Signal
from incidents.changes import actions as changes
from incidents.changes.models import Freeze
from incidents.models import Component, Domain
from incidents.response.states import Severity
from opsportal import turns
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard

MOST = 500
RULE = "scheduler"
_SEVERITY = {Weight.PAGE: Severity.SEV2, Weight.TICKET: Severity.SEV3}
_SILENT = "no_data"
_RESERVED = {"new", "as-code", "export"}


@dataclass(frozen=True)
class Promise:
    """Everything that a person sets of an objective."""

    name: str
    indicator: str
    threshold_ms: int | None
    target: Decimal
    days: int
    domain: Domain
    check: Check | None
    component: Component | None
    owner: str
    policy: str
    freezes_changes: bool


@transaction.atomic
def promise(given: Promise, *, by: User, at: datetime, key: str = "") -> Objective:
    """Promise something from now on; runs of the past count as far as they are kept."""
    if Objective.objects.in_use().count() >= MOST:
        raise Refused("TOO_MANY_OBJECTIVES", f"There are {MOST} objectives already. Retire one first.")
    if key and Objective.objects.filter(key=key).exists():
        raise Conflict("KEY_TAKEN", "There is an objective with this key already.")
    objective = Objective(key=key or _free_key(given.name), created_at=at)
    _take(objective, given)
    objective.save()
    audit.record("slo.add", by=by.username, object=objective.key, reason=objective.promise)
    return objective


@transaction.atomic
def change(objective: Objective, given: Promise, *, seen: int, by: User) -> Objective:
    """Promise otherwise. `seen` is the version the person edited; another one is a Conflict."""
    objective = _locked(objective)
    if objective.version != seen:
        raise Conflict("OBJECTIVE_CHANGED", "Somebody else changed this objective while you were typing.")
    before = _promised(objective)
    _take(objective, given)
    objective.version += 1
    objective.save()
    audit.record("slo.change", by=by.username, object=objective.key, reason=f"{before}, now {_promised(objective)}")
    return objective


def _promised(objective: Objective) -> str:
    return f"{objective.promise}{' or changes freeze' if objective.freezes_changes else ''}"


@transaction.atomic
def archive(objective: Objective, *, reason: str, by: User, at: datetime) -> Objective:
    """Promise it no longer, and say why; what it caused ends with the next look at the budgets."""
    objective = _locked(objective)
    if objective.archived_at is not None:
        raise Refused("ALREADY_ARCHIVED", "This objective is retired already.")
    reason = guard.require_words(reason, "Say why it is retired.")
    objective.archived_at = at
    objective.version += 1
    objective.save(update_fields=["archived_at", "version"])
    audit.record("slo.archive", by=by.username, object=objective.key, reason=reason)
    return objective


@transaction.atomic
def restore(objective: Objective, *, by: User) -> Objective:
    """Promise again what was retired."""
    objective = _locked(objective)
    if objective.archived_at is None:
        raise Refused("NOT_ARCHIVED", "This objective is in use.")
    objective.archived_at = None
    objective.version += 1
    objective.save(update_fields=["archived_at", "version"])
    audit.record("slo.restore", by=by.username, object=objective.key)
    return objective


def _locked(objective: Objective) -> Objective:
    return Objective.objects.select_for_update(of=("self",)).with_subject().get(pk=objective.pk)


def _take(objective: Objective, given: Promise) -> None:
    """The words and numbers, whoever sends them."""
    guard.require_clean(given.name)
    guard.require_clean(given.policy)
    if given.check is not None and given.component is not None:
        raise Refused("ONE_SUBJECT", "Choose a check or a component, not both.")
    is_latency = given.indicator == Indicator.LATENCY
    if is_latency and not given.threshold_ms:
        raise Refused("THRESHOLD_MISSING", "Say within how many milliseconds an answer is good.")
    if not given.policy.strip():
        raise Refused("POLICY_MISSING", "Say what is done when the budget runs low.")
    objective.name, objective.policy, objective.owner = given.name.strip(), given.policy.strip(), given.owner
    objective.indicator, objective.target = Indicator(given.indicator), given.target
    objective.threshold_ms = given.threshold_ms if is_latency else None
    objective.days, objective.freezes_changes = Days(given.days), given.freezes_changes
    objective.check_ref, objective.component = given.check, given.component
    objective.domain = given.check.domain if given.check is not None else given.domain
    try:
        objective.clean_fields(exclude=["key", "archived_at"])
    except ValidationError as wrong:
        raise Refused("OBJECTIVE_WRONG", " ".join(wrong.messages)) from wrong


def _free_key(name: str) -> str:
    """A short word for addresses and files, from the name; a number is added when it is taken."""
    stem = slugify(name)[:56].strip("-") or "objective"
    taken = set(Objective.objects.filter(key__startswith=stem).values_list("key", flat=True)) | _RESERVED
    return (
        stem
        if stem not in taken
        else next(key for number in range(2, len(taken) + 3) if (key := f"{stem}-{number}") not in taken)
    )


# --- what follows by itself -------------------------------------------------------------------------------------------


def evaluate(*, at: datetime) -> int:
    """Look at every budget: raise and end alerts, freeze and free changes; how many there are. Safe to run twice."""
    found = queries.standings(Objective.objects.in_use().with_subject().order_by("pk"), at)
    turns.all_of(partial(_alarm, found, at), partial(_gate, found, at))
    return len(found)


def _alarm(found: Iterable[Standing], at: datetime) -> None:
    """One alert an objective and weight. Without data it stays as it is: nobody saw the trouble end."""
    firing = {one.dedup_key: one for one in Alert.objects.filter(dedup_key__startswith="slo:", resolved_at=None)}
    stays: set[str] = set()
    acts: list[Callable[[], object]] = []
    for one in found:
        for weight, verdict in one.verdicts.items():
            key = one.objective.alert_key(weight)
            if verdict is Verdict.FIRES:
                acts.append(partial(_raise, key, _burning(one, weight), one, _SEVERITY[weight], firing, at))
            if verdict in (Verdict.FIRES, Verdict.INSUFFICIENT_DATA):
                stays.add(key)
        if one.is_silent(at):
            key = one.objective.alert_key(_SILENT)
            acts.append(partial(_raise, key, _silent(one), one, Severity.SEV3, firing, at))
            stays.add(key)
    for key, alert in firing.items():
        if key not in stays and alert.recovered_at is None:
            over = _signal(key, ("", ""), alert.domain_id, alert.severity, at, is_firing=False)
            acts.append(partial(alerts.receive, over, at=at))
    turns.all_of(*acts)


def _raise(
    key: str, words: tuple[str, str], one: Standing, severity: str, firing: dict[str, Alert], at: datetime
) -> None:
    if key not in firing or firing[key].recovered_at is not None:
        alerts.receive(_signal(key, words, one.objective.domain_id, severity, at, is_firing=True), at=at)


def _signal(
    key: str, words: tuple[str, str], domain_id: int, severity: str, at: datetime, *, is_firing: bool
) -> Signal:
    return Signal(
        dedup_key=key, source="slo", title=words[0], detail=words[1], domain_id=domain_id, severity=severity,
        is_firing=is_firing, at=at,
    )  # fmt: skip


def _burning(one: Standing, weight: Weight) -> tuple[str, str]:
    """Title and detail of the row that burns fastest."""
    rows = [row for row in one.readings if row.row.weight is weight and row.verdict is Verdict.FIRES]
    worst = max(rows, key=lambda row: row.long_burn or 0.0)
    hours = int(worst.row.long.total_seconds() / 3600)
    left = "no data" if one.left is None else f"{one.left * 100:.0f} %"
    return (
        f"{one.objective.name} burns its error budget {worst.long_burn:.1f} times too fast",
        f"{worst.long.bad} of {worst.long.valid} runs of {hours} h were bad, and it goes on. An alert from "
        f"{worst.factor:.4g} times on. Budget left: {left}. Promised: {one.objective.promise}.",
    )


def _silent(one: Standing) -> tuple[str, str]:
    minutes = int(one.patience.total_seconds() / 60)
    return (
        f"{one.objective.name} has no data",
        f"No run of its checks has ended for more than {minutes} min. Nothing is spent, and nothing is known.",
    )


def _gate(found: Iterable[Standing], at: datetime) -> None:
    """A spent budget freezes its domain; it is freed when every budget there has data and something left."""
    own: dict[int, list[Standing]] = {}
    for one in found:
        if one.objective.freezes_changes:
            own.setdefault(one.objective.domain_id, []).append(one)
    frozen = Freeze.objects.filter(cause=Freeze.Cause.BUDGET, lifted_at=None).exclude(domain=None)
    held = set(frozen.values_list("domain_id", flat=True))
    domains = Domain.objects.filter(pk__in={*own, *held}).order_by("pk")
    turns.each(domains, lambda domain: _judge(domain, own.get(domain.pk, []), at, is_held=domain.pk in held))


def _judge(domain: Domain, budgets: list[Standing], at: datetime, *, is_held: bool) -> None:
    spent = [one for one in budgets if one.state is State.SPENT]
    if spent and not is_held and not _was_overridden(domain, spent[0]):
        _freeze(domain, spent[0], at)
    elif is_held and not spent and all(one.has_data for one in budgets):
        _free(domain, at)


@transaction.atomic
def _freeze(domain: Domain, one: Standing, at: datetime) -> None:
    ends = one.period.end.astimezone(UTC)
    reason = f"The error budget of {one.objective.name} is spent, new period {ends:%-d %b}"
    changes.freeze(domain, reason, at=at)
    audit.record("slo.freeze", by=RULE, object=one.objective.key, reason=reason)


@transaction.atomic
def _free(domain: Domain, at: datetime) -> None:
    if changes.unfreeze(domain, "No error budget of the domain is spent any more.", at=at):
        audit.record("slo.unfreeze", by=RULE, object=domain.slug)


def _was_overridden(domain: Domain, one: Standing) -> bool:
    """A person lifted the freeze of this period, with a reason: the rule does not argue."""
    return Freeze.objects.filter(
        domain=domain, cause=Freeze.Cause.BUDGET, lifted_by__isnull=False, lifted_at__gte=one.period.start
    ).exists()
