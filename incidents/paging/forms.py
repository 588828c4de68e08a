"""Forms: one more way to be reached, and the rule of a severity."""

from django import forms

from incidents.paging import rules
from incidents.paging.models import CHANNELS, PagingRule
from incidents.paging.rules import Rule
from opsportal.privacy.forms import GuardedForm


class ReachForm(GuardedForm):
    """A name to know it by, and where it is. The address is kept closed."""

    unguarded = ("address",)

    name = forms.CharField(
        max_length=60,
        label="Name",
        help_text="What you know it by, such as Work mail. Everybody sees the name, nobody the address.",
        error_messages={"required": "Give it a name."},
    )
    channel = forms.ChoiceField(choices=CHANNELS, label="How")
    address = forms.CharField(
        max_length=2000,
        label="Address",
        help_text="A mail address, or the address of the webhook.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Write an address."},
    )


class RuleForm(GuardedForm):
    """Whom an alarm of one severity calls, how, and when the backup."""

    seen = forms.CharField(widget=forms.HiddenInput)
    whom = forms.ChoiceField(choices=PagingRule.Whom.choices, label="Who is paged")
    how = forms.ChoiceField(choices=PagingRule.How.choices, label="How")
    backup_minutes = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=rules.MOST_MINUTES,
        label="Escalate to the backup after (minutes)",
        help_text=f"Without an acknowledgement. 0 to {rules.MOST_MINUTES}; empty: never.",
    )

    @classmethod
    def showing(cls, rule: Rule) -> "RuleForm":
        return cls(initial={**vars(rule), "seen": rule.mark})

    @property
    def rule(self) -> Rule:
        return Rule(**{name: self.cleaned_data[name] for name in ("whom", "how", "backup_minutes")})
