"""The app of what workers do."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """Registers the count of failing checks beside the navigation, the scheduler's health, and which steps it runs."""

    name = "checks"

    def ready(self) -> None:
        from checks import shell
        from checks.operations import steps

        shell.register()
        steps.register()
