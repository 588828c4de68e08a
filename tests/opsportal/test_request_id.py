"""A request's id goes along into the worker that it woke."""

import structlog
from celery import shared_task

from opsportal.celery import app

SEEN: list[str] = []


@shared_task(name="tests.say_request_id")
def say_request_id(**_: object) -> None:
    SEEN.append(structlog.contextvars.get_contextvars().get("request_id", ""))


def run(request_id: str) -> None:
    app.tasks["tests.say_request_id"].apply(headers={"request_id": request_id})


def test_a_task_speaks_under_the_request_that_woke_it_and_the_next_one_does_not():
    SEEN.clear()

    run("abcd-1234-efgh")
    run("")

    assert SEEN == ["abcd-1234-efgh", ""]
