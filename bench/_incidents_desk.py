"""What bench/incidents.py measures, in a process of its own that lives on one core: the portal behind its own door."""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

ROUNDS, COLD_ROUNDS = 200, 40
OPEN, PAST, STORY = 100, 50, 2_000


def main() -> None:
    """Fill the database, then ask each page many times; JSON on standard output."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from django.db import transaction

    from opsportal.wsgi import application

    with transaction.atomic():
        cookie, long_story = _fill()
    ask = _asker(application, cookie)
    found = _figures("select_1", _select_1) | _figures("bare_view", lambda: ask("/health/live"))
    found |= _figures("frame", lambda: ask("/more/"))
    pages = {"list": "/incidents/", "now": "/", "room_2000_events": f"/incidents/INC-{long_story}/"}
    drawing = _drawing()
    for name, path in pages.items():
        show = lambda path=path: ask(path)  # noqa: E731
        found |= _figures(name, show)
        found |= _figures(f"{name}_changed", show, before=_change)
        found |= _figures(f"{name}_cold", show, before=drawing.cache_clear, rounds=COLD_ROUNDS)
        found[f"{name}_kb"] = len(ask(path)[2]) / 1000
    for name, path in (("list", "/incidents/"), ("now", "/")):
        shown = sum(ask(path)[2].count(row) for row in (b"<tr class", b"<article", b"<li id="))
        assert shown >= 95, f"{name} shows {shown} rows"
    for name, path in (("poll_room", pages["room_2000_events"]), ("poll_now", "/"), ("poll_numbers", "/more/")):
        head = _part(_header(ask(path, _part(""))[1], "HX-PTag"))
        status, headers, body = ask(path, head)
        assert (status[:3], body) == ("304", b""), f"{path} has news: {status}"
        found |= _figures(name, lambda path=path, head=head: ask(path, head))  # type: ignore[misc]
        found[f"{name}_bytes"] = _on_the_wire(status, headers)
    for name in (*pages, *(f"{name}_changed" for name in pages), "poll_room", "poll_now"):
        found[f"{name}_per_bare_view"] = found[f"{name}_own_p50_ms"] / found["bare_view_own_p50_ms"]
    print(json.dumps(found))


def _fill() -> tuple[str, int]:
    """A hundred open incidents, one of them with a long story, and a past; the cookie of who looks at them."""
    from django.utils.timezone import now

    from incidents.ownership.models import Domain
    from incidents.response import actions
    from incidents.response.models import Incident, TimelineEvent
    from incidents.response.states import Kind, Severity
    from opsportal.models import User
    from opsportal.roles import Role

    by, at = User.objects.add("night-owl", Role.RESPONDER), now() - timedelta(days=2)
    domains = list(Domain.objects.all())
    for number in range(OPEN + PAST):
        one = actions.declare(
            title=f"Part {number} answers late for some people",
            summary="Every tenth request waits longer than two seconds since the last change.",
            severity=list(Severity)[number % 3],
            domain=domains[number % len(domains)],
            by=by,
            at=at + timedelta(minutes=number),
        )
        actions.post_note(one, text="Moved half of the traffic to the other side, watching.", by=by, at=at)
        if number < PAST:
            actions.change_status(one, to="resolved", by=by, at=now(), note="The change was taken back.")
        elif number % 2:
            actions.acknowledge(one, by=by, at=now())
    room = Incident.objects.open().worst_first()[0]
    TimelineEvent.objects.bulk_create(
        TimelineEvent(
            incident=room, kind=Kind.ACKNOWLEDGED, actor=by, occurred_at=at, recorded_at=at, new=room.severity
        )
        for _ in range(STORY)
    )
    for number in range(60):
        actions.post_note(room, text=f"Look number {number}: nothing new.", by=by, at=now())
    return _signed_in(by), room.number


def _signed_in(by: Any) -> str:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.utils.timezone import now

    from opsportal.accounts import sessions

    client = Client()
    client.force_login(by)
    session = client.session
    session["signed_in_at"] = session["seen_at"] = time.time()
    session.save()
    sessions.note_seen(by, str(session.session_key), network="127.0.0.1", user_agent="Firefox", at=now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={'x' * 32}"


Reply = tuple[str, list[tuple[str, str]], bytes]


def _asker(application: Any, cookie: str) -> Callable[..., Reply]:
    """Call the portal as a server does, with a visitor's headers."""

    def ask(path: str, headers: dict[str, str] | None = None) -> Reply:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost:8000",
            "HTTP_COOKIE": cookie,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **(headers or {}),
        }
        body = application(environ, lambda status, headers, *_: told.extend((status, headers)))
        content = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        return told[0], told[1], content

    return ask


def _part(tag: str) -> dict[str, str]:
    return {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial", "HTTP_HX_PTAG": tag}


def _header(headers: list[tuple[str, str]], name: str) -> str:
    return next(value for key, value in headers if key.lower() == name.lower())


def _on_the_wire(status: str, headers: list[tuple[str, str]]) -> float:
    """Bytes of the reply with what Granian adds: its own name and the date."""
    added = [("server", "granian"), ("date", "Sat, 21 Nov 2026 03:12:00 GMT")]
    return len(f"HTTP/1.1 {status}\r\n\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in [*headers, *added])


def _select_1() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _drawing() -> Any:
    """What remembers drawn rows; emptied for the cold figures, as in a process that has just started."""
    from opsportal.drawings import drawing

    return drawing


def _change() -> None:
    """What happens between two looks: the worst open incident has news and another title, so its row is a new one."""
    from django.utils.timezone import now

    from incidents.response import actions
    from incidents.response.models import Incident
    from opsportal.models import User

    at = now()
    worst = Incident.objects.open().worst_first()[0]
    Incident.objects.filter(pk=worst.pk).update(title=f"Part 7 answers late, looked at {at:%H:%M:%S.%f}")
    actions.post_note(worst, text=f"Looked again at {at:%H:%M:%S.%f}.", by=User.objects.get(), at=at)


def _figures(
    name: str, act: Callable[[], object], *, before: Callable[[], object] = lambda: None, rounds: int = ROUNDS
) -> dict[str, float]:
    """Median and p95 of many calls, after some that warm up; `own` is this process alone, whoever else is busy."""
    for _ in range(20):
        act()
    spent, own = [], []
    for _ in range(rounds):
        before()
        started, worked = time.perf_counter(), time.thread_time()
        act()
        spent.append(1000 * (time.perf_counter() - started))
        own.append(1000 * (time.thread_time() - worked))
    figures = {"": sorted(spent), "own_": sorted(own)}
    return {
        f"{name}_{which}p{percent}_ms": values[len(values) * percent // 100]
        for which, values in figures.items()
        for percent in (50, 95)
    }


if __name__ == "__main__":
    main()
