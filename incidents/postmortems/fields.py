"""The fields of a report: the five that the operating documents ask for, and what went well, lucky and badly."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field. The timeline has lines and no text of its own."""

    name: str
    label: str
    hint: str
    is_required: bool = True
    rows: int = 4


TIMELINE = "timeline"
FIELDS = (
    Field("summary", "Summary and customer impact", "What customers felt, in shares and minutes. No names."),
    Field("root_cause", "Root cause", "The chain of causes, not a person."),
    Field(TIMELINE, "Detection and response timeline", "Every line leads to its event or says that it is from memory."),
    Field("mitigation", "Mitigation steps", "What ended the impact, in order.", rows=3),
    Field("prevention", "Preventative actions", "What makes this impossible or cheap. Give each a follow-up.", rows=3),
    Field("went_well", "What went well", "", is_required=False, rows=2),
    Field("went_lucky", "Where we were lucky", "", is_required=False, rows=2),
    Field("went_badly", "What went badly", "", is_required=False, rows=2),
)
TEXTS = tuple(field for field in FIELDS if field.name != TIMELINE)


@dataclass(frozen=True)
class Entry:
    """A field and whether something stands in it."""

    field: Field
    is_written: bool

    @property
    def is_missing(self) -> bool:
        """True when the review cannot start without it."""
        return self.field.is_required and not self.is_written


@dataclass(frozen=True)
class Meter:
    """How far the report is: "4 of 8 fields"."""

    entries: tuple[Entry, ...]

    @property
    def written(self) -> int:
        return sum(entry.is_written for entry in self.entries)

    @property
    def total(self) -> int:
        return len(self.entries)

    @property
    def width(self) -> int:
        """Units of 200, for the bar."""
        return 200 * self.written // self.total

    @property
    def missing(self) -> list[Field]:
        return [entry.field for entry in self.entries if entry.is_missing]


def meter(text_of: Callable[[str], str], *, has_lines: bool) -> Meter:
    """What is written; `text_of` gives the text of a field."""
    return Meter(
        tuple(
            Entry(field, has_lines if field.name == TIMELINE else bool(text_of(field.name).strip())) for field in FIELDS
        )
    )


def mark(text: str) -> str:
    """What a browser keeps of a text that it was shown, to say later which one it changed."""
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode()).hexdigest()[:16]
