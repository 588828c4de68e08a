"""Are the words well formed? A word to readers of the preview page, lessons, a reason, a scenario, the plan."""

from datetime import UTC, datetime
from typing import Any

from django import forms

from incidents.drills.models import Drill, Plan, Scenario
from incidents.drills.scenarios import Rhythm
from incidents.drills.script import LONGEST
from incidents.response import policy
from incidents.response.states import Status, following
from opsportal import plain_yaml
from opsportal.moments import ClockField, DayField, MomentField, ZoneField
from opsportal.privacy import guard
from opsportal.privacy.forms import GuardedForm
from opsportal.recurrence import RULES
from opsportal.slug_field import SlugField


class WordForm(GuardedForm):
    """What readers would be told."""

    is_public = True

    status = forms.ChoiceField(label="Status", choices=Status.choices)
    body = forms.CharField(
        label="Text",
        max_length=5_000,
        help_text="As on the real page: the effect on users, what you do. Nobody outside sees it.",
        error_messages={"required": "Write what readers would be told."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    next_update_at = MomentField(
        label="Next update by (UTC)", required=False, help_text="Leave it empty in the final update (resolved)."
    )

    @classmethod
    def beginning(cls, drill: Drill, *, at: datetime) -> "WordForm":
        """With the next status and a time that the severity asks for."""
        last = drill.words.order_by("-published_at", "-pk").values_list("status", flat=True).first()
        status = next(iter(_forward(last)), Status.RESOLVED) if last else Status.INVESTIGATING
        every = policy.of(drill.script.severity).public_every
        due = "" if status == Status.RESOLVED else (at + every).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        return cls(initial={"status": status, "next_update_at": due})


def _forward(status: str) -> list[Status]:
    order = list(Status)
    return [one for one in following(status) if order.index(one) > order.index(Status(status))]


def _words(label: str, missing: str, hint: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=5_000, help_text=hint, error_messages={"required": missing},
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip


class LessonsForm(GuardedForm):
    """What was learned."""

    lessons = _words(
        "Lessons learned",
        "Write down what was learned.",
        "What went well, what did not, what surprised you. What is to be done becomes a follow-up.",
    )


class StopForm(GuardedForm):
    """Why it ends early."""

    reason = _words("Why does it end early?", "Say why it ends early.", "For example: something real happens.")


class ScenarioForm(GuardedForm):
    """A scenario as a text."""

    slug = SlugField(example="cdn-outage", longest=40)
    document = forms.CharField(
        label="Scenario",
        max_length=LONGEST,
        help_text="YAML: title, domain and situation; then severity, failure, runbook, max_minutes, targets, steps and "
        "injects. Times are minutes from the beginning.",
        error_messages={"required": "Write the scenario."},
        widget=forms.Textarea(attrs={"rows": 24, "class": "input input--code", "spellcheck": "false"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["slug"]

    def clean(self) -> dict[str, Any]:
        """An escape or a fold in quotes says what no pattern sees in the text: what it means is looked at, too."""
        cleaned = super().clean()
        text = str(cleaned.get("document", ""))
        found = [one for words in plain_yaml.words(text) for one in guard.scan(words)]
        if found and "document" not in self.errors:
            self.take_out_of_meaning("document", found, plain_yaml.rewritten(text, guard.redact))
        return cleaned


class PlanForm(GuardedForm):
    """When drills begin by themselves."""

    is_on = forms.BooleanField(label="Begin drills by themselves", required=False)
    scenario = forms.ModelChoiceField(
        Scenario.objects.filter(retired_at=None).order_by("slug"),
        label="Scenario",
        required=False,
        to_field_name="slug",
        empty_label="In turn, the one that waited longest",
    )
    rule = forms.ChoiceField(label="Comes again", choices=list(RULES.items()))
    first_on = DayField(label="First on", error_messages={"required": "Choose a day."})
    clock = ClockField(label="At")
    time_zone = ZoneField()

    @classmethod
    def of(cls, plan: Plan) -> "PlanForm":
        given = {name: getattr(plan, name) for name in ("is_on", "rule", "first_on", "clock", "time_zone")}
        return cls(initial=given | {"scenario": plan.scenario.slug if plan.scenario else ""})

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(**self.cleaned_data)
