"""The app of what people do."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the counts beside the navigation and the age of the snapshot; seals timelines; carries news on."""

    name = "incidents"

    def ready(self) -> None:
        from incidents import shell
        from incidents.alerts import advice
        from incidents.paging import listening as paging
        from incidents.response import chain
        from incidents.subscribers import listening

        shell.register()
        chain.keep()
        listening.listen()
        advice.listen()
        paging.listen()
