"""One week as figures: everything that the review's page shows, as a document that can be kept."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.urls import reverse

from checks.catalogue.models import Check
from checks.review import sections
from checks.slo import queries as objectives
from checks.slo.shown import said_left
from checks.trends import isoweek, queries
from checks.trends.export import people_of, runs_of
from checks.trends.queries import CheckTrend
from incidents.alerts.models import Alert
from incidents.follow_ups.models import FollowUp
from incidents.follow_ups.states import State as FollowUpState
from incidents.obligations.queries import shares
from incidents.response.models import Incident
from incidents.response.queries import rehearsed_labels
from opsportal.audit.models import AuditEvent
from opsportal.privacy.models import LeakCount

WORST = 3
_WEEKS, _NOISY, _MOST = 12, 5, 50
_DAYS = """
SELECT bucket, count(*)::int, sum(ok)::int, sum(err)::int, sum(unknown)::int, sum(expected - maint)::int
FROM checks_bucket_d WHERE check_id = ANY(%s) AND bucket >= %s AND bucket < %s GROUP BY bucket ORDER BY bucket
"""


def figures(start: datetime) -> dict[str, Any]:
    """The ISO week that begins on this Monday. Security incidents are in no figure: viewers read this."""
    end = start + isoweek.WEEK
    found = queries.trends(_WEEKS, at=end)
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
        "incidents": _incidents(start, end),
        "budgets": _budgets(end - timedelta(minutes=1)),
        "noisy": _noisy(start, end),
        "late": [
            {"kind": one.kind, "late": one.late, "due": one.total}
            for one in shares(start, end, without=rehearsed_labels())
            if one.week == start.date()
        ],
        "follow_ups_overdue": _overdue(end),
        "ops_daily": _daily(start, end),
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
    """What fired more than once, most often first."""
    fired = Alert.objects.counted().filter(fired_at__gte=start, fired_at__lt=end).values("dedup_key")
    counted = fired.annotate(
        number=Count("pk"), unheard=Count("pk", filter=Q(acknowledged_at=None, resolved_at__isnull=False))
    )
    rows = counted.filter(number__gt=1).order_by("-number", "dedup_key")[:_NOISY]
    return [{"key": one["dedup_key"], "fired": one["number"], "unheard": one["unheard"]} for one in rows]


def _overdue(end: datetime) -> int:
    return FollowUp.objects.overdue(end.date()).exclude(incident__nature=Incident.Nature.SECURITY).count()


def _daily(start: datetime, end: datetime) -> list[str]:
    """The totals of the daily checks, day by day, as `ops_daily` counts them."""
    with connection.cursor() as cursor:
        ids = list(Check.objects.in_use().daily().values_list("pk", flat=True))
        cursor.execute(_DAYS, [ids, start, end])
        rows = cursor.fetchall()
    return [
        f"ops_daily_totals day={day:%Y-%m-%d} checks={checks} delivered_total={ok + err} ok={ok} err={err} "
        f"unknown={unknown} availability={_share(ok, ok + err)} coverage={_share(ok + err, asked)}"
        for day, checks, ok, err, unknown, asked in rows
    ]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "none"


def _backups(start: datetime, end: datetime) -> dict[str, int]:
    """How often one was taken and one restored, as the audit log has it."""
    acts = AuditEvent.objects.filter(at__gte=start, at__lt=end, act__in=["backup.take", "backup.restore"])
    return {
        "taken": acts.filter(act="backup.take").count(),
        "restored": acts.filter(act="backup.restore").count(),
    }
