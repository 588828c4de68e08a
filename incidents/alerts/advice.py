"""Which runbooks answer an incident, and taking the steps of one into its checklist.

It stands with the alerts, since what fires names the tokens that runbooks answer. What became of a runbook that is
followed for an incident goes to its timeline from here too.
"""

from collections.abc import Iterable
from datetime import datetime

from incidents.alerts.models import Alert
from incidents.obligations.subjects import incident_of
from incidents.response import checklist, standing, timeline
from incidents.response.checklist import Addition
from incidents.response.models import Incident
from incidents.response.states import Kind
from incidents.runbooks import following, reading
from incidents.runbooks import queries as runbooks
from incidents.runbooks.models import Runbook
from incidents.runbooks.queries import Answer
from incidents.runbooks.reading import Step
from opsportal.errors import Refused
from opsportal.models import User


def of_incident(incident: Incident) -> list[Answer]:
    """By the tokens in the words of its alerts and its own, then those of its domain: two queries."""
    own = Alert.objects.filter(incident__in=standing.gathered(incident))
    said = own.order_by("-fired_at", "-id").values_list("reason", "title", "detail")[:20]
    words = [word for row in said for word in row]
    return runbooks.answering([*words, incident.title, incident.summary], incident.domain)


def with_guides(alerts: Iterable[Alert], known: dict[str, Runbook]) -> None:
    """Give each alert the runbook that answers it, if one does."""
    for alert in alerts:
        alert.guide = runbooks.first_for([alert.reason, alert.title, alert.detail], known)


def steps_of(runbook: Runbook) -> list[Step]:
    """What can be taken, in order."""
    return reading.read(runbook.body).steps


def take_steps(incident: Incident, runbook: Runbook, *, numbers: set[int], phase: str, by: User, at: datetime) -> int:
    """Put chosen steps of a runbook into the checklist, as optional ones; how many came in."""
    chosen = [one for one in steps_of(runbook) if one.number in numbers]
    if not chosen:
        raise Refused("STEPS_MISSING", "Choose at least one step.")
    here = runbook.get_absolute_url()
    additions = [Addition(text=one.title, link=f"{here}#step-{one.number}", command=one.command) for one in chosen]
    return checklist.add(incident, additions, phase=phase, source=runbook.title, by=by, at=at)


def tell(news: following.News) -> None:
    """Write what became of a step, or of the whole runbook, on the timeline of the incident it is followed for."""
    number = incident_of(news.subject)
    if number is None:
        return
    incident = Incident.objects.filter(number=number).first()
    if incident is None:
        return
    room = standing.standing(incident)
    timeline.record(
        room, Kind.RUNBOOK, by=news.by, at=news.at, new=news.what, text=news.text, about=f"runbook:{news.slug}"
    )


def listen() -> None:
    """Called once, when the app is ready."""
    if tell not in following.listeners:
        following.listeners.append(tell)
