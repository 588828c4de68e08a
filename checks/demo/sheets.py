"""Daily sheets of the demo: last week's mornings, one signed late, one by nobody."""

from datetime import datetime, timedelta

from checks.catalogue.models import Check
from checks.daily import actions
from checks.daily.actions import Said
from checks.daily.models import DailyAnswer
from opsportal.models import User

_YES, _NO = DailyAnswer.Answer.YES, DailyAnswer.Answer.NO
_MISSED, _LATE, _BAD = 4, 3, 2


def sign(by: User, at: datetime) -> None:
    """Seven days back to yesterday; what was typed is about totals."""
    silent = list(Check.objects.filter(last_run_at=None).values_list("pk", flat=True))
    for days in range(7, 0, -1):
        if days == _MISSED:
            continue
        hour, minute = (11, 5) if days == _LATE else (8, 40)
        morning = (at - timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        said = {"status": Said(_YES), "abuse": Said(_YES), "support": Said(_YES)}
        if days == _BAD:
            said["support"] = Said(_NO, "7 tickets are older than a day")
        note = "Exports ran late; look at 03:30." if days == _BAD else ""
        Check.objects.filter(pk__in=silent).update(last_run_at=morning)  # as it was on that morning
        actions.sign(said, note=note, by=by, at=morning)
    Check.objects.filter(pk__in=silent).update(last_run_at=None)
