"""What readers may be told about, and by which ways: the form of /status/subscribe/."""

from dataclasses import dataclass
from itertools import groupby

from incidents.statuspage.content import Content

# The words that readers agree to; kept with each subscription.
CONSENT = "Send me updates of this status page to the address I give here. I can end it at any time by one click."


@dataclass(frozen=True)
class Offer:
    """Components group by group, as (public id, name)."""

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    offers_mail: bool
    wording: str = CONSENT


def offer(content: Content) -> Offer:
    """As the snapshot shows it."""
    groups = tuple(
        (name, tuple((one.public_id, one.name) for one in members))
        for name, members in groupby(content.components, key=lambda one: one.group_name)
    )
    return Offer(groups, content.offers_mail)
