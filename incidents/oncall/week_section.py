"""Contacts in the weekly review: what nobody holds, and the hours in which nobody was on call."""

from datetime import datetime

from django.urls import reverse

from incidents.oncall import handles, queries
from incidents.oncall.shifts import final, gaps
from incidents.week_sections import Section


def week_summary(start: datetime, end: datetime) -> Section:
    """Handles that led to nobody at the week's end, domains without two people, and gaps of the week by rota."""
    desk = queries.desk(end)
    unheld = [one.handle for one in handles.listed(desk) if one.who.person is None]
    weak = [one.name for one in (desk.house(), *map(desk.on_call, desk.domains)) if one.is_weak]
    lines = [f"{len(unheld)} handles lead to nobody: {', '.join(unheld[:8])}"] if unheld else []
    lines += [f"{len(weak)} without two people: {', '.join(weak)}"] if weak else []
    for rota in queries.rotas_between(start, end, desk.people).values():
        found = gaps(final(rota.plans, rota.covers, start, end), start, end)
        if found:
            hours = sum((one.ends_at - one.starts_at).total_seconds() for one in found) / 3600
            lines.append(f"{rota.name}: {len(found)} gap{'s' if len(found) > 1 else ''}, {hours:.0f} h without anybody")
    return Section("Contacts", tuple(lines), reverse("incidents:oncall_handles"), "Every handle leads to somebody")
