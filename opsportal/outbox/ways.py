"""Which ways out there are: those of the environment, and those that admins added."""

from dataclasses import dataclass

from django.conf import settings

from opsportal import env
from opsportal.outbox.models import (
    GITHUB_ROUTE,
    MAIL_ROUTE,
    PEOPLE,
    READERS,
    ROW_ROUTE,
    SLACK_ROUTE,
    Channel,
    Destination,
    Route,
)

# Messages a minute, unless an admin says otherwise. Slack itself allows one a second.
_CROWD_PER_MINUTE = 600
_PER_MINUTE = {SLACK_ROUTE: 60, MAIL_ROUTE: 600, GITHUB_ROUTE: 60}
_PER_MINUTE_OF_ROWS = 120
TITLES = {SLACK_ROUTE: "Slack, ops channel", MAIL_ROUTE: "Mail server", GITHUB_ROUTE: "GitHub issues"}
_CROWDS = {READERS: "Subscribers", PEOPLE: "People on call"}
_CROWD_TITLES = {f"{crowd}{one.value}": f"{who}, {one.label}" for crowd, who in _CROWDS.items() for one in Channel}
_OF_CHANNEL = {Channel.SLACK: SLACK_ROUTE, Channel.EMAIL: MAIL_ROUTE, Channel.GITHUB: GITHUB_ROUTE}


@dataclass(frozen=True)
class Place:
    """One receiver of what operators are told; `suffix` makes its key."""

    channel: str
    destination: str
    suffix: str
    to: Destination | None = None


def places() -> list[Place]:
    """Everybody who is told: the environment's first, in a steady order so that keys stay the same."""
    return [*_told_by_environment(), *(one for one in _added() if one.channel != Channel.GITHUB)]


def issue_places() -> list[Place]:
    """Every repository that keeps issues. It is told nothing else: what is only said could never be closed there."""
    return [*_issues_by_environment(), *(one for one in _added() if one.channel == Channel.GITHUB)]


def environment_places() -> list[Place]:
    """Everybody whom the environment names, those for issues as well."""
    return [*_told_by_environment(), *_issues_by_environment()]


def _added() -> list[Place]:
    rows = Destination.objects.filter(is_active=True).order_by("pk")
    return [Place(one.channel, one.name, f"to:{one.pk}", one) for one in rows if can_carry(one)]


def _issues_by_environment() -> list[Place]:
    return [Place(Channel.GITHUB, GITHUB_ROUTE, "github:0")] if has_github() else []


def _told_by_environment() -> list[Place]:
    found = [Place(Channel.SLACK, SLACK_ROUTE, "slack:0")] if settings.SLACK_WEBHOOK_URL else []
    if settings.EMAIL_CONFIGURED:
        first = len(found)
        found += [
            Place(Channel.EMAIL, address, f"email:{first + place}")
            for place, address in enumerate(settings.ALERT_EMAIL)
        ]
    return found


def can_carry(destination: Destination) -> bool:
    """Mail needs a mail server; the others stand for themselves."""
    return destination.channel != Channel.EMAIL or settings.EMAIL_CONFIGURED


def has_github() -> bool:
    return bool(env.text("GITHUB_ISSUES_REPO") and env.text("GITHUB_TOKEN"))


def of_environment() -> dict[str, bool]:
    """The environment's ways, and whether each is set; never a value."""
    return {
        SLACK_ROUTE: bool(settings.SLACK_WEBHOOK_URL),
        MAIL_ROUTE: settings.EMAIL_CONFIGURED,
        GITHUB_ROUTE: has_github(),
    }


def ensure(channel: str, to: Destination | None) -> str:
    """The name of the way a message takes; its row exists from then on."""
    name = to.route_name if to is not None else _OF_CHANNEL.get(Channel(channel), channel)
    Route.objects.get_or_create(name=name, defaults={"per_minute": _PER_MINUTE.get(name, _PER_MINUTE_OF_ROWS)})
    return name


def for_crowd(channel: str, crowd: str = READERS) -> Route:
    """The way of those whom another room knows; apart from the operators' own, whatever happens on it."""
    name = for_crowd_name(channel, crowd)
    return Route.objects.get_or_create(name=name, defaults={"per_minute": _CROWD_PER_MINUTE})[0]


def for_crowd_name(channel: str, crowd: str = READERS) -> str:
    return f"{crowd}{channel}"


def title(name: str) -> str:
    """What people call a way that is no destination."""
    return TITLES.get(name) or _CROWD_TITLES.get(name) or name.replace(ROW_ROUTE, "Destination ")
