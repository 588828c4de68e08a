"""Table of contents: every background task of the frame."""

from opsportal.outbox.tasks import deliver_due

__all__ = ["deliver_due"]
