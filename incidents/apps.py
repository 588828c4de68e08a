"""The app of what people do."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the counts beside the navigation and the age of the public snapshot; has timelines sealed."""

    name = "incidents"

    def ready(self) -> None:
        from incidents import shell
        from incidents.response import chain

        shell.register()
        chain.keep()
