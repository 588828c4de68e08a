"""How workers and Redis find each other again, at once and always: left alone it takes half a minute, or for ever.

Measured in docs/decisions/0027-redis-comes-and-goes.md, proven by tests/checks/scheduler/test_whole_portal.py.
"""

import warnings
from typing import Any

import redis
import structlog
from celery.exceptions import CPendingDeprecationWarning
from celery.worker import state
from celery.worker.consumer import Consumer
from django.conf import settings
from kombu.transport import virtual
from kombu.transport.redis import Channel, QoS

log = structlog.get_logger("opsportal.broker")
# Between two looks at a Redis that is gone. Celery's own pauses grow to 30 s, and after 100 of them it gives up.
PAUSE_SECONDS = 0.5


def answers(*, within: float = 1.0) -> bool:
    """Whether Redis answers a PING in time; asked once, on a connection of its own."""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=within, socket_connect_timeout=within, retry=None
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


class LettingGo(QoS):
    """A message whose end Redis did not hear of is over for this worker; Redis gives it out again, which is harmless.

    Kombu would count it as being worked on for ever. With one message at a time the worker then never asks for another,
    and so does not even notice that its connection is dead.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except (redis.RedisError, OSError):
            virtual.QoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except (redis.RedisError, OSError):
            virtual.QoS.ack(self, delivery_tag)
            raise


class ReturningConsumer(Consumer):
    """Looks twice a second whether Redis is back, without an end, and says once that it is gone."""

    def ensure_connected(self, conn: Any) -> Any:
        is_said = False

        def say(problem: BaseException, _interval: float) -> None:
            nonlocal is_said
            if not is_said:
                log.warning("Redis is gone; work goes on when it is back", problem=type(problem).__name__)
            is_said = True

        conn.ensure_connection(
            say, None, interval_start=PAUSE_SECONDS, interval_step=0, interval_max=PAUSE_SECONDS,
            callback=state.maybe_shutdown,
        )  # fmt: skip
        self.first_connection_attempt = False
        if is_said:
            log.warning("Redis is back")
        return conn

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Celery would advise to end what is at work, each time; it is left to its end on purpose."""
        with warnings.catch_warnings(action="ignore", category=CPendingDeprecationWarning):
            super().on_connection_error_after_connected(exc)


def let_go() -> None:
    """From now on no channel of this process keeps what Redis did not hear of. Safe to run twice."""
    Channel.QoS = LettingGo
