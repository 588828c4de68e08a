"""The screens of the portal in the order people find them; one table serves the side bar, the phone and the palette."""

from dataclasses import dataclass
from functools import cache, lru_cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from opsportal.roles import Role
from opsportal.shell import Count, counts


@dataclass(frozen=True)
class Screen:
    """One entry: its words, its address by name, its icon, what it is for, the key after `g`, and who may see it.

    `within` marks pages that lie below another screen's address and belong here all the same.
    """

    title: str
    url_name: str
    icon: str
    purpose: str
    key: str = ""
    role: Role = Role.VIEWER
    within: str = ""

    @property
    def slug(self) -> str:
        """A word for CSS classes: incidents:list is incidents-list."""
        return self.url_name.replace(":", "-")

    @property
    def short(self) -> str:
        """One word for the phone's tab bar."""
        return self.title.split()[0]


@dataclass(frozen=True)
class Entry:
    """A screen as one person sees it on one page."""

    screen: Screen
    url: str
    is_current: bool
    count: Count | None


@dataclass(frozen=True)
class Group:
    """Entries under one heading; the first group has none."""

    title: str
    entries: tuple[Entry, ...]


NOW = Screen("Now", "incidents:now", "radar-2", "What is open and what is due", key="n")
INCIDENTS = Screen("Incidents", "incidents:list", "flame", "Open and past, with their rooms", key="i")
CHECKS = Screen("Checks", "checks:list", "activity-heartbeat", "What workers watch, worst first", key="c")
STATUS_PAGE = Screen("Status page", "incidents:publish", "speakerphone", "Drafts, components, what is public", key="s")
DECLARE = Screen("Declare incident", "incidents:declare", "plus", "Open a room and tell the team", role=Role.RESPONDER)
MORE = Screen("More", "accounts:more", "dots", "Every screen of the portal")

GROUPS: tuple[tuple[str, tuple[Screen, ...]], ...] = (
    ("", (NOW, INCIDENTS, CHECKS, STATUS_PAGE)),
    (
        "Knowledge",
        (
            Screen("Ownership", "incidents:ownership", "users", "Who holds what, and the gaps", key="o"),
            Screen("On call", "incidents:oncall", "calendar-time", "Who is called, this week and next", key="l"),
            Screen("Runbooks", "incidents:runbooks", "book", "What to do, step by step", key="r"),
            Screen(
                "Post-mortems",
                "incidents:postmortems",
                "file-text",
                "Reports, and what is due",
                key="m",
                within="/postmortem/",
            ),
            Screen("Drills", "incidents:drills", "target-arrow", "Practice, its score, and who is ready"),
            Screen("Follow-ups", "incidents:follow_ups", "list-check", "What incidents left to do", key="f"),
        ),
    ),
    (
        "Run",
        (
            Screen("Operations", "checks:operations", "terminal-2", "Commands, their last tokens, live runs"),
            Screen("Changes", "incidents:changes", "rocket", "Deploys, what is frozen, what was good last", key="h"),
            Screen("Paging", "incidents:paging", "bell", "Who is paged, and what became of each call"),
            Screen("Deliveries", "outbox:list", "send", "What was sent, and what waits", key="d"),
        ),
    ),
    (
        "Review",
        (
            Screen("Daily sheet", "checks:daily", "clipboard-check", "The day's health, signed", key="y"),
            Screen("Objectives", "checks:slo", "target-arrow", "Targets, and the error budget left", key="b"),
            Screen("Trends", "checks:trends", "chart-line", "Weeks of checks and people, and what changed", key="t"),
            Screen("Duties", "incidents:duties", "list-details", "Recurring duties, and what is late"),
            Screen("Weekly review", "checks:reviews", "calendar-stats", "The week past, signed and kept", key="w"),
        ),
    ),
    (
        "Yours",
        (
            Screen(
                "Contact methods",
                "incidents:reach",
                "device-mobile",
                "Where alarms reach you, and whether that is verified",
            ),
            Screen("API tokens", "tokens:list", "key", "What programs use in your name", role=Role.RESPONDER),
        ),
    ),
    (
        "Admin",
        (
            Screen("Audit log", "audit:log", "history", "Who did what, and the proof", key="a", role=Role.ADMIN),
            Screen("People", "accounts:people", "user-cog", "Roles and ways in", key="p", role=Role.ADMIN),
            Screen("Abuse desk", "abuse:desk", "shield-lock", "Rejected requests, and bans", role=Role.ADMIN),
            Screen("Configuration", "doctor:configuration", "adjustments", "Parts and names", role=Role.ADMIN),
        ),
    ),
)
SCREENS = tuple(screen for _, screens in GROUPS for screen in screens)


