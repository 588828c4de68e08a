"""Gaps found ahead and said in the ops channel, each once, while there is still time to cover them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from incidents.oncall import queries
from incidents.oncall.shifts import Gap, final, gaps
from incidents.oncall.who import Rota
from opsportal.outbox.actions import tell_operators

AHEAD = timedelta(days=7)


def ahead(at: datetime, *, days: timedelta = AHEAD) -> list[tuple[Rota, Gap]]:
    """Gaps that run or begin within the time, with their own beginning and end, the soonest first."""
    found: list[tuple[Rota, Gap]] = []
    for rota in queries.rotas_between(at, at + days, queries.active_people()).values():
        # Wider than asked, so that a gap keeps its beginning while it comes nearer and runs.
        since, until = at - days, at + 2 * days
        whole = gaps(final(rota.plans, rota.covers, since, until), since, until)
        found += [(rota, one) for one in whole if one.ends_at > at and one.starts_at < at + days]
    return sorted(found, key=lambda pair: (pair[1].starts_at, pair[0].slug))


def announce(*, at: datetime) -> int:
    """Promise a message for every gap ahead; how many there are. The same gap is said once. Safe to run twice."""
    found = ahead(at)
    for rota, gap in found:
        hours = round((gap.ends_at - gap.starts_at).total_seconds() / 3600)
        tell_operators(
            key=f"oncall:gap:{rota.slug}:{int(gap.starts_at.timestamp())}",
            subject=f"{rota.name} has nobody from {gap.starts_at:%a %-d %b %H:%M} UTC",
            body=f"For about {hours} h, until {gap.ends_at:%a %-d %b %H:%M} UTC. The matrix's backup is called then.\n"
            f"{settings.BASE_URL}{reverse('incidents:oncall')}",
            at=at,
            because="A shift ahead has nobody",
        )
    return len(found)
