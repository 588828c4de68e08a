"""Has every check somebody who answers for it and a rule that can come true, and is every objective whole?"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from checks.catalogue.models import Check
from checks.catalogue.states import Rule
from checks.operations.policies.finding import Finding, Result
from checks.slo.models import Objective
from incidents.oncall import queries as oncall
from incidents.ownership.models import Domain
from incidents.ownership.queries import weakness

# Nobody knows after a night what a check has not asked since the evening.
SLOWEST_SECONDS = 86_400 // 2
_DAY_SECONDS = 86_400


def look(at: datetime) -> Result:
    """Every check and every objective in use, and who answers for them now; a paused check is still somebody's."""
    checks = list(Check.objects.in_use().select_related("domain").order_by("key"))
    objectives = list(Objective.objects.in_use().with_subject().order_by("key"))
    found = [finding for check in checks for finding in _of(check)]
    found += [finding for objective in objectives for finding in _of_objective(objective)]
    found += _of_people([*(one.domain for one in checks), *(one.domain for one in objectives)], at)
    return Result(len(checks) + len(objectives), tuple(found))


def _of(check: Check) -> Iterator[Finding]:
    if weakness(check.domain):
        yield Finding("owner_missing", f"{check.key}:{check.domain.slug}")
    if check.rule == Rule.K_OF_N and check.fail_after > check.of_runs:
        yield Finding("rule_never_true", check.key)
    if check.rule == Rule.RATE and check.ok_share >= check.fail_share:
        yield Finding("rule_turns_back_at_once", check.key)
    if check.is_daily and check.every_seconds > SLOWEST_SECONDS:
        yield Finding("too_rare_for_daily", check.key)


def _of_objective(objective: Objective) -> Iterator[Finding]:
    name, check = f"slo:{objective.key}", objective.check_ref
    if not objective.owner.strip() or weakness(objective.domain):
        yield Finding("objective_owner_missing", name)
    if not objective.policy.strip():
        yield Finding("objective_policy_missing", name)
    if check is not None and check.archived_at is not None:
        yield Finding("objective_subject_gone", name)
    elif check is not None and _failures_allowed(objective, check) < 1:
        yield Finding("objective_without_budget", name)


def _of_people(domains: Iterable[Domain], at: datetime) -> list[Finding]:
    """Where both seats are named, yet nobody answers now or one person has both. Quiet until a first handle is held."""
    if not oncall.is_set_up():
        return []
    desk, named = oncall.desk(at), {one.slug: one for one in domains if not weakness(one)}
    return [Finding("on_call_weak", slug) for slug in sorted(named) if desk.on_call(named[slug]).is_weak]


def _failures_allowed(objective: Objective, check: Check) -> float:
    """How many runs of a whole period may fail; below one, the first failure spends more than there is."""
    return objective.days * _DAY_SECONDS / check.every_seconds * (100 - objective.percent) / 100
