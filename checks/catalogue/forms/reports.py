"""Kinds whose jobs report by themselves."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from checks.catalogue.forms.base import SpecForm
from checks.probes import heartbeat, token_report
from checks.probes.due import FIVE, NO_ZONE, Cron

# Names that mean another place on each machine, or none.
_NO_PLACES = {"localtime", "posixrules", "Factory"}


class ToldForm(SpecForm):
    """One report is enough to believe, so both thresholds are 1 unless somebody wants otherwise."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fail_after"].initial = self.fields["ok_after"].initial = 1


class HeartbeatForm(ToldForm):
    """When a job has to be heard of."""

    spec_fields = ("period_minutes", "cron", "time_zone", "grace_minutes", "max_run_minutes")

    period_minutes = forms.FloatField(
        min_value=1,
        max_value=60 * 24 * 400,
        initial=heartbeat.PERIOD_MINUTES,
        required=False,
        label="At least every, in minutes",
        help_text="From one success to the next. A cron line goes before it.",
    )
    cron = forms.CharField(
        required=False, max_length=100, label="Cron line", help_text="Such as 30 3 * * 1-5 for 03:30 on workdays."
    )
    time_zone = forms.CharField(
        required=False,
        max_length=64,
        initial="UTC",
        label="Time zone of the cron line",
        help_text="Such as Europe/Berlin.",
    )
    grace_minutes = forms.FloatField(
        min_value=0, max_value=60 * 24 * 30, initial=heartbeat.GRACE_MINUTES, label="Grace in minutes"
    )
    max_run_minutes = forms.FloatField(
        required=False,
        min_value=1,
        max_value=60 * 24 * 30,
        label="Longest run in minutes",
        help_text="For jobs that say when they begin.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cron = str(cleaned.get("cron") or "")
        if cron and "cron" not in self.errors:
            self._check_cron(cron, str(cleaned.get("time_zone") or "UTC"))
        elif not cron and not cleaned.get("period_minutes") and "period_minutes" not in self.errors:
            self.add_error("period_minutes", "Give a period or a cron line.")
        return cleaned

    def _check_cron(self, line: str, zone: str) -> None:
        if zone not in available_timezones() - _NO_PLACES:
            self.add_error("time_zone", NO_ZONE)
            return
        # Of six the first would be seconds, and everything else move by one.
        if len(line.split()) != 5:
            self.add_error("cron", FIVE)
            return
        try:
            Cron.parse(line, zone)
        except ValueError as problem:
            self.add_error("cron", str(problem))


class TokenReportForm(ToldForm):
    """Which line counts, and how old it may get."""

    spec_fields = ("command", "number", "max_age_minutes")

    command = forms.RegexField(
        r"^[a-z][a-z0-9_]{0,47}\Z",
        required=False,
        max_length=48,
        label="Line",
        help_text="The first word of the line that counts, such as nightly_export. Empty takes the last with a status.",
        error_messages={"invalid": "Write the first word only: small letters, digits and _."},
    )
    number = forms.RegexField(
        r"^[a-z][a-z0-9_]{0,47}\Z",
        required=False,
        max_length=48,
        label="Number to keep",
        help_text="The name in front of its =, such as rows.",
        error_messages={"invalid": "Write the name only: small letters, digits and _."},
    )
    max_age_minutes = forms.FloatField(
        min_value=1,
        max_value=60 * 24 * 400,
        initial=token_report.MAX_AGE_MINUTES,
        label="Fails without a report for, in minutes",
        help_text="1560 min are 26 hours.",
    )
