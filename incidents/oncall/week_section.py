"""Contacts of one week: what nobody holds, and the hours in which nobody was on call."""

from datetime import datetime

from incidents.oncall import handles, queries
from incidents.oncall.queries import Desk
from incidents.oncall.shifts import final, gaps


def lines(desk: Desk, start: datetime, end: datetime) -> list[str]:
    """Handles that led to nobody at the week's end, domains without two people, and gaps of the week by rota."""
    found = named("to nobody", [one.handle for one in handles.listed(desk) if one.who.person is None])
    weak = [one.name for one in (desk.house(), *map(desk.on_call, desk.domains)) if one.is_weak]
    found += [f"{len(weak)} without two people: {', '.join(weak)}"] if weak else []
    for rota in queries.rotas_between(start, end, desk.people).values():
        empty = gaps(final(rota.plans, rota.covers, start, end), start, end)
        if empty:
            hours = sum((one.ends_at - one.starts_at).total_seconds() for one in empty) / 3600
            found.append(f"{rota.name}: {len(empty)} gap{'s' if len(empty) > 1 else ''}, {hours:.0f} h without anybody")
    return found


def named(where: str, found: list[str]) -> list[str]:
    """How many handles lead there, and the first of them; no line without any."""
    if not found:
        return []
    lead = "handle leads" if len(found) == 1 else "handles lead"
    return [f"{len(found)} {lead} {where}: {', '.join(found[:8])}{', …' if len(found) > 8 else ''}"]
