"""One row of the matrix and one contact, as a person types them."""

from typing import Any

from django import forms

from incidents.ownership import actions
from incidents.ownership.actions import Spot
from incidents.ownership.models import Contact, Domain, Place, handle_validator
from opsportal.privacy.forms import GuardedForm


class HandleField(forms.CharField):
    """A handle such as @sre-oncall; empty means nobody."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, max_length=64, validators=[handle_validator])
        self.widget.attrs |= {"placeholder": "@handle", "autocomplete": "off", "spellcheck": "false"}


class RowForm(GuardedForm):
    """A row that must come whole: an empty seat is a decision, a field that did not arrive is not."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if any(self.add_prefix(name) not in self.data for name in self.fields):
            self.add_error(None, "Part of this row did not arrive. Nothing was saved; open it again.")
        return cleaned


class DomainForm(RowForm):
    """Primary, backup, where to reach them and what is theirs; `version` says which text the person saw."""

    primary = HandleField("Primary")
    backup = HandleField("Backup")
    contact = forms.CharField(label="Where to reach them", required=False, max_length=200)
    services = forms.CharField(label="What is theirs", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("primary", "backup", "contact", "services"):
            # The inputs stand in cells of the table, outside of the form's element.
            self.fields[name].widget.attrs["form"] = f"form-{self.prefix}"

    @classmethod
    def of(cls, domain: Domain) -> "DomainForm":
        fields = ("primary", "backup", "contact", "services", "version")
        return cls(initial={name: getattr(domain, name) for name in fields}, prefix=domain.slug)


class ContactForm(RowForm):
    """Who the contact is, and a note such as where the phone list lies."""

    handle = HandleField("Handle")
    note = forms.CharField(label="Where to reach them", required=False, max_length=200)

    @classmethod
    def of(cls, contact: Contact) -> "ContactForm":
        return cls(
            initial={name: getattr(contact, name) for name in ("handle", "note", "version")}, prefix=contact.slug
        )


class PlaceForm(GuardedForm):
    """Where to look."""

    kind = forms.ChoiceField(choices=Place.Kind.choices, label="What is there")
    domain = forms.ModelChoiceField(
        Domain.objects.order_by("position", "name"), to_field_name="slug", required=False, label="Of",
        empty_label="No single domain", error_messages={"invalid_choice": "Choose a domain from the list."},
    )  # fmt: skip
    name = forms.CharField(max_length=80, label="Name", error_messages={"required": "Give it a name."})
    url = forms.URLField(
        max_length=500, label="Address", assume_scheme="https",
        error_messages={"required": "Give its address.", "invalid": "Write an address such as https://logs.example."},
    )  # fmt: skip
    note = forms.CharField(required=False, max_length=200, label="What one finds there")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_url(self) -> str:
        """The address; what no browser should follow is a fault of this field, as the action would refuse it."""
        url = str(self.cleaned_data["url"])
        if not url.startswith(actions.FOLLOWED):
            raise forms.ValidationError(self.fields["url"].error_messages["invalid"], code="invalid")
        return url

    @property
    def spot(self) -> Spot:
        given = self.cleaned_data
        return Spot(given["kind"], given["domain"], given["name"], given["url"], given["note"])

    @classmethod
    def of(cls, place: Place) -> "PlaceForm":
        values = {name: getattr(place, name) for name in ("kind", "name", "url", "note", "version")}
        return cls(initial=values | {"domain": place.domain.slug if place.domain else ""})
