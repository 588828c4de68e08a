"""One week as figures: everything that the review's page shows, as a document that can be kept."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse

from checks.review import marks, numbers, reports, sections
from checks.slo import queries as objectives
from checks.slo.shown import said_left
from checks.trends import isoweek, queries, stretch
from checks.trends.export import people_of, runs_of
from checks.trends.queries import CheckTrend
from incidents.alerts.models import Alert
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import State as FollowUpState
from incidents.obligations.models import Obligation
from incidents.obligations.queries import shares
from incidents.response import queries as response
from incidents.response.models import Incident
from opsportal.backup import queries as backups
from opsportal.privacy.models import LeakCount

WORST = 3
_WEEKS, _NOISY, _MOST = 12, 5, 50


def figures(start: datetime) -> dict[str, Any]:
    """The ISO week that begins on this Monday. Security incidents are in no figure: viewers read this."""
    end = start + isoweek.WEEK
    found = queries.trends(stretch.newest(_WEEKS, end))
    newest, before = found.lines[-1], found.lines[-2]
    return {
        "week": isoweek.name(start),
        "runs": runs_of(newest.runs),
        "people": people_of(newest),
        "before": {"runs": runs_of(before.runs), "people": people_of(before)},
        "words": found.words,
        "weeks": [
            {"week": one.name, "failed": one.runs.failed, "incidents": one.incidents.total} for one in found.lines
        ],
        "marks": marks.of(found),
        "incidents": _incidents(start, end),
        "budgets": _budgets(end - timedelta(minutes=1)),
        "noisy": _noisy(start, end),
        "late": [
            {"kind": one.kind, "label": Obligation.Kind(one.kind).label, "late": one.late, "due": one.total}
            for one in shares(start, end, without=response.uncounted_labels(None))
            if one.week == start.date()
        ],
        "follow_ups_overdue": _overdue(end),
        "ops_daily": reports.of_week(start, end),
        "numbers": numbers.of_week(start),
        "backups": _backups(start, end),
        "sections": sections.of_week(start, end),
        "leaks": dict(
            LeakCount.objects.filter(on__gte=start.date(), on__lt=end.date())
            .values("kind").annotate(number=Sum("count")).order_by("-number", "kind").values_list("kind", "number")
        ),
    }  # fmt: skip


def worst(start: datetime) -> list[CheckTrend]:
    """The checks that got worse beyond chance, three at most, the worst first."""
    trends = queries.of_checks([start - isoweek.WEEK, start])
    return sorted((one for one in trends if one.worst), key=lambda one: (-_weight(one), one.name))[:WORST]


def _weight(one: CheckTrend) -> float:
    return one.worst.weight if one.worst else 0.0


def _incidents(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """By number: a title that is rewritten or removed later must not live on here."""
    shown = Incident.objects.exclude(nature=Incident.Nature.SECURITY).filter(
        declared_at__gte=start, declared_at__lt=end, mode=Incident.Mode.STANDARD, merged_into=None
    )
    still = Q(follow_ups__state=FollowUpState.OPEN)
    counted = shown.annotate(promised=Count("follow_ups"), still=Count("follow_ups", filter=still))
    rows = counted.order_by("declared_at", "pk").values_list(
        "number", "domain__name", "severity_peak", "promised", "still"
    )
    return [
        {
            "label": f"INC-{number}", "url": reverse("incidents:room", args=[number]), "domain": domain,
            "severity": severity, "follow_ups": promised, "follow_ups_open": left,
        }
        for number, domain, severity, promised, left in rows[:_MOST]
    ]  # fmt: skip


def _budgets(at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "key": one.objective.key, "name": one.objective.name, "promise": one.objective.promise,
            "state": one.state.value, "left": one.left, "should_be_left": round(one.should_be_left, 4),
            "words": said_left(one),
        }
        for one in objectives.worst_first(at)
    ]  # fmt: skip


def _noisy(start: datetime, end: datetime) -> list[dict[str, Any]]:
    """What fired more than once, most often first; keys of what a security incident is about stay out."""
    shown = Alert.objects.counted().exclude(incident__nature=Incident.Nature.SECURITY)
    fired = shown.filter(fired_at__gte=start, fired_at__lt=end).values("dedup_key")
    counted = fired.annotate(
        number=Count("pk"), unheard=Count("pk", filter=Q(acknowledged_at=None, resolved_at__isnull=False))
    )
    rows = counted.filter(number__gt=1).order_by("-number", "dedup_key")[:_NOISY]
    return [{"key": one["dedup_key"], "fired": one["number"], "unheard": one["unheard"]} for one in rows]


def _overdue(end: datetime) -> int:
    return FollowUp.objects.overdue(end.date()).exclude(incident__nature=Incident.Nature.SECURITY).count()


def _backups(start: datetime, end: datetime) -> dict[str, Any]:
    """How backups stood at the end of the week, and what was done with them in it."""
    stood = backups.state(end)
    return {
        "fault": stood.fault,
        "sentence": stood.sentence,
        "words": stood.words,
        **asdict(backups.counted(start, end)),
    }
