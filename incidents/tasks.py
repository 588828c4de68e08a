"""Background work of what people do: ids in, nothing out, safe to run twice."""

from datetime import timedelta
from functools import partial

from celery import shared_task
from django.utils import timezone

from incidents import reactions
from incidents.alerts import upkeep
from incidents.drills import actions as drills
from incidents.drills import ending
from incidents.duties import actions as duties
from incidents.duties import reminders as duty_reminders
from incidents.handovers import actions as handovers
from incidents.obligations import reminders as other_reminders
from incidents.oncall import gap_watch
from incidents.paging import calling, notes
from incidents.response import reminders
from incidents.runbooks.tasks import keep_runbooks
from incidents.statuspage.tasks import keep_maintenance, rebuild_snapshot, write_days
from incidents.subscribers.tasks import carry_news, tidy_subscribers
from incidents.subscribers.tasks import run as fan_out
from opsportal import turns
from opsportal.ticker import actions as ticker

__all__ = [
    "call_backup",
    "carry_news",
    "fan_out",
    "keep_alerts",
    "keep_drills",
    "keep_duties",
    "keep_maintenance",
    "keep_runbooks",
    "page",
    "react",
    "react_to_all",
    "rebuild_snapshot",
    "remind",
    "tidy_subscribers",
    "watch_rotas",
    "write_days",
]


@shared_task(name="incidents.react")
def react(*, event_id: int, **_: object) -> None:
    """Do what follows from an event. Safe to run twice."""
    reactions.react(event_id, at=timezone.now())


@shared_task(name="incidents.react_to_all")
def react_to_all(**_: object) -> None:
    """Offer again what nobody reacted to: the promise behind the bell."""
    if ticker.claim("incidents.react_to_all", every=timedelta(seconds=10)):
        reactions.offer_open_ones(timezone.now())
        ticker.done("incidents.react_to_all")


@shared_task(name="incidents.remind")
def remind(**_: object) -> None:
    """Remind of duties whose time comes or has passed."""
    if ticker.claim("incidents.remind", every=timedelta(seconds=15)):
        at = timezone.now()
        turns.all_of(partial(reminders.sweep, at), partial(other_reminders.sweep, at))
        ticker.done("incidents.remind")


@shared_task(name="incidents.page", ignore_result=True)
def page(**_: object) -> None:
    """Call backups whose time has come. Safe to run twice."""
    if ticker.claim("incidents.page", every=timedelta(seconds=10)):
        calling.sweep(timezone.now())
        ticker.done("incidents.page")


@shared_task(name="incidents.call_backup", ignore_result=True)
def call_backup(*, call_id: int, **_: object) -> None:
    """Call one backup whose time has come, at once and not with the next sweep. Safe to run twice."""
    calling.go_on(call_id, at=timezone.now())


@shared_task(name="incidents.keep_alerts", ignore_result=True)
def keep_alerts(**_: object) -> None:
    """End mutes, open rooms for what still fires then, and remind. Safe to run twice."""
    if ticker.claim("incidents.keep_alerts", every=timedelta(seconds=30)):
        upkeep.sweep(at=timezone.now())
        ticker.done("incidents.keep_alerts")


@shared_task(name="incidents.watch_rotas", ignore_result=True)
def watch_rotas(**_: object) -> None:
    """Say where nobody will be on call, and lay packets ready where a shift has changed. Safe to run twice."""
    if ticker.claim("incidents.watch_rotas", every=timedelta(minutes=1)):
        at = timezone.now()
        turns.all_of(partial(gap_watch.announce, at=at), partial(handovers.sweep, at=at))
        ticker.done("incidents.watch_rotas")


@shared_task(name="incidents.keep_drills", ignore_result=True)
def keep_drills(**_: object) -> None:
    """Begin what is scheduled, throw in what is due, end what lasts too long. Safe to run twice."""
    if ticker.claim("incidents.keep_drills", every=timedelta(seconds=5)):
        at = timezone.now()
        turns.all_of(partial(drills.start_planned, at=at), partial(ending.keep, at=at))
        ticker.done("incidents.keep_drills")


@shared_task(name="incidents.keep_duties", ignore_result=True)
def keep_duties(**_: object) -> None:
    """Open what is owed next, count what was missed, remind. Safe to run twice."""
    if ticker.claim("incidents.keep_duties", every=timedelta(seconds=30)):
        at = timezone.now()
        turns.all_of(partial(duties.keep, at=at), partial(duty_reminders.sweep, at=at, tell=notes.tell))
        ticker.done("incidents.keep_duties")
