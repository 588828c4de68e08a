"""Years that nobody means are refused at every door where a time is typed."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django import forms
from django.core.exceptions import ValidationError
from pydantic import TypeAdapter

from incidents.changes.forms import FreezeForm
from incidents.postmortems.forms import LineForm
from incidents.response.declare_forms import DeclareForm
from incidents.response.forms import PostForm
from incidents.response.impact_forms import TimeForm
from incidents.statuspage.backfill_forms import AfterwardsForm
from opsportal.errors import Refused
from opsportal.moments import EARLIEST, LATEST, DayField, Moment, MomentField, require_plausible

ODD = [
    "0001-01-01T00:00",
    "0001-01-01T00:00:00+14:00",
    "0206-11-21T03:12",
    "9999-12-31T23:59",
    "9999-12-31T23:59:00-14:00",
    "2200-01-01T00:00",
]


@pytest.mark.parametrize("typed", ODD)
def test_a_year_that_nobody_means_is_refused_in_words(typed):
    with pytest.raises(ValidationError, match="Look at the year"):
        MomentField().clean(typed)


@pytest.mark.parametrize("typed", [one if "+" in one or one[16:] else f"{one}:00Z" for one in ODD])
def test_programs_are_told_the_same(typed):
    with pytest.raises(ValueError, match="Look at the year"):
        TypeAdapter(Moment).validate_python(typed)


def test_what_a_program_says_in_its_zone_is_kept_in_utc():
    kept = TypeAdapter(Moment).validate_python("2026-11-21T14:00:00+02:00")

    assert f"{kept:%H:%M} UTC" == "12:00 UTC"


@pytest.mark.parametrize("typed", ["0206-11-30", "9999-12-31", "2200-01-01"])
def test_a_day_of_such_a_year_is_refused_too(typed):
    with pytest.raises(ValidationError, match="Look at the year"):
        DayField().clean(typed)


def test_usual_times_pass_and_an_empty_one_is_none():
    assert MomentField().clean("2026-11-21T03:12") == datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
    assert MomentField(required=False).clean("") is None
    assert DayField().clean("2026-11-30") == date(2026, 11, 30)
    require_plausible(EARLIEST)
    with pytest.raises(Refused, match="Look at the year"):
        require_plausible(LATEST)


def test_a_zone_far_away_does_not_carry_a_time_over_the_edge():
    with pytest.raises(Refused):
        require_plausible(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))


@pytest.mark.parametrize("form", [AfterwardsForm, DeclareForm, FreezeForm, LineForm, PostForm, TimeForm])
def test_every_form_that_asks_for_a_moment_asks_so(form):
    moments = [one for one in form.base_fields.values() if isinstance(one, forms.DateTimeField)]

    assert moments
    assert all(isinstance(one, MomentField) for one in moments)
