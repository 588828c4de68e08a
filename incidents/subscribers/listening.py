"""Take news from the rooms below, and answer the outbox about addresses."""

from incidents.statuspage import news
from incidents.subscribers import actions
from incidents.subscribers.models import REFERENCE
from opsportal.outbox import recipients


def listen() -> None:
    """Called once, when the app is ready."""
    if actions.announce not in news.listeners:
        news.listeners.append(actions.announce)
        news.takers_back.append(actions.withdraw)
    recipients.register(REFERENCE, actions.Directory())
