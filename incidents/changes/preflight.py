"""Before a release: what facts tell, what only people know, and the signature that lets it begin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from incidents.changes import queries
from incidents.changes.models import Change, Freeze
from incidents.changes.release import ChangePolicy, OperationFact, ReleaseStep, SignOff
from incidents.changes.states import HELD_BY_FREEZE, NAMES_ARTIFACT, Kind, Result
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

# What was looked at before that tells nothing about this release.
_FRESH = timedelta(hours=24)
_NO_TRAFFIC = "status=insufficient_data"
# What has to be in order, and as what people know it.
_WANTED = {
    Kind.DEPLOY: ("policy_check", "ops_daily"),
    Kind.MIGRATION: ("policy_check", "db_bootstrap", "ops_daily"),
}


@dataclass(frozen=True)
class Fact:
    """One line that filled itself: ok, warn or fail, what it says and since when; `run` leads to the operation."""

    level: str
    words: str
    detail: str
    at: datetime | None = None
    run: int = 0
    operation: str = ""

    @property
    def is_good(self) -> bool:
        return self.level == OperationFact.Level.OK


@dataclass(frozen=True)
class Preflight:
    """Everything of one planned change; what holds it up stands in `missing`."""

    change: Change
    facts: list[Fact]
    steps: list[ReleaseStep]
    sign_off: SignOff | None
    needs_sign_off: bool

    @property
    def ticked(self) -> int:
        return sum(one.ticked_at is not None for one in self.steps)

    @property
    def bad(self) -> list[Fact]:
        return [one for one in self.facts if not one.is_good]

    @property
    def may_sign(self) -> bool:
        return self.sign_off is None and self.ticked == len(self.steps)

    @property
    def missing(self) -> str:
        """Why it does not begin, in one sentence; empty when it may."""
        if self.sign_off is not None or not self.needs_sign_off:
            return ""
        if self.ticked < len(self.steps):
            return f"{self.ticked} of {len(self.steps)} ticked, not signed off."
        return "Everything is ticked, not signed off."


def begin(change: Change) -> None:
    """A planned change takes its copy of the steps."""
    texts = ChangePolicy.objects.get(pk=change.kind).steps
    ReleaseStep.objects.bulk_create(
        ReleaseStep(change=change, position=place, text=text) for place, text in enumerate(texts, 1)
    )


def of(change: Change, *, at: datetime) -> Preflight:
    """The pre-flight as it stands; of what has begun, as it stood when it was signed."""
    signed = SignOff.objects.filter(change=change).select_related("by").first()
    return Preflight(
        change=change,
        facts=_facts(change, at) if change.result == Result.PLANNED else _kept(signed),
        steps=list(change.checklist.select_related("ticked_by").order_by("position")),
        sign_off=signed,
        needs_sign_off=ChangePolicy.objects.get(pk=change.kind).needs_sign_off,
    )


@transaction.atomic
def tick(step: ReleaseStep, *, by: User, at: datetime) -> ReleaseStep:
    """Somebody knows that it is so. Safe to run twice: the first stays."""
    step = _open(step)
    if step.ticked_at is None:
        step.ticked_at, step.ticked_by = at, by
        step.save(update_fields=["ticked_at", "ticked_by"])
        audit.record("change.tick", by=by.username, object=step.change.label, reason=step.text)
    return step


@transaction.atomic
def untick(step: ReleaseStep, *, by: User, at: datetime) -> ReleaseStep:
    """It is not so after all; the audit log keeps both."""
    step = _open(step)
    if step.ticked_at is not None:
        step.ticked_at = step.ticked_by = None
        step.save(update_fields=["ticked_at", "ticked_by"])
        audit.record("change.untick", by=by.username, object=step.change.label, reason=step.text)
    return step


@transaction.atomic
def sign(change: Change, *, in_spite: str, by: User, at: datetime) -> SignOff:
    """Let it begin. `in_spite` says why although a fact is not in order; the facts are kept as they stand."""
    change = _planned(change)
    found = of(change, at=at)
    guard.require_clean(in_spite)
    if found.sign_off is not None:
        raise Refused("SIGNED_OFF", f"{change.label} is signed off already, by {found.sign_off.by}.")
    if found.ticked < len(found.steps):
        raise Refused("STEPS_OPEN", f"Tick every step first: {found.ticked} of {len(found.steps)} are.")
    if found.bad and not in_spite.strip():
        raise Refused("FACTS_BAD", f"Not in order: {found.bad[0].words}. Say why it goes out in spite of it.")
    kept = in_spite.strip() if found.bad else ""
    facts = "\n".join(f"{one.level}: {one.words}" for one in found.facts)
    signed = SignOff.objects.create(change=change, by=by, at=at, facts=facts, in_spite=kept)
    audit.record("change.sign_off", by=by.username, object=change.label, reason=kept)
    return signed


def require_signed(change: Change, *, override: str) -> bool:
    """Refuse to begin what nobody signed off, unless a reason overrides it; True when one does."""
    if not ChangePolicy.objects.get(pk=change.kind).needs_sign_off or SignOff.objects.filter(change=change).exists():
        return False
    if not override.strip():
        raise Refused(
            "NOT_SIGNED_OFF", f"{change.label} is not signed off. Sign its checklist, or say why it cannot wait."
        )
    return True


def _open(step: ReleaseStep) -> ReleaseStep:
    """Locked with its change, which is planned and not signed."""
    change = _planned(step.change)
    if SignOff.objects.filter(change=change).exists():
        raise Refused("SIGNED_OFF", f"{change.label} is signed off. Its checklist stays as it is.")
    return ReleaseStep.objects.select_for_update(of=("self",)).select_related("change").get(pk=step.pk)


def _planned(change: Change) -> Change:
    change = Change.objects.select_for_update(of=("self",)).select_related("domain").get(pk=change.pk)
    if change.result != Result.PLANNED:
        raise Refused("NOT_PLANNED", f"{change.label} is not planned any more.")
    return change


def _kept(signed: SignOff | None) -> list[Fact]:
    """The facts that stay with a signature, each `level: words`."""
    lines = signed.facts.splitlines() if signed else []
    return [Fact(level, words, "") for level, _, words in (line.partition(": ") for line in lines)]


# --- what facts tell --------------------------------------------------------------------------------------------------


def _facts(change: Change, at: datetime) -> list[Fact]:
    """In the order in which people ask."""
    wanted = _WANTED.get(Kind(change.kind), ("ops_daily",))
    newest = {
        one.kind: one
        for one in OperationFact.objects.ended_by(at)
        .filter(kind__in=[*wanted, "db_rollback_plan"])
        .order_by("kind", "-ended_at", "-id")
        .distinct("kind")
    }
    found = [_operation(kind, newest.get(kind), at) for kind in wanted]
    if change.kind == Kind.MIGRATION:
        found.append(_way_back(newest.get("db_rollback_plan"), at))
    if change.kind in HELD_BY_FREEZE:
        found.append(_gate(change, at))
    if change.kind in NAMES_ARTIFACT:
        found.append(_rollback_tag(change))
    return [*found, _notice(change)]


def _operation(kind: str, fact: OperationFact | None, at: datetime) -> Fact:
    if fact is None:
        return Fact("warn", f"{kind} has not run", "Start it under Operations", operation=kind)
    is_good = fact.level == OperationFact.Level.OK or (kind == "ops_daily" and _NO_TRAFFIC in fact.line)
    level = "ok" if is_good else "fail"
    if at - fact.ended_at > _FRESH:
        return Fact("warn", f"{kind} is older than 24 hours", fact.line, fact.ended_at, fact.run, kind)
    return Fact(level, fact.line or fact.command, fact.command, fact.ended_at, fact.run, kind)


def _way_back(fact: OperationFact | None, at: datetime) -> Fact:
    """Whether the schema can go back, as db_rollback_plan said it; to know that it cannot is in order too."""
    read = _operation("db_rollback_plan", fact, at)
    if fact is None or read.level == "warn":
        return read
    return Fact("ok", schema_advice(fact), fact.line, fact.ended_at, fact.run, "db_rollback_plan")


def schema_advice(fact: OperationFact) -> str:
    """What to do with the schema when the application goes back."""
    if fact.level == OperationFact.Level.OK:
        return "The newest migration can go back without a loss"
    return "The newest migration cannot safely go back: leave the schema, mend it with a new migration"


def _gate(change: Change, at: datetime) -> Fact:
    moment = max(at, change.started_at)
    held = Freeze.objects.select_related("domain").holding(moment).touching(change.domain).soonest_first().first()
    if held is None:
        return Fact("ok", "Nothing is frozen when it begins", "Error budgets and freeze windows")
    what = "Error budget is spent" if held.cause == Freeze.Cause.BUDGET else "Changes are frozen"
    return Fact("fail", f"{what}: {held.where}", held.reason, held.starts_at)


def _rollback_tag(change: Change) -> Fact:
    good = queries.last_good_before(change)
    if good is None:
        return Fact("warn", "No version to go back to", "No earlier deploy of this domain succeeded")
    return Fact("ok", f"Goes back to {good.short_artifact}", good.label, good.started_at)


def _notice(change: Change) -> Fact:
    told = change.notices.order_by("-id").first()
    if told is None:
        return Fact("warn", "Not announced in the ops channel", "Announce it with its ticket links")
    return Fact("ok", "Announced in the ops channel", str(told.by or "The shell"), told.at)
