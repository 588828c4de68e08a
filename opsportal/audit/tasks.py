"""Background work of the audit log."""

from datetime import timedelta

from celery import shared_task


@shared_task(name="opsportal.verify_chains")
def verify_chains(**_: object) -> None:
    """Once a day, by itself. Safe to run twice."""
    from opsportal.audit.verification import verify_all
    from opsportal.ticker.actions import claim, done

    if claim("opsportal.verify_chains", every=timedelta(days=1)):
        verify_all(by="portal")
        done("opsportal.verify_chains")


@shared_task(name="opsportal.verify_chains_for")
def verify_chains_for(*, by: str, **_: object) -> None:
    """Because somebody pressed the button and the chains are long. Safe to run twice."""
    from opsportal.audit.verification import verify_all

    verify_all(by=by)
