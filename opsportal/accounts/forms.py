"""Forms of signing in and of people."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from opsportal.models import User
from opsportal.moments import zones
from opsportal.privacy.forms import GuardedForm
from opsportal.roles import Role


class SetupForm(GuardedForm, forms.ModelForm[User]):
    """Name and password of the first admin."""

    unguarded = ("email", "password1", "password2")

    password1 = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 15 characters, 12 with a second factor; a sentence is fine.",
    )
    password2 = forms.CharField(
        label="Password again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    class Meta:
        model = User
        fields = ["username", "email"]
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"})}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", "The two passwords differ. Type the same one twice.")
        elif first:
            try:
                person = User(username=data.get("username", ""), email=data.get("email", ""), role=Role.ADMIN)
                validate_password(first, person)
            except ValidationError as problem:
                self.add_error("password1", problem)
        return data


class PersonForm(GuardedForm, forms.ModelForm[User]):
    """A person to add."""

    unguarded = ("email",)

    class Meta:
        model = User
        fields = ["username", "email", "role"]
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"})}


class RoleForm(forms.Form):
    """A person's new role."""

    user = forms.ModelChoiceField(queryset=User.objects.all(), to_field_name="username")
    role = forms.ChoiceField(choices=Role.choices)


class ChosenPersonForm(forms.Form):
    """One person, by name."""

    user = forms.ModelChoiceField(queryset=User.objects.all(), to_field_name="username")


class ProfileForm(forms.Form):
    """What a person sets about themselves; name, address and role are the admins' to set."""

    time_zone = forms.ChoiceField(
        label="Time zone", choices=zones, help_text="Boards and pages stay in UTC; your own pages add this one."
    )
