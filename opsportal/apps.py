"""The frame's Django app."""

from django.apps import AppConfig


class OpsportalConfig(AppConfig):
    """Registers what the frame itself can say about its health."""

    name = "opsportal"

    def ready(self) -> None:
        from opsportal import health_figures

        health_figures.register()
