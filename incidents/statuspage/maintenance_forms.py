"""Is planned work well formed? The plan with its window and rule, words about it, a later end."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from incidents.ownership.models import Domain
from incidents.statuspage import wording
from incidents.statuspage.maintenance import Audience, Maintenance, MaintenanceSeries
from incidents.statuspage.models import Component
from incidents.statuspage.planning import BACK, Plan, Repeat
from incidents.statuspage.wording import Wording
from opsportal import recurrence
from opsportal.errors import Refused
from opsportal.moments import require_plausible, zones
from opsportal.privacy.forms import GuardedForm

_LENGTHS = (15, 30, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880)
_REMINDERS = (
    (0, "No reminder"),
    (1, "1 hour before"),
    (4, "4 hours before"),
    (24, "1 day before"),
    (72, "3 days before"),
)
_LATER = (15, 30, 60, 120, 240, 480)
_USUAL_LENGTH, _USUAL_REMINDER = 60, 24


def in_words(minutes: int) -> str:
    """
    >>> in_words(90), in_words(120)
    ('1 h 30 min', '2 h')
    """
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])])


class PlanForm(GuardedForm):
    """A window by the clock of a place. What is typed is a local time; the next page shows it in UTC."""

    is_public = True

    title = forms.CharField(
        label="Title readers see",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the work a title."},
    )
    text = forms.CharField(
        label="Text",
        max_length=5_000,
        help_text="What is done and what people notice. No internal names.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write what people need to know."},
    )
    # Short words, so that a phone shows the choice whole.
    audience = forms.ChoiceField(
        label="Who sees it",
        choices=[(Audience.PUBLIC, "Public"), (Audience.INTERNAL, "Internal")],
        help_text="Public work appears on the status page once announced. Internal work is known only to the"
        " portal and its checks.",
    )
    domain = forms.ModelChoiceField(
        label="Owning domain", queryset=Domain.objects.order_by("name"), empty_label=None,
        error_messages={"required": "Choose whose work it is.", "invalid_choice": "Choose a domain from the list."},
    )  # fmt: skip
    components = forms.ModelMultipleChoiceField(
        label="Affected components",
        queryset=Component.objects.none(),
        to_field_name="public_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose components from the list."},
    )
    starts_on = forms.DateField(
        label="Begins on",
        help_text="Internal work may have begun already: what checks counted meanwhile becomes planned.",
        widget=forms.DateInput(attrs={"type": "date", "class": "input--auto"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Write the day as 2026-11-30."},
    )
    clock = forms.TimeField(
        label="At",
        widget=forms.TimeInput(attrs={"type": "time", "class": "input--auto"}, format="%H:%M"),
        error_messages={"required": "Choose a time.", "invalid": "Write the time as 03:00."},
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=zones, help_text="Readers see the time in UTC.")
    minutes = forms.TypedChoiceField(label="Takes", coerce=int, widget=forms.Select(attrs={"class": "input--auto"}))
    remind = forms.TypedChoiceField(
        label="Remind the team",
        choices=_REMINDERS,
        coerce=int,
        help_text="A message to the ops channel.",
        widget=forms.Select(attrs={"class": "input--auto"}),
    )
    rule = forms.ChoiceField(
        label="Comes again", required=False, choices=[("", "Once"), *recurrence.WORDS.items()],
        help_text="Local time in that zone, also across daylight-saving changes.",
    )  # fmt: skip
    until = forms.DateField(
        label="Until",
        required=False,
        help_text="The last day, for what comes again.",
        widget=forms.DateInput(attrs={"type": "date", "class": "input--auto"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as 2026-11-30."},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, at: datetime, one: Maintenance | MaintenanceSeries | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.at, self.one = at, one
        components = self.fields["components"]
        assert isinstance(components, forms.ModelMultipleChoiceField)
        components.queryset = Component.objects.in_order()
        length = int(one.length.total_seconds() // 60) if one else _USUAL_LENGTH
        minutes = self.fields["minutes"]
        assert isinstance(minutes, forms.TypedChoiceField)
        minutes.choices = [(n, in_words(n)) for n in sorted({*_LENGTHS, length})]
        if one is not None:
            for name in ("audience", "rule", "until"):
                del self.fields[name]
            self.fields["starts_on"].help_text = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day, clock, zone = cleaned.get("starts_on"), cleaned.get("clock"), cleaned.get("time_zone")
        if day is not None and clock is not None and zone:
            self._place(day, clock, zone)
        until = cleaned.get("until")
        if until and not cleaned.get("rule"):
            self.add_error("until", "Choose how it comes again, or leave this empty.")
        elif until and day and until < day:
            self.add_error("until", "The last day lies before the first.")
        is_public = cleaned.get("audience", self.one.audience if self.one else "") == Audience.PUBLIC
        if is_public and "components" not in self.errors and not cleaned.get("components"):
            self.add_error("components", "Choose the affected components.")
        return cleaned

    def _place(self, day: date, clock: time, zone: str) -> None:
        try:
            starts_at = recurrence.moment(day, clock, zone)
            require_plausible(starts_at)
        except OverflowError:
            self.add_error("starts_on", "Choose a day that a calendar has.")
            return
        except Refused as refusal:
            self.add_error("starts_on", refusal.sentence)
            return
        if starts_at < self.at:
            self._place_afterwards(starts_at)
        self.cleaned_data["starts_at"] = starts_at

    def _place_afterwards(self, starts_at: datetime) -> None:
        """Readers are told before; what only our checks know may be recorded when it is over."""
        given = self.cleaned_data
        if self.one is not None or given.get("rule"):
            self.add_error("starts_on", "The beginning has passed. Choose a later one.")
        elif given.get("audience") != Audience.INTERNAL:
            self.add_error("starts_on", "The beginning has passed. Choose a later one, or make it internal.")
        elif starts_at < self.at - BACK:
            self.add_error(
                "starts_on", f"Choose a beginning in the last {BACK.days} days: before them nothing is moved."
            )

    @property
    def plan(self) -> Plan:
        given = self.cleaned_data
        return Plan(
            title=given["title"].strip(),
            text=given["text"].strip(),
            audience=given.get("audience") or (self.one.audience if self.one else Audience.PUBLIC),
            domain=given["domain"],
            components=tuple(given["components"]),
            starts_at=given["starts_at"],
            ends_at=given["starts_at"] + timedelta(minutes=given["minutes"]),
            remind_before=timedelta(hours=given["remind"]) or None,
        )

    @property
    def repeat(self) -> Repeat | None:
        given = self.cleaned_data
        if not given.get("rule"):
            return None
        return Repeat(given["rule"], given["starts_on"], given["clock"], given["time_zone"], given["until"])


class RuleForm(PlanForm):
    """What all days of a rule say and where; their time is that of the rule."""

    def __init__(self, *args: Any, at: datetime, series: MaintenanceSeries, **kwargs: Any) -> None:
        super().__init__(*args, at=at, one=series, **kwargs)
        for name in ("starts_on", "clock", "time_zone", "minutes"):
            del self.fields[name]

    @property
    def wording(self) -> Wording:
        given = self.cleaned_data
        components = tuple(sorted(given["components"], key=lambda one: one.pk))
        remind_before = timedelta(hours=given["remind"]) or None
        return Wording(given["title"].strip(), given["text"].strip(), given["domain"], components, remind_before)


def words_of(series: MaintenanceSeries) -> dict[str, Any]:
    """The form as the rule lies."""
    own = wording.of(series)
    return {
        "title": own.title,
        "text": own.text,
        "domain": own.domain.pk,
        "components": [one.public_id for one in own.components],
        "remind": int(own.remind_before.total_seconds() // 3600) if own.remind_before else 0,
        "seen": own.mark,
    }


def first_plan(at: datetime, zone: str) -> dict[str, Any]:
    """Tomorrow at three by the person's own clock, for an hour."""
    return {
        "audience": Audience.PUBLIC,
        "starts_on": (at.astimezone(ZoneInfo(zone)) + timedelta(days=1)).date(),
        "clock": time(3),
        "time_zone": zone,
        "minutes": _USUAL_LENGTH,
        "remind": _USUAL_REMINDER,
    }


