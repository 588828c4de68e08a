"""A report as Markdown, for wikis, tickets and archives."""

from datetime import UTC, datetime

from incidents.follow_ups.models import FollowUp
from incidents.postmortems import fields
from incidents.postmortems.queries import Part, Report, ReportLine
from opsportal.privacy import guard


def document(report: Report, *, base: str) -> str:
    """The whole report; `base` is the portal's address, before which links to events stand."""
    incident, one = report.incident, report.postmortem
    head = [
        f"# Post-mortem {incident.label}: {incident.title}",
        "",
        f"- Severity: {incident.severity_peak} at its worst, domain {incident.domain.name}",
        f"- Impact: {_moment(incident.impact_started_at)} to {_moment(incident.resolved_at)}",
        f"- State: {one.get_state_display()}{f', second reader {one.reviewed_by}' if one.reviewed_by else ''}",
        "- Team only",
    ]
    body = [line for part in report.parts for line in _section(part, report, base)]
    return guard.for_export("\n".join([*head, *body, *_follow_ups(report, base), ""]))


def _section(part: Part, report: Report, base: str) -> list[str]:
    if part.field.name == fields.TIMELINE:
        room = base + report.incident.get_absolute_url()
        lines = [_line(one, room) for one in report.lines]
    else:
        lines = [part.text.strip()] if part.text.strip() else []
    if not lines and not part.field.is_required:
        return []
    return ["", f"## {part.field.label}", "", *(lines or ["Not written yet."])]


def _line(line: ReportLine, room: str) -> str:
    proof = "from memory" if line.is_from_memory else f"[event]({room}#event-{line.line.pk})"
    return f"- {_moment(line.line.occurred_at)}: {line.words} ({proof})"


def _follow_ups(report: Report, base: str) -> list[str]:
    if not report.follow_ups:
        return []
    return ["", "## Follow-ups", "", *(_follow_up(one, base) for one in report.follow_ups)]


def _follow_up(one: FollowUp, base: str) -> str:
    proof = f", [proof]({one.proof if one.proof.startswith('http') else base + one.proof})" if one.proof else ""
    retest = f", re-test {one.retest_on}" if one.retest_on else ""
    state = one.get_state_display().lower()
    return (
        f"- {one.label} {one.get_type_display()}: {one.title} ({one.owner}, due {one.due_on}, {state}{proof}{retest})"
    )


def _moment(moment: datetime | None) -> str:
    """2026-11-21 03:12 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "now"
