"""The one thing to do next: the most overdue duty, else what comes first. No database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Act(StrEnum):
    """What can be next. The first six are the kinds of obligations."""

    ACKNOWLEDGE = "acknowledge"
    FIRST_PUBLIC_UPDATE = "first_public_update"
    PUBLIC_UPDATE = "public_update"
    VERIFICATION = "verification"
    POSTMORTEM = "postmortem"
    CHECK_BACK = "check_back"
    CHECKLIST = "checklist"
    CLOSE = "close"


# What has to be done, the words on its button, the address, and whether that opens over the page.
_ACTS: dict[Act, tuple[str, str, str, bool]] = {
    Act.ACKNOWLEDGE: ("Nobody has it yet", "Acknowledge", "incidents:acknowledge", False),
    Act.FIRST_PUBLIC_UPDATE: ("Tell readers for the first time", "First update", "incidents:public_panel", False),
    Act.PUBLIC_UPDATE: ("Tell readers where it stands", "Next update", "incidents:public_panel", False),
    Act.VERIFICATION: ("Check that it stays recovered", "Verify recovery", "incidents:verify", True),
    Act.POSTMORTEM: ("Write the report and have it reviewed", "Post-mortem", "incidents:postmortem", False),
    Act.CHECK_BACK: ("See whether the decision worked", "Look back", "incidents:room", False),
    Act.CHECKLIST: ("Mandatory steps are open", "See which", "incidents:close", True),
    Act.CLOSE: ("Everything is done", "Close", "incidents:close", True),
}


# Beside a running clock, beside a late one, and in the page's title.
_CLOCKS: dict[Act, tuple[str, str, str]] = {
    Act.ACKNOWLEDGE: ("Take it in", "Nobody has it", "to acknowledge"),
    Act.FIRST_PUBLIC_UPDATE: ("Public due", "Public late", "first public update"),
    Act.PUBLIC_UPDATE: ("Public due", "Public late", "public update"),
    Act.VERIFICATION: ("Verify in", "Verifying late", "recovery verification"),
    Act.POSTMORTEM: ("Report due", "Report late", "post-mortem"),
    Act.CHECK_BACK: ("Look back in", "Look back late", "look back"),
}


class Clock(Protocol):
    """A running duty: an Obligation, or what lists know of one."""

    @property
    def kind(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...


@dataclass(frozen=True)
class Next:
    """One line: the words, and its one button."""

    act: Act
    due_at: datetime | None = None

    @property
    def words(self) -> str:
        return _ACTS[self.act][0]

    @property
    def verb(self) -> str:
        return _ACTS[self.act][1]

    @property
    def url_name(self) -> str:
        return _ACTS[self.act][2]

    @property
    def is_dialog(self) -> bool:
        return _ACTS[self.act][3]

    @property
    def is_post(self) -> bool:
        """Done by the button itself."""
        return self.act is Act.ACKNOWLEDGE


@dataclass(frozen=True)
class Timer:
    """A running clock with the words around it."""

    act: Act
    due_at: datetime

    @property
    def soon(self) -> str:
        return _CLOCKS[self.act][0]

    @property
    def late(self) -> str:
        return _CLOCKS[self.act][1]

    @property
    def duty(self) -> str:
        """For the page's title: 04:41 public update, INC-17."""
        return _CLOCKS[self.act][2]


def of(clocks: Iterable[Clock], *, at: datetime, is_open: bool, is_closed: bool, open_steps: int) -> Next | None:
    """The most overdue duty; else, while it runs, the one due first; else what keeps it from being closed.

    The report takes a day or two, so open steps come before one that is not late yet.
    """
    running = sorted(clocks, key=lambda one: one.due_at)
    first = running[0] if running else None
    if first is not None and (is_open or is_closed or first.due_at <= at):
        return Next(Act(first.kind), first.due_at)
    if is_open or is_closed:
        return None
    soon = next((one for one in running if one.kind != Act.POSTMORTEM), None)
    if soon is not None:
        return Next(Act(soon.kind), soon.due_at)
    if open_steps:
        return Next(Act.CHECKLIST)
    return Next(Act(first.kind), first.due_at) if first else Next(Act.CLOSE)
