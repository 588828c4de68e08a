"""Background work of the audit log."""

from datetime import timedelta
from typing import Any

from celery import shared_task

# Millions of rows; still less than the visibility timeout, after which the broker would hand it out again.
_LONG: dict[str, Any] = {"soft_time_limit": 270, "time_limit": 290}


@shared_task(name="opsportal.verify_chains", **_LONG)
def verify_chains(**_: object) -> None:
    """Once a day, by itself. Safe to run twice."""
    from opsportal.audit.verification import verify_all
    from opsportal.ticker.actions import claim, done

    if claim("opsportal.verify_chains", every=timedelta(days=1)):
        verify_all(by="portal")
        done("opsportal.verify_chains")


@shared_task(name="opsportal.verify_chains_for", **_LONG)
def verify_chains_for(*, by: str, **_: object) -> None:
    """Because somebody pressed the button and the chains are long. Safe to run twice."""
    from opsportal.audit.verification import verify_all

    verify_all(by=by)
