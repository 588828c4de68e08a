"""Reviews as people read them: one with its changes from another, and what earlier ones left to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404

from checks.review.models import Finding, Review, ReviewAction
from checks.trends import isoweek

LIST = 60
Document = dict[str, Any]
# What the head of the page shows: where it stands in the figures, its name, its unit, whether more is worse.
_KEY = (
    (("people", "sev1", "sev2", "sev3"), "Incidents", "", True),
    (("people", "mtta_seconds"), "Acknowledged in", "s", True),
    (("people", "mttr_seconds"), "Resolved in", "s", True),
    (("people", "alerts"), "Alerts", "", True),
    (("people", "duties_late"), "Duties late", "", True),
    (("runs", "failed_percent"), "Failed check runs", "%", True),
)


@dataclass(frozen=True)
class Figure:
    """One key figure with its change in words; `turn` is bad, good or flat."""

    title: str
    value: str
    unit: str
    change: str
    turn: str
    is_up: bool


def reviews() -> list[Review]:
    """The newest first."""
    return list(Review.objects.select_related("signed_by").order_by("-start")[:LIST])


def review_or_404(week: str) -> Review:
    """By 2026-W46."""
    start = isoweek.parse(week)
    found = Review.objects.select_related("signed_by").filter(start=start.date()).first() if start else None
    if found is None:
        raise Http404(f"no review of {week}")
    return found


def neighbours(review: Review) -> tuple[Review | None, Review | None]:
    """The one before and the one after."""
    known = Review.objects.exclude(pk=review.pk)
    return (
        known.filter(start__lt=review.start).order_by("-start").first(),
        known.filter(start__gt=review.start).order_by("start").first(),
    )


def findings(review: Review) -> list[Finding]:
    return list(review.findings.select_related("answered_by").order_by("pk"))


def actions_of(review: Review) -> list[ReviewAction]:
    return list(review.actions.select_related("done_by").order_by("due_on", "pk"))


def left_before(review: Review) -> list[ReviewAction]:
    """What earlier reviews promised and nobody has done, the longest due first."""
    rows = ReviewAction.objects.filter(done_at=None, review__start__lt=review.start).select_related("review")
    return list(rows.order_by("due_on", "pk")[:LIST])


def key_figures(review: Review, other: Review | None) -> list[Figure]:
    """Against another review, or against the week before as it was kept with this one."""
    before = other.figures if other is not None else review.figures["before"]
    name = other.week if other is not None else "the week before"
    return [_figure(review.figures, before, name, *one) for one in _KEY]


def _figure(
    now: Document, before: Document, name: str, path: Sequence[str], title: str, unit: str, is_worse: bool
) -> Figure:
    new, old = _value(now, path), _value(before, path)
    value, shown_unit = _said(new, unit)
    if new is None or old is None:
        return Figure(title, value, shown_unit, f"{name} is not known", "flat", is_up=False)
    if round(new, 2) == round(old, 2):
        return Figure(title, value, shown_unit, f"as in {name}", "flat", is_up=False)
    amount, amount_unit = _said(abs(new - old), "points" if unit == "%" else unit)
    word = "more" if new > old else "less"
    turn = "bad" if (new > old) == is_worse else "good"
    change = " ".join(part for part in (amount, amount_unit, word, "than", name) if part)
    return Figure(title, value, shown_unit, change, turn, is_up=new > old)


def _value(figures: Document, path: Sequence[str]) -> float | None:
    part, *names = path
    values = [figures[part].get(name) for name in names]
    return None if any(one is None for one in values) else float(sum(values))


def _said(value: float | None, unit: str) -> tuple[str, str]:
    if value is None:
        return "none", ""
    if unit == "s":
        return (f"{value / 60:.0f}", "min") if value >= 60 else (f"{value:.0f}", "s")
    return (f"{value:.2f}", unit) if unit else (f"{value:.0f}", "")
