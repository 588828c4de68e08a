"""Kinds that look at the portal itself."""

from typing import Any

from django import forms

from checks.catalogue.forms.base import SpecForm
from opsportal import health_figures


class PortalForm(SpecForm):
    """A number of the portal itself."""

    spec_fields = ("figure", "ceiling")

    figure = forms.ChoiceField(label="Figure")
    ceiling = forms.FloatField(min_value=0, label="Fails above")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name.replace("_", " ")) for name in health_figures.names()]
        figure = self.fields["figure"]
        assert isinstance(figure, forms.ChoiceField)
        figure.choices = names
