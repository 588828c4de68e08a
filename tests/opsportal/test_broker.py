"""How a worker and Redis find each other again; whole workers prove it in checks/scheduler/test_whole_portal.py."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Queue

from opsportal import background, broker
from opsportal.celery import app, broker_url


@pytest.fixture
def channel() -> Iterator[Any]:
    """A consumer's side that takes one message at a time, as a worker of checks does."""
    with Connection(broker_url(os.environ["REDIS_URL"])) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, 1, False)
        queue = Queue("let-go", channel=channel)
        queue.declare()
        connection.Producer(channel).publish("a bell", routing_key="let-go")
        yield channel
        queue.delete()


def test_a_message_whose_end_redis_did_not_hear_of_does_not_keep_the_next_one_away(channel, monkeypatch):
    message = channel.basic_get("let-go")
    channel.qos.append(message, message.delivery_tag)
    assert not channel.qos.can_consume()

    def hang_up(*_: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(channel.qos, "_remove_from_indices", hang_up)
    with pytest.raises(redis.ConnectionError):
        channel.basic_ack(message.delivery_tag)

    assert channel.qos.can_consume()


def test_a_worker_looks_for_redis_without_an_end_and_says_once_that_it_is_gone(capfd, caplog):
    class Gone:
        """A connection that fails three times."""

        def ensure_connection(self, errback, max_retries, *, interval_start, interval_step, interval_max, callback):
            assert max_retries is None
            assert interval_start == interval_max == broker.PAUSE_SECONDS
            for _ in range(3):
                errback(redis.ConnectionError(), interval_start)

    consumer = object.__new__(broker.ReturningConsumer)
    gone = Gone()

    assert consumer.ensure_connected(gone) is gone

    said = caplog.text + "".join(capfd.readouterr())
    assert said.count("Redis is gone") == said.count("Redis is back") == 1
    assert app.conf.worker_consumer == "opsportal.broker:ReturningConsumer"


def test_the_ticker_rings_again_as_soon_as_redis_answers(monkeypatch):
    monkeypatch.setattr(background, "_broken_until", time.monotonic() + 3600)
    monkeypatch.setattr(broker, "answers", lambda: False)
    background.listen()
    assert not background.wake("opsportal.none", queue="let-go", expires=1.0)

    monkeypatch.setattr(broker, "answers", lambda: True)
    background.listen()
    assert background.wake("opsportal.none", queue="let-go", expires=1.0)


def test_redis_answers_or_does_not(settings):
    settings.REDIS_URL = os.environ["REDIS_URL"]
    assert broker.answers()

    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert not broker.answers()
