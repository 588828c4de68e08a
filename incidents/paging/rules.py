"""Whom an alarm calls, by severity: rows with a beginning, so that a call keeps the rule of the moment it fired."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.paging.models import PagingRule
from incidents.response.states import Severity
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.roles import Role

MOST_MINUTES = 240


@dataclass(frozen=True)
class Rule:
    """What one severity does. `backup_minutes` None: the backup is never called."""

    whom: str
    how: str
    backup_minutes: int | None

    @property
    def words(self) -> str:
        """The first on call, by every proved way; the backup after 5 minutes."""
        if self.whom == PagingRule.Whom.NOBODY:
            return "Nobody is called; the ops channel is told."
        first = f"{PagingRule.Whom(self.whom).label}, {PagingRule.How(self.how).label.lower()}"
        if self.whom == PagingRule.Whom.BOTH:
            return f"{first}."
        if self.backup_minutes is None:
            return f"{first}; never the backup."
        return f"{first}; the backup after {self.backup_minutes} min unless acknowledged."

    @property
    def mark(self) -> str:
        """What a form carries to know that nobody changed it meanwhile: first-all-5."""
        return f"{self.whom}-{self.how}-{'' if self.backup_minutes is None else self.backup_minutes}"


def at(severity: str, moment: datetime) -> Rule:
    """The rule that held at that moment; the oldest one for what came before it."""
    rows = PagingRule.objects.filter(severity=Severity(severity)).order_by("-since", "-pk")
    return _read(rows.filter(since__lte=moment).first() or rows.order_by("since", "pk")[0])


def every(moment: datetime) -> dict[Severity, Rule]:
    """All three, the worst first."""
    return {one: at(one, moment) for one in Severity}


@transaction.atomic
def change(severity: str, rule: Rule, *, seen: str, by: User, at: datetime) -> Rule:
    """Call others from now on. `seen` is the mark of the rule that the admin edited; what runs keeps its own."""
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
    rows = PagingRule.objects.select_for_update().filter(severity=Severity(severity))
    newest = max(rows, key=lambda row: (row.since, row.pk))
    before = _read(newest)
    if before.mark != seen:
        raise Conflict("RULE_CHANGED", "Somebody else changed this rule meanwhile. Nothing was saved.")
    if rule.backup_minutes is not None and not 0 <= rule.backup_minutes <= MOST_MINUTES:
        raise Refused("BAD_MINUTES", f"The backup is called within {MOST_MINUTES} minutes, or never.")
    if rule == before:
        return before
    since = max(at, newest.since)
    if since == newest.since:
        newest.delete()  # set and set again in the same instant
    PagingRule.objects.create(severity=severity, since=since, set_by=by, **vars(rule))
    audit.record("paging.rule", by=by.username, object=severity, reason=f"{before.mark} to {rule.mark}")
    return rule


def _read(row: PagingRule) -> Rule:
    return Rule(row.whom, row.how, row.backup_minutes)
