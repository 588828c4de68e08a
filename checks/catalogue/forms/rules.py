"""The rarer rules of every check: how it goes down, what it stands on, how its alerts behave. Each has a default."""

from collections.abc import Sequence
from typing import Any

from django import forms

from checks.catalogue import family, window
from checks.catalogue.models import Check
from checks.catalogue.states import RULE_CHOICES, Rule
from opsportal.privacy.forms import GuardedForm

_HOLDS = [
    (0, "At once"),
    (60, "1 minute"),
    (300, "5 minutes"),
    (900, "15 minutes"),
    (3600, "1 hour"),
]
_TURNS = [(0, "Never"), (4, "4 turns"), (6, "6 turns"), (10, "10 turns"), (20, "20 turns")]
_REMINDERS = [(0, "Never"), (1, "1 hour"), (4, "4 hours"), (12, "12 hours"), (24, "1 day"), (168, "1 week")]


class RulesForm(GuardedForm):
    """What most people leave as it is. A field that was not sent has its default."""

    thresholds = ("rule", "of_runs", "fail_share", "share_minutes", "ok_share", "hold_seconds")
    steadiness = ("flap_turns", "flap_minutes")
    standing = ("parent", "is_canary")
    alerting = ("has_own_incident", "ends_by_hand", "remind_hours")

    rule = forms.ChoiceField(
        required=False,
        choices=RULE_CHOICES,
        initial=Rule.CONSECUTIVE,
        label="Goes down by",
        help_text="Fail after is the number of failed runs in each of them.",
    )
    of_runs = forms.IntegerField(
        required=False, min_value=2, max_value=30, initial=5, label="Last runs", help_text="For failed among the last."
    )
    fail_share = forms.IntegerField(
        required=False, min_value=1, max_value=100, initial=50, label="Down at per cent", help_text="For a share."
    )
    share_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=window.MOST_MINUTES,
        initial=10,
        label="Of the last minutes",
        help_text="For a share.",
    )
    ok_share = forms.IntegerField(
        required=False, min_value=0, max_value=99, initial=10, label="Back at per cent", help_text="For a share."
    )
    hold_seconds = forms.TypedChoiceField(
        required=False, coerce=int, choices=_HOLDS, initial=0, label="May turn back after"
    )
    flap_turns = forms.TypedChoiceField(required=False, coerce=int, choices=_TURNS, initial=6, label="Flaps after")
    flap_minutes = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=1440,
        initial=30,
        label="Within minutes",
        help_text="Stable for this long, it no longer flaps.",
    )
    parent = forms.CharField(
        required=False,
        max_length=80,
        label="Parent check",
        help_text="The key or name of another check. While that is down, this one is blocked and silent.",
    )
    is_canary = forms.BooleanField(required=False, label="Canary: says whether our own network works")
    has_own_incident = forms.BooleanField(required=False, label="An incident of its own, not the domain's")
    ends_by_hand = forms.BooleanField(required=False, label="A person ends its alerts")
    remind_hours = forms.TypedChoiceField(
        required=False, coerce=int, choices=_REMINDERS, initial=0, label="Remind while it fires, every"
    )

    check: Check | None = None
    # From a file that another portal may have written: what was stored there is not refused here.
    is_from_file = False

    @property
    def rare(self) -> list[tuple[str, list[forms.BoundField]]]:
        """(heading, fields) of what stands folded up below the rest."""
        return [
            ("When it goes down and comes back", self._bound(self.thresholds)),
            ("When it flaps", self._bound(self.steadiness)),
            ("What it depends on", self._bound(self.standing)),
            ("How its alerts behave", self._bound(self.alerting)),
        ]

    @property
    def is_rare_wrong(self) -> bool:
        """A mistake in there must not hide."""
        return any(name in self.errors for name in self._rare_names())

    def rare_settings(self) -> dict[str, Any]:
        """Values of the check's fields."""
        return {name: self._or_default(name) for name in self._rare_names()}

    def clean_parent(self) -> Check | None:
        typed = str(self.cleaned_data["parent"]).strip()
        if not typed:
            return None
        found = list(Check.objects.filter(key=typed)[:1]) or list(Check.objects.filter(name__iexact=typed)[:2])
        if len(found) != 1:
            raise forms.ValidationError("There is no such check. Its key stands in its address.")
        sentence = family.refusal(self.check, found[0])
        if sentence:
            raise forms.ValidationError(sentence)
        return found[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("parent") and cleaned.get("is_canary"):
            self.add_error("is_canary", "A canary has no parent. Leave Parent check empty.")
        if cleaned.get("rule") == Rule.K_OF_N and self._most("fail_after") > self._most("of_runs"):
            self.add_error("of_runs", "Fail after cannot be more than the last runs that are looked at.")
        if cleaned.get("rule") == Rule.RATE and self._most("ok_share") >= self._most("fail_share"):
            self.add_error("ok_share", "Comes back below the share at which it goes down.")
        if cleaned.get("rule") == Rule.RATE and {"every_seconds", "fail_after"} <= cleaned.keys():
            self._look_at_window(int(cleaned["every_seconds"]), int(cleaned["fail_after"]))
        return cleaned

    def _look_at_window(self, every_seconds: int, fail_after: int) -> None:
        """A share of so few runs that it could never go red is refused, with the minutes that would do.

        Not what stands so already: it looks back further by itself, and another field has to be edited without this.
        """
        typed = (Rule.RATE, every_seconds, fail_after, self._most("share_minutes"))
        one = self.check
        if self.is_from_file or (one and typed == (one.rule, one.every_seconds, one.fail_after, one.share_minutes)):
            return
        sentence = window.refusal(
            every_seconds=every_seconds, fail_after=fail_after, minutes=self._most("share_minutes")
        )
        if sentence and "share_minutes" not in self.errors:
            self.add_error("share_minutes", sentence)

    @staticmethod
    def rare_values(check: Check) -> dict[str, Any]:
        """Field values of a check that exists."""
        names = [name for name in RulesForm._rare_names() if name != "parent"]
        return {"parent": check.parent.key if check.parent else "", **{name: getattr(check, name) for name in names}}

    @classmethod
    def _rare_names(cls) -> Sequence[str]:
        return (*cls.thresholds, *cls.steadiness, *cls.standing, *cls.alerting)

    def _bound(self, names: Sequence[str]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    def _or_default(self, name: str) -> Any:
        value = self.cleaned_data.get(name)
        return self.fields[name].initial if value in (None, "") and name != "parent" else value

    def _most(self, name: str) -> int:
        """The number, or none while it is not one."""
        return int(self._or_default(name) or 0)
