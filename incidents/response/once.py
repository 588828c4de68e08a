"""A form that is sent twice, by an impatient thumb or a slow network, opens one room."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from incidents.ownership.models import Domain
from incidents.response import actions, linking
from incidents.response.models import Incident
from opsportal.models import User

# Longer than a double tap and a reload, shorter than anybody needs to see the same trouble again.
TWICE = timedelta(seconds=15)


@transaction.atomic
def declare(
    *, before: Incident | None, title: str, severity: str, domain: Domain, by: User, at: datetime, **facts: Any
) -> Incident:
    """Open a room, or lead to the one that the same person opened with the same words a moment ago."""
    # The second waits here for the first; rows that name the person do not wait.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    same = Incident.objects.filter(declared_by=by, title=title.strip(), severity_initial=severity, domain=domain)
    same = same.filter(nature=facts["nature"], mode=facts["mode"], declared_at__gt=at - TWICE)
    if (found := same.order_by("-number").first()) is not None:
        return found
    facts |= {"title": title, "severity": severity, "domain": domain, "by": by, "at": at}
    return actions.declare(**facts) if before is None else linking.declare_follow_up(before, **facts)
