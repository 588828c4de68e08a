"""Words to one person that are no alarm, such as a reminder: by the same proved ways, without a call behind them."""

from datetime import datetime

from incidents.paging.calling import ways_to
from incidents.paging.models import PagingRule
from opsportal.models import User
from opsportal.outbox import copies
from opsportal.outbox.copies import Copy
from opsportal.outbox.models import PEOPLE

REFERENCE = "note"


def tell(person: User, *, key: str, subject: str, body: str, because: str, at: datetime) -> int:
    """Promise it by every proved way, once a key; by how many. With 0 the person is reached by none."""
    found = ways_to(person, PagingRule.How.ALL)
    copies.enqueue(
        [Copy(f"{key}:{one.pk}", f"{REFERENCE}:{one.pk}", one.channel, subject, body) for one in found],
        event=key,
        because=because,
        at=at,
        crowd=PEOPLE,
        destination=f"@{person.username}",
    )
    return len(found)
