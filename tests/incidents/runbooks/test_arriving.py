"""Texts of a newer release: taken over where nobody edited, offered where somebody did; upkeep of uses and links."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.runbooks import actions, arriving, files, outside, queries
from incidents.runbooks.models import OutsideLink, Runbook, RunbookVersion
from incidents.runbooks.outside import Answer, Found
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.network import Guard
from tests.incidents.cast import AT, minutes
from tests.incidents.runbooks.cast import written

SLUG = "cdn-outage"


@pytest.fixture
def newer(monkeypatch):
    """A release whose text of one runbook says more, and that has one runbook more."""
    now = files.shipped()
    changed = [replace(one, body=f"{one.body}\n\nMore.") if one.slug == SLUG else one for one in now]
    extra = files.Document("tidal-wave", "Tidal wave", "1. Run", tokens=("wave",))
    monkeypatch.setattr(files, "shipped", lambda: [*changed, extra])
    return next(one for one in changed if one.slug == SLUG)


def edited(by: User) -> Runbook:
    """Ours, with another title."""
    runbook = Runbook.objects.get(slug=SLUG)
    draft = replace(actions.draft_of(runbook), title="Ours")
    return actions.change(runbook, draft, seen=1, note="", by=by, at=AT)


@pytest.mark.django_db
def test_what_nobody_edited_is_renewed_and_what_is_new_comes(newer):
    assert arriving.bring_up_to_date(at=AT) == 2
    assert arriving.bring_up_to_date(at=AT) == 0

    runbook = Runbook.objects.get(slug=SLUG)
    assert actions.document_of(runbook) == newer
    assert [(one.number, one.by) for one in runbook.versions.order_by("number")] == [(1, None), (2, None)]
    assert Runbook.objects.get(slug="tidal-wave").token_list == ["wave"]
    assert arriving.offers() == {}


@pytest.mark.django_db
def test_what_somebody_edited_is_offered_and_never_overwritten(newer, responder, client_as, viewer):
    runbook = edited(responder)

    arriving.bring_up_to_date(at=AT)

    runbook.refresh_from_db()
    assert (runbook.title, runbook.version) == ("Ours", 2)
    assert arriving.offered(runbook) == newer
    assert "The portal comes with a newer text" in client_as(viewer).get(f"/runbooks/{SLUG}/").content.decode()
    page = client_as(viewer).get(f"/runbooks/{SLUG}/shipped/").content.decode()
    assert '<span class="vh">Added: </span>More.' in page
    assert "Keep ours" not in page
    assert client_as(viewer).post(f"/runbooks/{SLUG}/shipped/", {"act": "keep"}).status_code == 403
    assert "CDN" not in client_as(viewer).get("/runbooks/?show=retired").content.decode()
    assert "Ours" in client_as(viewer).get("/runbooks/?show=newer").content.decode()


@pytest.mark.django_db
def test_a_newer_text_is_taken_as_a_version_and_ours_stays_among_them(newer, responder, client_as):
    runbook = edited(responder)

    client_as(responder).post(f"/runbooks/{SLUG}/shipped/", {"act": "take", "version": "2"})

    runbook.refresh_from_db()
    assert (runbook.version, actions.document_of(runbook)) == (3, newer)
    assert "title: Ours" in RunbookVersion.objects.get(runbook=runbook, number=2).document
    assert arriving.offered(runbook) is None


@pytest.mark.django_db
def test_ours_is_kept_until_a_still_newer_one_comes(newer, responder, client_as, monkeypatch):
    runbook = edited(responder)

    client_as(responder).post(f"/runbooks/{SLUG}/shipped/", {"act": "keep"})

    assert arriving.offered(runbook) is None
    assert "Nothing newer" in client_as(responder).get(f"/runbooks/{SLUG}/shipped/").content.decode()
    with pytest.raises(Refused, match="no newer text"):
        arriving.take(runbook, seen=2, by=responder, at=AT)
    monkeypatch.setattr(files, "shipped", lambda: [replace(newer, body=f"{newer.body} And more.")])
    assert arriving.offered(runbook) is not None


@pytest.mark.django_db
def test_who_edits_the_text_that_came_is_not_offered_it_again(responder):
    assert arriving.offered(edited(responder)) is None


# --- links outside ----------------------------------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch):
    """What the world answers, by address; the rest is silent."""
    known: dict[str, Answer] = {}

    async def ask(urls, *, guard):
        return {url: known[url] for url in urls if url in known}

    monkeypatch.setattr(outside, "ask", ask)
    return known


@pytest.mark.django_db
def test_links_outside_are_asked_and_dead_ones_counted(answers, responder, client_as, viewer):
    gone, slow, fine = (f"https://example.org/{word}" for word in ("gone", "slow", "fine"))
    runbook = written(responder, body=f"1. [a]({gone}) [b]({slow}) [c]({fine}) [d](/runbooks/nothing/)")
    answers |= {gone: Answer(Found.DEAD, 404), fine: Answer(Found.ALIVE, 200)}

    assert runbook.dead_links == 1
    assert outside.look(at=AT) == 3
    runbook.refresh_from_db()
    assert runbook.dead_links == 2
    assert outside.look(at=minutes(10)) == 0
    assert outside.look(at=AT + timedelta(days=2)) == 2  # silent again: as good as dead
    runbook.refresh_from_db()
    assert runbook.dead_links == 3
    assert outside.look(at=AT + timedelta(days=8)) == 3

    page = client_as(viewer).get("/runbooks/gate/").content.decode()
    assert "3 dead links" in page
    assert "Answers (200)" in page
    assert "The gate is shut" in client_as(viewer).get("/runbooks/?show=dead").content.decode()


@pytest.mark.django_db
def test_few_are_asked_at_a_time_and_rows_go_with_their_text(answers, responder):
    many = " ".join(f"[x](https://example.org/{number})" for number in range(outside.MOST + 3))
    runbook = written(responder, body=f"1. {many}")

    assert outside.look(at=AT) == outside.MOST
    assert outside.look(at=minutes(60)) == 3
    actions.retire(runbook, by=responder, at=AT)
    assert outside.look(at=minutes(120)) == 0

    assert not OutsideLink.objects.exists()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://10.0.0.1/", "http://169.254.169.254/latest/", "http://user:pw@example.org/"]
)
def test_an_address_inside_is_not_asked(url):
    assert asyncio.run(outside.ask([url], guard=Guard())) == {url: Answer(Found.GUARDED)}


def test_what_does_not_answer_is_silent_and_an_answer_is_read_by_its_number():
    async def world() -> dict[str, Answer]:
        async def serve(reader, writer):
            line = (await reader.readline()).split()[1].decode()
            status = {"/gone": "404 Gone", "/broken": "503 No"}.get(line, "302 Found")
            writer.write(f"HTTP/1.1 {status}\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        guard = Guard.from_list([f"127.0.0.1:{port}", "127.0.0.1:1"])
        base = f"http://127.0.0.1:{port}"
        urls = [f"{base}/gone", f"{base}/broken", f"{base}/moved", "http://127.0.0.1:1/"]
        found = await outside.ask(urls, guard=guard)
        server.close()
        return {url.rpartition("/")[2] or "refused": answer for url, answer in found.items()}

    assert asyncio.run(world()) == {
        "gone": Answer(Found.DEAD, 404),
        "broken": Answer(Found.SILENT, 503),
        "moved": Answer(Found.ALIVE, 302),
        "refused": Answer(Found.SILENT),
    }


# --- the weekly review ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_weekly_review_says_what_nobody_vouches_for_and_what_failed(responder):
    runbook = written(responder)
    actions.verify(runbook, seen=1, by=responder, at=AT - timedelta(days=100))
    actions.record_use(runbook, result="worked", note="", by=responder, at=AT)
    actions.record_use(runbook, result="not", note="No step fits", by=responder, at=minutes(1))

    lines = queries.week_summary(AT - timedelta(days=3), AT + timedelta(days=4)).lines

    assert lines == (
        "Followed 2 times, 1 worked",
        "1 not verified for 90 days",
        f"{len(files.shipped())} never verified",
        "Did not work at its last use: gate",
    )


@pytest.mark.django_db
def test_a_text_that_was_mended_has_not_failed(responder):
    runbook = written(responder)
    actions.record_use(runbook, result="partly", note="Step 2", by=responder, at=AT)
    assert list(Runbook.objects.failing()) == [runbook]

    draft = replace(actions.draft_of(runbook), title="Mended")
    actions.change(runbook, draft, seen=1, note="", by=responder, at=minutes(1))

    assert list(Runbook.objects.failing()) == []
