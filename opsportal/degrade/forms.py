"""The form of degrade mode."""

from datetime import timedelta

from django import forms
from django.conf import settings

from opsportal.degrade.actions import LEAST_REASON, least_body
from opsportal.privacy.forms import GuardedForm

KIB = 1024
LASTS = [("15", "15 minutes"), ("60", "1 hour"), ("240", "4 hours"), ("720", "12 hours"), ("1440", "24 hours")]
_LEAST, _MOST = max(1, least_body() // KIB), max(1, settings.MAX_REQUEST_BODY_BYTES // KIB)
_API = settings.API_MAX_BODY_BYTES // KIB
_ITEMS = settings.INGEST_MAX_BATCH_ITEMS


class LowerForm(GuardedForm):
    """How much less, how long, why. The configured limits are the highest that can be typed."""

    body_kib = forms.IntegerField(
        label="Largest request, in KiB",
        min_value=_LEAST,
        max_value=_MOST,
        initial=_MOST,
        help_text=f"MAX_REQUEST_BODY_BYTES, {_LEAST} to {_MOST}. The API takes {_API} at most anyway.",
    )
    batch_items = forms.IntegerField(
        label="Items of one list",
        min_value=1,
        max_value=_ITEMS,
        initial=_ITEMS,
        help_text=f"INGEST_MAX_BATCH_ITEMS, 1 to {_ITEMS}.",
    )
    minutes = forms.ChoiceField(choices=LASTS, initial="60", label="For")
    reason = forms.CharField(min_length=LEAST_REASON, max_length=200, label="Why")

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=int(self.cleaned_data["minutes"]))
