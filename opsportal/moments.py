"""Moments as people and programs give them: in years that every screen can show, compare and bring to UTC.

A mistyped year makes every mean a lie, and one at the end of the calendar is no date any more in the next time zone:
the page that has to show it would break for everybody.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

from opsportal.errors import Refused

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_SENTENCE = "Look at the year: a time here lies between 2000 and 2199."


def require_plausible(moment: datetime) -> None:
    """Refuse a year that nobody means."""
    if not EARLIEST <= moment < LATEST:
        raise Refused("YEAR_WRONG", _SENTENCE)


@cache
def zones() -> list[tuple[str, str]]:
    """UTC first, then places by name."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class MomentField(forms.DateTimeField):
    """A moment in UTC, in the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"invalid": "Write the time as 2026-11-21 03:12, in UTC."} | kwargs.pop("error_messages", {})
        attrs = {"type": "datetime-local"} | kwargs.pop("attrs", {})
        widget = forms.DateTimeInput(attrs=attrs, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, error_messages=wrong, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise ValidationError(_SENTENCE, code="year")
        return moment


class DayField(forms.DateField):
    """A day in the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"invalid": "Write the day as 2026-11-30."} | kwargs.pop("error_messages", {})
        widget = forms.DateInput(attrs={"type": "date", "class": "input--auto"}, format="%Y-%m-%d")
        super().__init__(widget=widget, error_messages=wrong, **kwargs)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not EARLIEST.date() <= day < LATEST.date():
            raise ValidationError(_SENTENCE, code="year")
        return day


class ClockField(forms.TimeField):
    """A time of day in the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"required": "Choose a time.", "invalid": "Write the time as 10:00."}
        widget = forms.TimeInput(attrs={"type": "time", "class": "input--auto"}, format="%H:%M")
        super().__init__(widget=widget, error_messages=wrong, **kwargs)


class ZoneField(forms.CharField):
    """The name of a time zone, for what comes again at a local time."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false", "class": "input--auto"}
        super().__init__(
            label="Time zone",
            max_length=40,
            help_text="Such as Europe/Berlin; local time is kept across daylight-saving changes.",
            widget=forms.TextInput(attrs=attrs),
            error_messages={"required": "Name a time zone, such as UTC."},
            **kwargs,
        )


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("year_wrong", _SENTENCE)
    return moment.astimezone(UTC)


# The same for the bodies of the API: given with its zone, kept and said in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
