"""`record_change`: a pipeline without an API token tells of its deploy."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from incidents.changes import actions
from incidents.changes.actions import Facts, Teller
from incidents.changes.models import Change
from incidents.changes.states import Kind, Result, Source
from incidents.ownership.models import Domain
from opsportal.commands import Exit, OpsCommand
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.moments import require_plausible


class Command(OpsCommand):
    help = "Record a deploy, rollback, migration, configuration or flag change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, help=", ".join(Kind))
        parser.add_argument("--what", required=True, help="What is changed, in a few words.")
        parser.add_argument("--domain", default="", help="Slug of a domain; without it, all domains.")
        parser.add_argument("--artifact", default="", help="Version, tag or commit.")
        parser.add_argument("--ticket", default="", help="https link")
        parser.add_argument("--result", default=Result.SUCCEEDED.value, help=", ".join(Result))
        parser.add_argument("--started-at", default="", metavar="TIME", help="2026-11-21T03:12, UTC unless it says.")
        parser.add_argument("--finished-at", default="", metavar="TIME")
        parser.add_argument("--override", default="", metavar="REASON", help="Why in spite of a freeze; audited.")
        parser.add_argument("--takes-back", default="", metavar="CHG-N", help="The change that it rolls back.")
        parser.add_argument("--user", default="", help="Name of the person who does it.")

    def run(self, *, user: str, **options: Any) -> Exit:
        try:
            change = actions.record(_facts(options), by=Teller(_person(user), Source.COMMAND), at=timezone.now())
        except Refused as refusal:
            self.token("record_change", status="fail", reason=refusal.code.lower())
            raise
        self.token("record_change", status="ok", change=change.label, result=change.result)
        return Exit.OK


def _facts(options: dict[str, Any]) -> Facts:
    return Facts(
        **{name: options[name] for name in ("kind", "what", "artifact", "ticket", "result", "override")},
        domain=_domain(options["domain"]),
        started_at=_moment(options["started_at"]),
        finished_at=_moment(options["finished_at"]),
        takes_back=_change(options["takes_back"]),
    )


def _person(name: str) -> User | None:
    if not name:
        return None
    found = User.objects.filter(username=name).first()
    if found is None:
        raise Refused("UNKNOWN_USER", f"There is nobody named {name}.")
    return found


def _domain(slug: str) -> Domain | None:
    if not slug:
        return None
    found = Domain.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Domain.objects.order_by("position").values_list("slug", flat=True))
        raise Refused("DOMAIN_UNKNOWN", f"There is no domain {slug}. Known ones: {known}.")
    return found


def _change(label: str) -> Change | None:
    if not label:
        return None
    number = label.upper().removeprefix("CHG-")
    found = Change.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise Refused("CHANGE_UNKNOWN", f"There is no change {label}. Write its number, such as CHG-12.")
    return found


def _moment(text: str) -> datetime | None:
    """A moment as pipelines write it; without a zone it is UTC.

    >>> _moment("2026-11-21T03:12")
    datetime.datetime(2026, 11, 21, 3, 12, tzinfo=datetime.timezone.utc)
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("BAD_TIME", "Write a time as 2026-11-21T03:12, with its zone or in UTC.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    require_plausible(moment)
    return moment
