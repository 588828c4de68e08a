"""Inputs are written as Django's templates would draw them, to the letter but for spaces."""

import re
from datetime import UTC, datetime

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import SafeString

from opsportal.controls import Controls

HOSTILE = "\"><script>alert('1')</script>&amp; ü"
GROUPED = [("", "Nothing"), ("Pläne", [("a", HOSTILE), (HOSTILE, "B")]), (True, "Yes"), (None, "Unknown")]
ATTRS = {"class": HOSTILE, "required": True, "disabled": False, "rows": 3, "data-x": SafeString("&amp;"), "max": 0}
MOMENT = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
INPUTS = [
    *(forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.PasswordInput, forms.HiddenInput),
    *(forms.DateInput, forms.DateTimeInput, forms.TimeInput, forms.CheckboxInput, forms.SearchInput, forms.TelInput),
    *(forms.Textarea, forms.ColorInput, forms.FileInput, forms.ClearableFileInput),
]
CHOICES = [forms.Select, forms.SelectMultiple, forms.RadioSelect, forms.CheckboxSelectMultiple]
VALUES = [None, "", HOSTILE, SafeString("a &amp; b"), 0, 12, True, False, MOMENT, ["a", HOSTILE], [], "a", "\nfirst"]


def drawn(widget: forms.Widget, value: object, renderer: DjangoTemplates) -> str:
    """Spaces before a tag apart, which no browser shows here."""
    return re.sub(r"\s+<", "<", str(widget.render("field", value, {"id": HOSTILE}, renderer)))


@pytest.mark.parametrize("widget", INPUTS)
def test_an_input_is_what_django_draws(widget):
    for value in VALUES:
        for made in (widget(), widget(ATTRS)):
            assert drawn(made, value, Controls()) == drawn(made, value, DjangoTemplates())


@pytest.mark.parametrize("widget", CHOICES)
def test_a_list_of_choices_is_what_django_draws(widget):
    made = widget(ATTRS)
    made.choices = GROUPED
    for value in VALUES:
        assert drawn(made, value, Controls()) == drawn(made, value, DjangoTemplates())


def test_the_house_uses_it():
    class OneForm(forms.Form):
        word = forms.CharField()

    assert isinstance(OneForm().renderer, Controls)
