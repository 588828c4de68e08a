"""The checklist that every incident starts with: the five phases of the operations runbook.

An incident gets its own copy when it opens, so a later change here does not touch a running one.
"""

from incidents.response.models import ChecklistStep, Incident

Phase = ChecklistStep.Phase

STEPS: dict[Phase, tuple[str, ...]] = {
    Phase.TRIAGE: (
        "Say what is hit: all of /api/, single endpoints, sign-in, database or Redis",
        "Write down when it started and which versions run",
    ),
    Phase.STABILIZE: (
        "If a rollout is running, pause it or roll it back",
        "If a dependency fails, switch to its documented degraded mode",
        "Shield the database: throttle, or ease off writes for a while",
        "If ingest surges, lower INGEST_MAX_BATCH_ITEMS and MAX_REQUEST_BODY_BYTES by config rollout",
    ),
    Phase.DIAGNOSE: (
        "Ask /health/live and /health/ready",
        "Look at error ratio, p95 latency and request volume",
        "Follow one failing request through the logs by its X-Request-Id",
    ),
    Phase.RECOVER: (
        "Apply the fix or the rollback",
        "See liveness, readiness and the key API paths answer again",
        "See alerts end and traffic return to normal",
    ),
    Phase.POST_INCIDENT: (
        "Write the report: timeline, root cause, preventive actions",
        "Bring SLO, error budget and backlog priorities up to date",
    ),
}


def copy_to(incident: Incident) -> None:
    """Give the incident its own copy of every step."""
    rows = [(phase, text) for phase, texts in STEPS.items() for text in texts]
    ChecklistStep.objects.bulk_create(
        ChecklistStep(incident=incident, phase=phase, position=position, text=text)
        for position, (phase, text) in enumerate(rows)
    )
