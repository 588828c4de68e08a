"""What every page may use: theme, navigation, the server's clock. Nothing is asked until a template uses it."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from opsportal import navigation
from opsportal.preferences import Theme, has_keys, theme_of


class Shell:
    """The frame around one page. Its numbers cost one query, and only on pages that show the navigation."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def theme(self) -> Theme:
        return theme_of(self.request)

    @property
    def has_keys(self) -> bool:
        return has_keys(self.request)

    @cached_property
    def now(self) -> datetime:
        """One instant for the whole page, so that two clocks on it never disagree."""
        return timezone.now()

    @cached_property
    def groups(self) -> tuple[navigation.Group, ...]:
        return navigation.groups_for(self.request)

    @property
    def today(self) -> str:
        """Saturday 21 November, in UTC as every clock of the house."""
        return f"{self.now:%A} {self.now.day} {self.now:%B}"

    @property
    def epoch(self) -> int:
        """The page's instant for the script, whose clocks run on from it."""
        return int(self.now.timestamp())

    @property
    def nav(self) -> SafeString:
        """The side bar's lists."""
        return _drawn("parts/nav.html", self.groups)

    @property
    def tabbar(self) -> SafeString:
        """What stands in the phone's tab bar."""
        return _drawn("parts/tabbar.html", self.tabs)

    @property
    def jumps(self) -> SafeString:
        """Which key opens which screen."""
        return _drawn("parts/jumps.html", tuple(self.counted))

    @property
    def me(self) -> SafeString:
        """Who is signed in."""
        person = self.request.user
        return _me(person.get_username(), person.get_role_display() if person.is_authenticated else "")

    @property
    def reachable(self) -> tuple[navigation.Entry, ...]:
        """Every screen this person may open, and the form that declares."""
        return (*navigation.declare_for(self.request), *self.counted)

    @property
    def counted(self) -> list[navigation.Entry]:
        """Every entry, for the reply that refreshes the numbers."""
        return [entry for group in self.groups for entry in group.entries]

    @cached_property
    def tabs(self) -> tuple[navigation.Entry, ...]:
        """The phone's tab bar; the numbers are those of the side bar."""
        numbers = {entry.screen.slug: entry.count for entry in self.counted}
        return tuple(replace(tab, count=numbers.get(tab.screen.slug)) for tab in navigation.tabs_for(self.request))

    @property
    def can_declare(self) -> bool:
        return navigation.may_open(self.request, navigation.DECLARE)

    @property
    def is_declaring(self) -> bool:
        return navigation.current_screen(self.request.path) is navigation.DECLARE

    @property
    def tag(self) -> str:
        """Changes when a number beside the navigation changes."""
        numbers = (str(entry.count) if entry.count else "0" for entry in self.counted)
        return "-".join(numbers)


@lru_cache(maxsize=256)
def _me(name: str, role: str) -> SafeString:
    return render_to_string("parts/person.html", {"name": name, "sub": role, "is_me": True})


@lru_cache(maxsize=256)
def _drawn(template: str, entries: tuple[navigation.Group, ...] | tuple[navigation.Entry, ...]) -> SafeString:
    """The same for everybody of one role on one screen while its numbers stand, so it is not drawn for each page."""
    return render_to_string(template, {"entries": entries})


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": shell_of(request)}


def shell_of(request: HttpRequest) -> Shell:
    """The same frame for the whole request, so that nothing is counted twice."""
    found: Shell | None = getattr(request, "_shell", None)
    if found is None:
        found = Shell(request)
        setattr(request, "_shell", found)  # noqa: B010 - HttpRequest has no such attribute to mypy
    return found
