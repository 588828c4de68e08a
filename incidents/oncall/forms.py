"""Are the words well formed? A rota, somebody who stands in, a shift that is taken, the holder of a handle."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from incidents.oncall.actions import Rule
from incidents.oncall.models import Rotation, RotationPlan
from opsportal.models import User
from opsportal.moments import DayField, MomentField, zones
from opsportal.privacy.forms import GuardedForm

_DAYS = [("1111111", "Every day"), ("1111100", "Monday to Friday"), ("0000011", "Saturday and Sunday")]
_CLOCK = {"type": "time"}
_WRONG_TIME = {"invalid": "Write the time as 08:00."}
AWAY = "away"


def _people() -> list[User]:
    return list(User.objects.filter(is_active=True).order_by("username"))


class PeopleField(forms.CharField):
    """People in their order, one name a line; a name nobody has is said."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"rows": 4, "autocomplete": "off", "spellcheck": "false", "class": "mono"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        names = [one.strip().removeprefix("@") for one in str(text).replace(",", "\n").splitlines() if one.strip()]
        found = {one.username: one for one in User.objects.filter(is_active=True, username__in=names)}
        unknown = [name for name in names if name not in found]
        if unknown:
            everybody = ", ".join(one.username for one in _people()[:20])
            raise forms.ValidationError(f"Nobody is called {unknown[0]}. There are: {everybody}.", code="unknown")
        if len(names) > 60:
            raise forms.ValidationError("Sixty turns at most.", code="many")
        return tuple(found[name] for name in names)


class RotaForm(GuardedForm):
    """A rota: who, in which order, how long, by which clock, and when it is covered."""

    name = forms.CharField(
        max_length=80, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )  # fmt: skip
    people = PeopleField(
        label="People in their order", help_text="One name a line; the first has the first turn.",
        error_messages={"required": "Name at least one person."},
    )  # fmt: skip
    turn = forms.ChoiceField(choices=RotationPlan.Turn.choices, initial="weekly", label="A turn lasts")
    turn_hours = forms.IntegerField(
        required=False, min_value=4, max_value=56 * 24, label="Its hours", help_text="For another length: 4 to 1344."
    )
    first_on = DayField(
        label="First hand-over on", help_text="A weekly turn changes on its weekday.",
        error_messages={"required": "Choose a day."},
    )  # fmt: skip
    handover_at = forms.TimeField(
        label="Hand-over at", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
        help_text="Local time, in winter and in summer.",
        error_messages=_WRONG_TIME | {"required": "Choose a time."},
    )  # fmt: skip
    time_zone = forms.ChoiceField(choices=zones, initial="UTC", label="Time zone")
    days = forms.ChoiceField(choices=_DAYS, initial="1111111", label="Covered on")
    covers_from = forms.TimeField(
        required=False, label="From", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"),
        help_text="Both empty: day and night.", error_messages=_WRONG_TIME,
    )  # fmt: skip
    covers_until = forms.TimeField(
        required=False, label="Until", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"), error_messages=_WRONG_TIME
    )
    since = MomentField(
        required=False, label="This holds from", help_text="In UTC; empty means from now on. What was before stays."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("turn") == "custom" and not cleaned.get("turn_hours") and "turn_hours" not in self.errors:
            self.add_error("turn_hours", "Say how many hours a turn lasts.")
        if (cleaned.get("covers_from") is None) != (cleaned.get("covers_until") is None):
            self.add_error("covers_until", "Give both times, or none for day and night.")
        return cleaned

    @property
    def rule(self) -> Rule:
        given = self.cleaned_data
        is_all_day = given["covers_from"] is None or given["covers_from"] == given["covers_until"]
        return Rule(
            people=given["people"],
            turn=given["turn"],
            turn_hours=given["turn_hours"] or 24,
            first_on=given["first_on"],
            handover_at=given["handover_at"],
            time_zone=given["time_zone"],
            days=given["days"],
            hours=None if is_all_day else (given["covers_from"], given["covers_until"]),
        )

    @classmethod
    def of(cls, rotation: Rotation, plan: RotationPlan) -> "RotaForm":
        members = plan.members.order_by("position").values_list("person__username", flat=True)
        names = ("turn", "turn_hours", "first_on", "handover_at", "time_zone", "days", "covers_from", "covers_until")
        initial = {name: getattr(plan, name) for name in names}
        return cls(initial={"name": rotation.name, "people": "\n".join(members), "version": rotation.version} | initial)


class StandInForm(GuardedForm):
    """Who stands in, or that nobody does, from when to when, and why."""

    who = forms.ChoiceField(choices=lambda: [*_names(), (AWAY, "Nobody: the person on shift is away")], label="Who")
    starts_at = MomentField(label="From", help_text="In UTC.", error_messages={"required": "Say from when."})
    ends_at = MomentField(label="Until", help_text="In UTC.", error_messages={"required": "Say until when."})
    reason = forms.CharField(
        max_length=300, label="Why", help_text="The team reads it.", error_messages={"required": "Say why."}
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "Choose an end after the beginning.")
        return cleaned

    @property
    def person(self) -> User | None:
        name = self.cleaned_data["who"]
        return None if name == AWAY else User.objects.get(username=name)


def _names() -> list[tuple[str, str]]:
    return [(one.username, one.username) for one in _people()]


_UNTIL = [("shift", "The end of this shift"), ("2", "2 hours"), ("4", "4 hours"), ("8", "8 hours"), ("24", "1 day")]


class TakeForm(GuardedForm):
    """Which rota, until when, and why."""

    rota = forms.ModelChoiceField(
        Rotation.objects.filter(ended_at=None).order_by("position", "name"),
        to_field_name="slug", label="For", empty_label=None,
        error_messages={"required": "Choose a rota.", "invalid_choice": "Choose a rota from the list."},
    )  # fmt: skip
    until = forms.ChoiceField(choices=_UNTIL, label="Until")
    reason = forms.CharField(
        max_length=300, label="Why", widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="The team reads it.", error_messages={"required": "Say why."},
    )  # fmt: skip

    def ends_at(self, at: datetime, shift_ends_at: datetime) -> datetime:
        """The chosen hours from now, or the end of the shift."""
        chosen = self.cleaned_data["until"]
        return shift_ends_at if chosen == "shift" else at + timedelta(hours=int(chosen))


class HolderForm(GuardedForm):
    """What a handle leads to."""

    holder = forms.ChoiceField(choices=lambda: _holders(), required=False, label="Held by")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def held(self) -> tuple[User | None, Rotation | None]:
        """(person, rota) as chosen; both None means nobody."""
        kind, _, name = self.cleaned_data["holder"].partition(":")
        if kind == "person":
            return User.objects.get(username=name), None
        return None, Rotation.objects.get(slug=name) if kind == "rota" else None


def _holders() -> list[tuple[str, Any]]:
    rotas = Rotation.objects.filter(ended_at=None).order_by("position", "name")
    return [
        ("", "Nobody"),
        ("Rotas", [(f"rota:{one.slug}", one.name) for one in rotas]),
        ("People", [(f"person:{name}", name) for name, _ in _names()]),
    ]
