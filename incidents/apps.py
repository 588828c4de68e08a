"""The app of what people do."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the counts beside the navigation and the age of the public snapshot."""

    name = "incidents"

    def ready(self) -> None:
        from incidents import shell

        shell.register()
