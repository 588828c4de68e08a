"""What an act on many checks asks beside the choice: an end, a reason, another domain."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django import forms

from checks.catalogue.actions import MOST_CHECKS
from checks.catalogue.bulk.acts import Given
from checks.catalogue.forms.pausing import HOURS, PauseForm
from incidents.ownership.models import Domain
from opsportal.privacy.forms import GuardedForm


class GivenForm(GuardedForm):
    """Asks nothing more; the forms of acts that need something say more in `given`."""

    def given(self, at: datetime) -> Given:
        return Given()


class PauseManyForm(PauseForm):
    """For how long, and why; each check's page says it."""

    def given(self, at: datetime) -> Given:
        return Given(until=self.until(at), reason=self.cleaned_data["reason"])


class MuteManyForm(GivenForm):
    """A mute always has an end and a reason."""

    hours = forms.TypedChoiceField(
        coerce=int,
        choices=HOURS,
        initial=1,
        label="For",
        error_messages={"invalid_choice": "Choose a length from the list.", "required": "Choose a length."},
    )
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="Shown beside each mute and in the audit log.",
        error_messages={"required": "Say why they are muted."},
    )

    def given(self, at: datetime) -> Given:
        return Given(until=at + timedelta(hours=self.cleaned_data["hours"]), reason=self.cleaned_data["reason"])


class MoveForm(GivenForm):
    """The domain says who owns a check, so this is how many get another owner."""

    domain = forms.ModelChoiceField(
        Domain.objects.order_by("position", "name"),
        label="Domain",
        empty_label="Choose a domain",
        help_text="Its primary and backup own them then.",
        error_messages={"required": "Choose a domain.", "invalid_choice": "Choose a domain from the list."},
    )

    def given(self, at: datetime) -> Given:
        return Given(domain=self.cleaned_data["domain"])


class DailyForm(GivenForm):
    """In or out."""

    is_daily = forms.TypedChoiceField(
        choices=[("yes", "Count them in"), ("no", "Leave them out")],
        coerce=lambda word: word == "yes",
        initial="yes",
        label="Daily report (ops_daily)",
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one."},
    )

    def given(self, at: datetime) -> Given:
        return Given(is_daily=self.cleaned_data["is_daily"])


FORMS: dict[str, type[GivenForm | PauseManyForm]] = {
    "pause": PauseManyForm,
    "mute": MuteManyForm,
    "move": MoveForm,
    "daily": DailyForm,
}


def numbers(texts: Iterable[str]) -> list[int]:
    """Numbers of checks as they come back from a page, each once: 3,5 or one a box; anything else is left out."""
    words = (word.strip() for text in texts for word in text.split(","))
    found = (int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 10)
    return list(dict.fromkeys(found))[:MOST_CHECKS]
