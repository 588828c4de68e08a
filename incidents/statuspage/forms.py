"""Are the words of a draft for readers well formed?"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField

from incidents.response import policy
from incidents.response.states import Status
from incidents.statuspage import drafts
from incidents.statuspage.actions import PROMISED_WITHIN
from incidents.statuspage.models import (
    LAST_WORDS,
    PUBLIC_STATUSES,
    Component,
    ComponentStatus,
    PublicIncident,
    StatusUpdate,
)
from incidents.statuspage.queries import Side
from opsportal.privacy.forms import GuardedForm

_MINUTES = (15, 30, 60, 120, 240, 1440)


class ComponentRow(NamedTuple):
    """A component and its select in the draft."""

    component: Component
    field: BoundField


class DraftForm(GuardedForm):
    """Status, text and the next update: three fields; title and components are filled in already."""

    title = forms.CharField(
        label="Title readers see",
        max_length=160,
        help_text="The effect on users. It cannot be changed once published.",
        error_messages={"required": "Give readers a title."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    status = forms.ChoiceField(label="Status", choices=Status.choices)
    body = forms.CharField(
        label="Text",
        max_length=5_000,
        help_text="Effect on users, what we do, when we write next. No internal names.",
        error_messages={"required": "Write what readers need to know."},
        widget=forms.Textarea(attrs={"rows": 4, "data-compose": ""}),
    )
    next_update = forms.IntegerField(
        label="Next update by",
        required=False,
        widget=forms.Select(attrs={"class": "input--auto"}),
        error_messages={"invalid": "Choose a time from the list."},
    )
    notify = forms.BooleanField(label="Tell subscribers about this update", required=False, initial=True)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    is_public = True

    def __init__(self, *args: Any, side: Side, components: Iterable[Component], at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.side, self.at, self.components = side, at, list(components)
        self._offer_statuses()
        if side.is_public:
            del self.fields["title"]
        self._offer_times()
        self._offer_components()

    @property
    def chosen_status(self) -> str:
        return str(self["status"].value())

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """The four, and the word after the end once readers know of that."""
        is_over = self.side.public is not None and self.side.public.resolved_at is not None
        return PUBLIC_STATUSES if is_over else list(Status.choices)

    @property
    def affected(self) -> list[ComponentRow]:
        """The components of this incident."""
        return [row for row in self._rows() if row.component.public_id in self._mine]

    @property
    def others(self) -> list[ComponentRow]:
        """The rest, for when it spreads."""
        return [row for row in self._rows() if row.component.public_id not in self._mine]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        epoch, is_last = cleaned.get("next_update"), cleaned.get("status") in LAST_WORDS
        cleaned["next_update_at"] = None if epoch is None or is_last else _moment(epoch)
        due = cleaned["next_update_at"]
        if not is_last and "next_update" not in self.errors:
            if due is None:
                self.add_error("next_update", "Say by when readers hear from you next.")
            elif not self.at < due <= self.at + PROMISED_WITHIN:
                self.add_error("next_update", "That time has passed. Choose another.")
        cleaned["components"] = {
            row.component.public_id: cleaned[row.field.name] for row in self._rows() if cleaned.get(row.field.name)
        }
        return cleaned

    def _offer_statuses(self) -> None:
        status = self.fields["status"]
        assert isinstance(status, forms.ChoiceField)
        status.choices = self.statuses

    def _offer_times(self) -> None:
        """Round minutes from now, in UTC as readers will see them; a time saved before stays on offer."""
        whole = self.at.astimezone(UTC).replace(second=0, microsecond=0)
        found = {int((whole + timedelta(minutes=n)).timestamp()): _in_words(n) for n in _MINUTES}
        saved = self.side.draft.next_update_at if self.side.draft else None
        if saved and saved > self.at:
            found.setdefault(int(saved.timestamp()), "as saved")
        usual = policy.of(self.side.incident.severity).public_every
        widget = self.fields["next_update"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [(epoch, f"{_clock(epoch, whole)}, {words}") for epoch, words in sorted(found.items())]
        is_kept = saved is not None and saved > self.at
        self.initial["next_update"] = int((saved if is_kept and saved else whole + usual).timestamp())

    def _offer_components(self) -> None:
        rows = self.side.draft.affected_components if self.side.draft else []
        proposed = {row["code"]: row["new_status"] for row in rows}
        already = set(self.side.public.components.all()) if self.side.public else set()
        self._mine = set(proposed) | {one.public_id for one in already}
        for component in self.components:
            now = proposed.get(component.public_id, component.status if component in already else "")
            self.fields[f"component-{component.public_id}"] = forms.ChoiceField(
                label=f"New status, {component.name}",
                required=False,
                choices=[("", "Not affected"), *ComponentStatus.choices],
                initial=now,
                widget=forms.Select(attrs={"class": "input--auto"}),
            )

    def _rows(self) -> list[ComponentRow]:
        return [ComponentRow(one, self[f"component-{one.public_id}"]) for one in self.components]


def first_values(side: Side, *, status: str, components: Iterable[Component]) -> dict[str, Any]:
    """What the form starts with: the draft as it lies, else the template of the phase in public names."""
    if side.draft and (not status or status == side.draft.status):
        return _of_draft(side.draft, side.draft.public_incident)
    rows = list(components)
    named = [one for one in rows if _is_named(one, side)] or [one for one in rows if one.domain == side.incident.domain]
    phase = status or (side.public.status if side.public and side.is_public else Status.INVESTIGATING)
    title = side.public.name if side.public else drafts.title_for(named)
    return {"title": title, "status": phase, "body": drafts.text_for(phase, named), "seen": side.seen}


def _of_draft(draft: StatusUpdate, public: PublicIncident) -> dict[str, Any]:
    return {
        "title": public.name,
        "status": draft.status,
        "body": draft.body,
        "notify": draft.notify,
        "seen": drafts.fingerprint(draft),
    }


def _is_named(component: Component, side: Side) -> bool:
    if side.draft:
        return component.public_id in {row["code"] for row in side.draft.affected_components}
    return side.public is not None and component in side.public.components.all()


def _moment(epoch: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _in_words(minutes: int) -> str:
    return f"in {minutes} min" if minutes < 120 else f"in {minutes // 60} h"


def _clock(epoch: int, now: datetime) -> str:
    moment = datetime.fromtimestamp(epoch, UTC)
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment.day} {moment:%b, %H:%M} UTC"
