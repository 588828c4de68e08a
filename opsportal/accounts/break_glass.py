"""Ways in beside the usual one: they work when others fail, and every admin hears of them."""

from datetime import datetime

from opsportal.accounts.alarms import tell_every_admin
from opsportal.audit import actions as audit
from opsportal.models import User


def tell_admins(person: User, what: str, *, at: datetime) -> None:
    """Write it down, tell the ops channel, and every admin who has an address. Never the address of anybody else."""
    audit.record("login.break_glass", by=person.username, object=person.username, reason=what)
    tell_every_admin(
        key=f"break-glass:{person.username}:{at.isoformat()}",
        subject=f"Break-glass: {person.username} {what}",
        body=f"{person.username} {what} at {at:%H:%M} UTC. Did nobody expect this? "
        "End their sessions on the People screen.",
        at=at,
    )
