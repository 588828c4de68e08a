"""Kinds that look into databases, queues and the environment, by the name of an environment variable."""

from django import forms

from checks.catalogue.forms.base import SpecForm, env_name


class DatabaseForm(SpecForm):
    """A PostgreSQL database, known by the name of an environment variable."""

    spec_fields = ("dsn_env",)

    dsn_env = forms.CharField(
        max_length=64,
        label="Environment variable",
        help_text="The name of the variable that holds the connection string, such as REPORTS_DATABASE_URL. "
        "A read-only role is enough.",
    )

    def clean_dsn_env(self) -> str:
        return env_name(self.cleaned_data["dsn_env"])
