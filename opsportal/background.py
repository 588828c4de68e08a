"""Wake workers up after the transaction commits. The row is the promise; this is only the bell.

A frozen broker costs a request two seconds once; then a breaker keeps the bell silent for ten seconds and the
sweep does the waking. The ticker looks each second whether the broker is back.
"""

import threading
import time
from typing import Any

import structlog
from django.db import transaction

log = structlog.get_logger("opsportal.background")
BREAKER_SECONDS = 10.0
_broken_until = 0.0
_lock = threading.Lock()


def after_commit(task: str, **ids: Any) -> None:
    """Send the task by name when the current transaction has committed; ids only."""
    transaction.on_commit(lambda: wake(task, **ids))


def wake(task: str, *, queue: str | None = None, expires: float | None = None, **ids: Any) -> bool:
    """Try once to send; False when the broker did not take it (the sweep will)."""
    global _broken_until  # one breaker a process
    if time.monotonic() < _broken_until:
        return False
    from celery.exceptions import OperationalError
    from redis.exceptions import RedisError

    from opsportal.celery import app

    try:
        app.send_task(
            task, kwargs=ids, queue=queue, expires=expires, retry=False, ignore_result=True,
            headers={
                "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
                "sent_at": time.time(),  # so that a check can say how long the oldest message waits
            },
        )  # fmt: skip
    except (OperationalError, RedisError, OSError):
        with _lock:
            _broken_until = time.monotonic() + BREAKER_SECONDS
        log.warning("broker did not answer; the sweep will do it", task=task)
        return False
    return True


def listen() -> None:
    """End the silence as soon as the broker answers. For a thread whom a second of waiting does no harm."""
    global _broken_until
    if time.monotonic() < _broken_until:
        from opsportal import broker

        if broker.answers():
            with _lock:
                _broken_until = 0.0
