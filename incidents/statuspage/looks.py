"""How a status looks to readers: a word, a colour class and a shape, so that colour never speaks alone."""

from dataclasses import dataclass

from incidents.statuspage import rollup, windows

_OCTAGON = (
    "M5 1h6l4 4v6l-4 4H5l-4-4V5z"
    "M5.7 4.5L4.5 5.7 6.8 8l-2.3 2.3 1.2 1.2L8 9.2l2.3 2.3 1.2-1.2L9.2 8l2.3-2.3-1.2-1.2L8 6.8z"
)
_TRIANGLE = "M8 1l7.5 13.5H.5zM7.2 5.6v4.4h1.6V5.6zM7.2 11.2v1.6h1.6v-1.6z"
_DIAMOND = "M8 .8L15.2 8 8 15.2.8 8zM8 3.9L3.9 8 8 12.1 12.1 8z"
_TICK = "M8 .8a7.2 7.2 0 100 14.4A7.2 7.2 0 008 .8zM11.6 5l1.2 1.2-5.6 5.6L3.6 8.2 4.8 7l2.4 2.4z"
_LINES = "M2 1h12a1 1 0 011 1v12a1 1 0 01-1 1H2a1 1 0 01-1-1V2a1 1 0 011-1zM4 5h8v1.6H4zM4 9.4h8V11H4z"
_CLOCK = (
    "M8 .8a7.2 7.2 0 100 14.4A7.2 7.2 0 008 .8zM8 2.4a5.6 5.6 0 110 11.2A5.6 5.6 0 018 2.4z"
    "M7.2 4.2v4.4l3 1.9.8-1.3-2.2-1.4V4.2z"
)
_CROSS = "M8 .8a7.2 7.2 0 100 14.4A7.2 7.2 0 008 .8zM4 7.1h8v1.8H4z"


@dataclass(frozen=True)
class Look:
    """`kind` is the end of the CSS class, `shape` the path of the icon, `notches` how often a day's bar is cut."""

    kind: str
    word: str
    shape: str
    notches: int = 0

    @property
    def small(self) -> str:
        """The word within a sentence."""
        return self.word.lower()


COMPONENT = {
    rollup.OPERATIONAL: Look("ok", "Operational", _TICK),
    rollup.DEGRADED: Look("warn", "Degraded performance", _DIAMOND, notches=1),
    rollup.PARTIAL: Look("major", "Partial outage", _TRIANGLE, notches=2),
    rollup.MAJOR: Look("fail", "Major outage", _OCTAGON, notches=3),
    rollup.MAINTENANCE: Look("maint", "Under maintenance", _LINES),
}
NO_DATA = Look("stale", "No data", _CLOCK)
UNKNOWN = Look("stale", "Unknown", _CLOCK)
IMPACT = {
    "none": Look("stale", "No impact now", _CLOCK),
    "minor": Look("warn", "Minor impact", _DIAMOND),
    "major": Look("major", "Major impact", _TRIANGLE),
    "critical": Look("fail", "Critical impact", _OCTAGON),
}
RESOLVED = Look("ok", "Resolved", _TICK)
MAINTENANCE = {
    windows.SCHEDULED: Look("maint", "Scheduled", _CLOCK),
    windows.IN_PROGRESS: Look("maint", "In progress", _LINES),
    windows.VERIFYING: Look("maint", "Verifying", _LINES),
    windows.COMPLETED: Look("ok", "Completed", _TICK),
    windows.CANCELLED: Look("stale", "Cancelled", _CROSS),
}
# The word above an update, where it is not the status itself.
WORDS = {**windows.WORDS, "postmortem": "Post-mortem"}


def word_of(status: str) -> str:
    """
    >>> word_of("in_progress"), word_of("identified")
    ('In progress', 'Identified')
    """
    return WORDS.get(status, status.capitalize())


INDICATOR = {
    "none": COMPONENT[rollup.OPERATIONAL],
    "maintenance": COMPONENT[rollup.MAINTENANCE],
    "minor": COMPONENT[rollup.DEGRADED],
    "major": COMPONENT[rollup.PARTIAL],
    "critical": COMPONENT[rollup.MAJOR],
}


def of_day(status: str | None) -> Look:
    """A day's look; None is a day without data."""
    return NO_DATA if status is None else COMPONENT[status]
