"""Background work of view-as."""

from celery import shared_task


@shared_task(name="opsportal.end_view_as")
def end_view_as(**_: object) -> None:
    """Write down the end of what nobody stopped. Safe to run twice."""
    from opsportal.view_as import actions

    actions.end_left_open()
