"""The app of what people do."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Registers the counts beside the navigation and the age of the snapshot; seals timelines; carries news on.

    After a leak it ends what of its own opens a door.
    """

    name = "incidents"

    def ready(self) -> None:
        from incidents import shell
        from incidents.alerts import advice
        from incidents.oncall import feeds
        from incidents.paging import actions as reach
        from incidents.paging import listening as paging
        from incidents.response import chain
        from incidents.subscribers import listening
        from opsportal.leaks import endings

        shell.register()
        chain.keep()
        listening.listen()
        advice.listen()
        paging.listen()
        endings.register("calendars", ("calendar address", "calendar addresses"), feeds.end_all)
        endings.register("questions", ("open question of a way", "open questions of ways"), reach.end_questions)
