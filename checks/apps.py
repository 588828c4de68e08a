"""The app of what workers do."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """Registers the count of failing checks beside the navigation and the scheduler's health."""

    name = "checks"

    def ready(self) -> None:
        from checks import shell

        shell.register()