def plan_of(one: Maintenance, components: Iterable[Component], *, zone: str, seen: str) -> dict[str, Any]:
    """The form as the work lies, by the clock of its rule or of whoever edits it."""
    place = one.series.time_zone if one.series else zone
    begins = one.starts_at.astimezone(ZoneInfo(place))
    return {
        "title": one.title,
        "text": one.text,
        "domain": one.domain_id,
        "components": [component.public_id for component in components],
        "starts_on": begins.date(),
        "clock": begins.time().replace(second=0, microsecond=0),
        "time_zone": place,
        "minutes": int(one.length.total_seconds() // 60),
        "remind": int(one.remind_before.total_seconds() // 3600) if one.remind_before else 0,
        "seen": seen,
    }


class WordsForm(GuardedForm):
    """What people are told with an act; most acts have words of their own when nothing is written."""

    is_public = True

    words = forms.CharField(
        label="Text",
        max_length=5_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what people need to know."},
    )

    @property
    def given(self) -> dict[str, Any]:
        return {"words": self.cleaned_data["words"].strip()}


class SayForm(WordsForm):
    """Words alone, so there have to be some."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = True


class ExtendForm(WordsForm):
    """How much longer it takes."""

    more = forms.TypedChoiceField(
        label="Longer by",
        choices=[(minutes, in_words(minutes)) for minutes in _LATER],
        coerce=int,
        widget=forms.Select(attrs={"class": "input--auto"}),
    )
    field_order = ("more", "words")

    def __init__(self, *args: Any, one: Maintenance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.one = one

    @property
    def given(self) -> dict[str, Any]:
        return super().given | {"ends_at": self.one.ends_at + timedelta(minutes=self.cleaned_data["more"])}


class NothingForm(GuardedForm):
    """Nothing to type."""

    @property
    def given(self) -> dict[str, Any]:
        return {}
