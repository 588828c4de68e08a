"""Background work of the seals."""

from datetime import timedelta

from celery import shared_task


@shared_task(name="opsportal.seal")
def seal(**_: object) -> None:
    """Seal what was committed in the last second. Safe to run twice."""
    from opsportal.seals import actions, heads
    from opsportal.ticker.actions import claim, done

    if claim("opsportal.seal", every=timedelta(seconds=1)):
        if actions.seal_recent() and actions.has_just_begun():
            heads.export()
        done("opsportal.seal")


@shared_task(name="opsportal.export_heads")
def export_heads(**_: object) -> None:
    """Leave no row unsealed, then write the heads down outside of the database. Safe to run twice."""
    from opsportal.seals import actions, heads
    from opsportal.ticker.actions import claim, done

    if claim("opsportal.export_heads", every=timedelta(hours=1)):
        actions.seal_everything()
        heads.export()
        done("opsportal.export_heads")
