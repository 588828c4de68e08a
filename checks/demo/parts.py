"""What the demo's public page is made of: components that follow checks by choice, and one public word put right."""

from datetime import datetime, timedelta

from checks.catalogue.models import Check
from incidents.models import Component, Domain, StatusUpdate
from incidents.statuspage import components, corrections
from incidents.statuspage.components import Part
from opsportal.models import User

FOLLOWS = Component.Follows
# Which check speaks of which component, and what it may do.
_LINKS = {
    "ingest-browser": ("Ingest", FOLLOWS.CHECKS),
    "dashboard": ("Dashboard", FOLLOWS.CHECKS),
    "api-health": ("API", FOLLOWS.PROPOSAL),
    # It fails for as long as the demo runs, so a proposal waits on the status page's board.
    "exports-feed": ("Exports", FOLLOWS.PROPOSAL),
}
_CORRECTED = "Places are added to events with delay. One disk was slow for two hours; no place was lost."


def make(by: User, at: datetime) -> None:
    """Exports are shown only when they are not well; the rest follows its checks."""
    backend = Domain.objects.get(slug="backend")
    words = "Files for your own tools, written each night."
    part = Part("Exports", words, "", backend, at.date(), only_show_if_degraded=True)
    components.add_component(part, by=by, at=at)


def link() -> None:
    """Say on each check which component it speaks of."""
    for key, (name, follows) in _LINKS.items():
        component = Component.objects.get(name=name)
        Component.objects.filter(pk=component.pk).update(follows=follows)
        Check.objects.filter(key=key).update(component=component)


def correct(by: User) -> None:
    """One published update said too little, and was put right minutes later."""
    rows = StatusUpdate.objects.filter(public_incident__name="Places are added late", status="identified")
    said = rows.order_by("pk").first()
    if said is not None and said.published_at is not None:
        at = said.published_at + timedelta(minutes=6)
        corrections.correct(said, body=_CORRECTED, notify=False, by=by, at=at)
