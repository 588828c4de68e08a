"""Has every check somebody who answers for it, and a rule that can come true?"""

from collections.abc import Iterator

from checks.catalogue.models import Check
from checks.catalogue.states import Rule
from checks.operations.policies.finding import Finding, Result
from incidents.ownership.queries import weakness

# Nobody knows after a night what a check has not asked since the evening.
SLOWEST_SECONDS = 86_400 // 2


def look() -> Result:
    """Every check that is in use; a paused one is still somebody's."""
    checks = list(Check.objects.in_use().select_related("domain").order_by("key"))
    return Result(len(checks), tuple(finding for check in checks for finding in _of(check)))


def _of(check: Check) -> Iterator[Finding]:
    if weakness(check.domain):
        yield Finding("owner_missing", f"{check.key}:{check.domain.slug}")
    if check.rule == Rule.K_OF_N and check.fail_after > check.of_runs:
        yield Finding("rule_never_true", check.key)
    if check.rule == Rule.RATE and check.ok_share >= check.fail_share:
        yield Finding("rule_turns_back_at_once", check.key)
    if check.rule == Rule.RATE and check.share_minutes * 60 < check.fail_after * check.every_seconds:
        yield Finding("rule_never_true", check.key)
    if check.is_daily and check.every_seconds > SLOWEST_SECONDS:
        yield Finding("too_rare_for_daily", check.key)
