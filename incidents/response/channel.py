"""The link to where people talk about an incident."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from incidents.response import timeline
from incidents.response.models import Incident, TimelineEvent
from incidents.response.states import Kind
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.privacy import guard

LONGEST = 300


def checked(url: str) -> str:
    """The address as it may be stored: https with a host, no name or password in it; empty for none."""
    url = url.strip()
    if not url:
        return ""
    if any(finding.must is guard.Must.BLOCK for finding in guard.scan(url)):
        raise Refused("CHANNEL_HOLDS_SECRET", "This address holds a secret. Paste the channel's own link.")
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_plain = False
    if not is_plain or len(url) > LONGEST or not url.isprintable() or " " in url:
        raise Refused("CHANNEL_NOT_HTTPS", "Paste the channel's link as it stands in the browser: https://…")
    return url


@transaction.atomic
def set_channel(incident: Incident, *, url: str, by: User, at: datetime) -> TimelineEvent:
    """Say where people talk about it, or that they do not any more."""
    incident = Incident.objects.select_for_update().get(pk=incident.pk)
    url = checked(url)
    if url == incident.channel_url:
        raise Refused("CHANNEL_UNCHANGED", "This is the channel already.")
    incident.channel_url = url
    incident.save(update_fields=["channel_url"])
    return timeline.record(incident, Kind.IMPACT, by=by, at=at, new="channel", text=url)
