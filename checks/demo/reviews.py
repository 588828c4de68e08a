"""Weekly reviews of the demo: the last weeks held and signed, one promise still open. The newest compiles itself."""

from datetime import datetime, timedelta

from checks.review import actions
from checks.review.actions import Plan
from checks.trends import isoweek
from opsportal.models import Delivery, User

_HELD = 3
_NOTES = (
    "Quiet. The export job is watched from now on.",
    "Two alarms came from one cause; the first is now the parent of the second.",
    "p95 is as before. The restore was tried on Tuesday.",
)


def hold(cast: dict[str, User], at: datetime) -> None:
    """Oldest first, each on the Thursday after its week; whatever got worse then was accepted as work."""
    newest = isoweek.monday(at) - 2 * isoweek.WEEK
    for place, words in enumerate(_NOTES[:_HELD]):
        start = newest - (_HELD - 1 - place) * isoweek.WEEK
        held_at = start + timedelta(days=10, hours=9)
        review = actions.compile_week(start, at=start + isoweek.WEEK + timedelta(minutes=10))
        for finding in review.findings.order_by("pk"):
            owner = finding.owner or "@sre-oncall"
            actions.answer(finding, to="accepted", reason="", owner=owner, by=cast["responder"], at=held_at)
        actions.note(review, notes=words, seen=review.version, by=cast["responder"])
        plan = Plan("Read the thresholds of what fired at night", "@sre-oncall", (held_at + timedelta(days=14)).date())
        promised = actions.add_action(review, plan, by=cast["responder"], at=held_at)
        actions.sign(review, by=cast["publisher"], at=held_at)
        if place < _HELD - 1:
            actions.finish_action(promised, by=cast["responder"], at=held_at + timedelta(days=5))
        Delivery.objects.filter(event=f"review:{review.week}").delete()  # news of the past wakes nobody
