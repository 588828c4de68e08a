"""Kinds that look into a Redis, by the name of an environment variable."""

from django import forms

from checks.catalogue.forms.base import SpecForm, env_name
from checks.probes import stores


class UrlForm(SpecForm):
    """What both have."""

    url_env = forms.CharField(
        max_length=64,
        initial="REDIS_URL",
        label="Environment variable",
        help_text="The name of the variable that holds the address, such as REDIS_URL.",
    )

    def clean_url_env(self) -> str:
        return env_name(self.cleaned_data["url_env"])


class RedisForm(UrlForm):
    """Does it answer, and has it memory left?"""

    spec_fields = ("url_env", "max_memory_percent")

    max_memory_percent = forms.FloatField(
        min_value=1,
        max_value=100,
        initial=stores.MEMORY_PERCENT,
        label="Most memory in use, per cent",
        help_text="Of maxmemory, where it is set.",
    )


class CeleryQueueForm(UrlForm):
    """How much waits in a queue, and for how long?"""

    spec_fields = ("url_env", "queue", "max_backlog", "max_age_seconds")

    queue = forms.RegexField(
        r"^[A-Za-z0-9_.-]+\Z",
        max_length=64,
        initial="celery",
        label="Queue",
        help_text="Its name, such as celery or default.",
        error_messages={"invalid": "Write the name only: letters, digits, _ . and -."},
    )
    max_backlog = forms.IntegerField(min_value=0, initial=stores.BACKLOG, label="Most messages that wait")
    max_age_seconds = forms.FloatField(
        min_value=1,
        initial=stores.AGE_SECONDS,
        label="Oldest message, in seconds",
        help_text="Read from the message header sent_at, where senders set it.",
    )