@lru_cache(maxsize=1024)
def current_screen(path: str) -> Screen | None:
    """The screen that a path belongs to: the longest address it begins with; the board's `/` only matches itself.

    An incident's room belongs to Incidents, the form under it to Declare, its report to Post-mortems.
    """
    for screen in SCREENS:
        if screen.within and screen.within in path:
            return screen
    best: tuple[int, Screen | None] = (0, None)
    for screen in (*SCREENS, DECLARE, MORE):
        url = address(screen)
        is_inside = path == url if url in ("", "/") else path.startswith(url)
        if is_inside and len(url) > best[0]:
            best = (len(url), screen)
    return best[1]


def address(screen: Screen) -> str:
    """Where the screen lives; empty when the wing that has it is not installed."""
    try:
        return _reverse(screen.url_name)
    except NoReverseMatch:
        return ""


@cache
def _reverse(url_name: str) -> str:
    """Asked for every entry of every page; addresses do not move while the portal runs."""
    return reverse(url_name)


def groups_for(request: HttpRequest) -> tuple[Group, ...]:
    """What this person may open, with the current page marked and the numbers beside it."""
    numbers = counts(request.user) if request.user.is_authenticated else {}
    return _groups(_role(request), tuple(numbers.items()), current_screen(request.path))


@lru_cache(maxsize=1024)
def _groups(role: Role | None, numbers: tuple[tuple[str, Count], ...], current: Screen | None) -> tuple[Group, ...]:
    """The same for everybody of one role on one screen while its numbers stand."""
    shown = ((title, _entries(role, screens, dict(numbers), current)) for title, screens in GROUPS)
    return tuple(Group(title, entries) for title, entries in shown if entries)


def tabs_for(request: HttpRequest) -> tuple[Entry, ...]:
    """The phone's five: Declare in the middle, or the status page for those who only read."""
    return _tabs(_role(request), current_screen(request.path))


@cache
def _tabs(role: Role | None, current: Screen | None) -> tuple[Entry, ...]:
    middle = DECLARE if _reaches(role, DECLARE) else STATUS_PAGE
    return _entries(role, (NOW, INCIDENTS, middle, CHECKS, MORE), {}, current)


def declare_for(request: HttpRequest) -> tuple[Entry, ...]:
    """The form that declares, for those who may."""
    return _entries(_role(request), (DECLARE,), {}, None)


def _entries(
    role: Role | None, screens: tuple[Screen, ...], numbers: dict[str, Count], current: Screen | None
) -> tuple[Entry, ...]:
    return tuple(
        Entry(screen, address(screen), screen is current, numbers.get(screen.url_name))
        for screen in screens
        if _reaches(role, screen) and address(screen)
    )


def may_open(request: HttpRequest, screen: Screen) -> bool:
    """Whether the role reaches; hiding is a courtesy, the view itself decides."""
    return _reaches(_role(request), screen)


def _role(request: HttpRequest) -> Role | None:
    """What the person of this request is; None when that is nobody, or somebody who left."""
    person = request.user
    return Role(person.role) if person.is_authenticated and person.is_active else None


def _reaches(role: Role | None, screen: Screen) -> bool:
    return role is not None and role.rank >= screen.role.rank
