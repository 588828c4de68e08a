"""One row of the matrix and one contact, as a person types them."""

from django import forms

from incidents.ownership.models import Contact, Domain, handle_validator
from opsportal.privacy.forms import GuardedForm


class HandleField(forms.CharField):
    """A handle such as @sre-oncall; empty means nobody."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, max_length=64, validators=[handle_validator])
        self.widget.attrs |= {"placeholder": "@handle", "autocomplete": "off", "spellcheck": "false"}


class DomainForm(GuardedForm):
    """Primary, backup and where to reach them; `version` says which text the person saw."""

    guarded = ("contact",)

    primary = HandleField("Primary")
    backup = HandleField("Backup")
    contact = forms.CharField(label="Where to reach them", required=False, max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, domain: Domain) -> "DomainForm":
        fields = ("primary", "backup", "contact", "version")
        return cls(initial={name: getattr(domain, name) for name in fields}, prefix=domain.slug)


class ContactForm(GuardedForm):
    """Who the contact is, and a note such as a pager number's place."""

    guarded = ("note",)

    handle = HandleField("Handle")
    note = forms.CharField(label="Where to reach them", required=False, max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, contact: Contact) -> "ContactForm":
        return cls(
            initial={name: getattr(contact, name) for name in ("handle", "note", "version")}, prefix=contact.slug
        )
