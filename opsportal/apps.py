"""The frame's Django app."""

from django.apps import AppConfig


class OpsportalConfig(AppConfig):
    """Registers what the frame itself can say about its health, the audit log's chain, and who hears of sign-ins."""

    name = "opsportal"

    def ready(self) -> None:
        from opsportal import health_figures
        from opsportal.audit import chain, sign_in

        health_figures.register()
        chain.keep()
        sign_in.listen()
