"""Answer the outbox about people: where they are reached, and whether the message is still wanted when it leaves."""

from collections.abc import Iterable
from datetime import datetime

from incidents.paging import actions, calling, notes
from incidents.paging.models import CallLine, Reach
from incidents.response.models import Incident
from opsportal.models import Delivery
from opsportal.outbox import recipients
from opsportal.outbox.recipients import Recipient


class Called:
    """Whom a call is for. Asked in the transaction that takes the message out, under the incident's lock."""

    gone = "answered"

    def find(self, deliveries: Iterable[Delivery]) -> dict[int, Recipient]:
        """Whoever still has to be called: nothing leaves once somebody has taken it."""
        rows = CallLine.objects.filter(delivery__in=list(deliveries), reach__ended_at=None)
        found = rows.select_related("reach", "call__alert__acknowledged_by").order_by("call__incident", "pk")
        pages = list(found)
        locked = Incident.objects.select_for_update(no_key=True, of=("self",)).select_related("acknowledged_by")
        rooms = {one.pk: one for one in locked.filter(calls__lines__in=pages).order_by("pk")} if pages else {}
        wanted: dict[int, Recipient] = {}
        for page in pages:
            assert page.reach is not None
            assert page.delivery_id is not None
            room = rooms[page.call.incident_id]
            if not calling.over(page.call, room):
                # It may have become a security incident while the message waited.
                subject = calling.subject(page.call, room)
                wanted[page.delivery_id] = Recipient(page.reach.address, page.reach.credentials, subject=subject)
        return wanted

    def took(self, number: int, *, at: datetime) -> None:
        """The row of the message says so itself."""

    def gave_up(self, number: int, *, error: str, at: datetime) -> None:
        """Whoever comes next is called at once."""
        page = CallLine.objects.select_related("call").filter(pk=number).first()
        if page is not None and error != self.gone:
            calling.call_backup_now(page.call, at=at)


class Asked:
    """Who is asked whether they are reached."""

    gone = "unsubscribed"

    def find(self, deliveries: Iterable[Delivery]) -> dict[int, Recipient]:
        """The way with its one link; only the newest question is sent."""
        questions = list(deliveries)
        rows = Reach.objects.kept().select_related("person").exclude(nonce="")
        asked = {f"reach:{row.pk}:{row.nonce}": row for row in rows.filter(pk__in=[_number(one) for one in questions])}
        return {
            one.pk: Recipient(row.address, row.credentials, text=actions.question(row))
            for one in questions
            if (row := asked.get(one.key)) is not None
        }

    def took(self, number: int, *, at: datetime) -> None:
        """An answer proves it, not a receipt."""

    def gave_up(self, number: int, *, error: str, at: datetime) -> None:
        """The screen says that no answer came."""


class Noted:
    """Whose way a note goes by."""

    gone = "unsubscribed"

    def find(self, deliveries: Iterable[Delivery]) -> dict[int, Recipient]:
        """The way as it is now; one that was taken away gets nothing."""
        notes = list(deliveries)
        kept = Reach.objects.proved().in_bulk([_number(one) for one in notes])
        ways = {one.pk: kept.get(_number(one)) for one in notes}
        return {pk: Recipient(way.address, way.credentials) for pk, way in ways.items() if way is not None}

    def took(self, number: int, *, at: datetime) -> None:
        """The row of the message says so itself."""

    def gave_up(self, number: int, *, error: str, at: datetime) -> None:
        """The ops channel has the same words."""


def _number(delivery: Delivery) -> int:
    return int(delivery.recipient.partition(":")[2])


def listen() -> None:
    """Called once, when the app is ready."""
    recipients.register(calling.REFERENCE, Called())
    recipients.register(actions.REFERENCE, Asked())
    recipients.register(notes.REFERENCE, Noted())
