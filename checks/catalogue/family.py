"""What stands on what: a check's parent, without circles and not too deep."""

from checks.catalogue.models import Check

MOST_LEVELS = 5


def refusal(check: Check | None, parent: Check | None) -> str:
    """Why this parent cannot be, in a sentence; nothing when it can. One query a level."""
    if parent is None:
        return ""
    above = _above(parent)
    if check is not None and check.pk in {one.pk for one in above}:
        return f"{parent.name} depends on this check already. A circle would block itself."
    if len(above) + _levels_below(check) >= MOST_LEVELS:
        return f"There are {MOST_LEVELS} levels at most."
    return ""


def _above(parent: Check) -> list[Check]:
    """The parent and what it stands on, nearest first."""
    found = [parent]
    while found[-1].parent is not None and len(found) <= MOST_LEVELS:
        found.append(found[-1].parent)
    return found


def _levels_below(check: Check | None) -> int:
    """How many levels stand on this check."""
    level, number = {check.pk} if check is not None else set(), 0
    while level := set(Check.objects.filter(parent__in=level).values_list("pk", flat=True)):
        number += 1
        if number > MOST_LEVELS:
            break
    return number
