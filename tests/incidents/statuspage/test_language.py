"""The page in another language: all of its own words, none of an operator's, and nothing that programs read."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from incidents.statuspage import content, drafts, language, load, page_settings, pages, planning, rendering, snapshot
from incidents.statuspage.content import Appearance
from incidents.statuspage.models import Component, Page
from incidents.statuspage.planning import Plan
from incidents.subscribers import actions as subscribers
from incidents.subscribers import reader_pages
from opsportal.errors import Refused
from tests.incidents.statuspage import catalogue
from tests.incidents.statuspage.conftest import (
    ASSETS,
    NOW,
    a_component,
    a_maintenance,
    a_page,
    ago,
    an_incident,
    an_update,
)
from tests.incidents.statuspage.test_snapshot import a_busy_page

HOUR = timedelta(hours=1)
OTHERS = sorted(set(language.LANGUAGES) - {"en"})
_PLACES = re.compile(r"%\(\w+\)s|{\w*}|<[^>]+>")
_MARKED = re.compile(r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}", re.DOTALL)
PHASES = ("postmortem", "resolved", "monitoring", "identified", "investigating")


def a_full_page() -> content.Content:
    """Every state at once: open and past, written afterwards, corrected, silent, planned, running, done, cancelled."""
    components = (
        a_component(1, "partial_outage"),
        a_component(2, "degraded_performance", unknown_since=ago(days=2)),
        a_component(3, group_name="Shop", unknown_since=ago(minutes=5)),
        a_component(4, group_name="Shop", stretches=()),
    )
    told = tuple(an_update(n, phase, corrected_at=NOW) for n, phase in enumerate(PHASES))
    over: dict[str, Any] = {
        "is_open": False,
        "written_at": NOW,
        "published_at": ago(days=41),
        "resolved_at": ago(days=40),
    }
    return a_page(
        an_incident(1, updates=tuple(an_update(n) for n in range(7))),
        an_incident(2, impact="minor", published_at=ago(days=3)),
        an_incident(3, updates=told, **over),
        components=components,
        maintenances=(
            a_maintenance(1),
            a_maintenance(2, starts=-1, ends=1),
            a_maintenance(3, starts=-30, ends=-20),
            a_maintenance(4, starts=4, ends=90, cancelled_at=ago(hours=1)),
        ),
    )


@cache
def built(page: content.Content, code: str) -> snapshot.Tree:
    page = replace(page, look=replace(page.look, language=code))
    return snapshot.build(page, at=NOW, render=rendering.render, assets=ASSETS)


def said(html: str) -> set[str]:
    """What stands between tags, and in the attributes that are read to people."""
    inside = re.findall(r">([^<]+)<", html)
    read = re.findall(r'(?:aria-label|title|content|alt)="([^"]*)"', html)
    return {" ".join(unescape(one).split()) for one in (*inside, *read)}


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_of_the_page_is_in_the_catalogue_and_nothing_else(code: str) -> None:
    assert set(catalogue.translated(code)) == catalogue.every()


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_is_translated_with_its_places_and_links(code: str) -> None:
    for msgid, texts in catalogue.translated(code).items():
        for text in texts:
            assert text, msgid
            assert sorted(_PLACES.findall(text)) == sorted(_PLACES.findall(msgid))


@pytest.mark.parametrize("code", OTHERS)
def test_what_people_edit_is_what_is_compiled(code: str) -> None:
    source = (language.CATALOGUES / code / "LC_MESSAGES/django.po").read_text()
    written = {json.loads(one) for one in re.findall(r'^msgstr(?:\[\d\])? (".+")$', source, re.MULTILINE)} - {""}

    assert "fuzzy" not in source
    assert written == {text for texts in catalogue.translated(code).values() for text in texts}


@pytest.mark.parametrize("path", catalogue.TEMPLATES, ids=lambda path: path.stem)
def test_a_public_template_has_no_word_outside_the_catalogue(path: Path) -> None:
    source = _MARKED.sub("", path.read_text())
    words = {word for text in said(source) for word in re.findall(r"[A-Za-z]{2,}", text)}

    # Names of forms, and what browsers read in the head.
    assert words <= {"UTC", "RSS", "JSON", "width", "device", "initial", "scale", "light", "dark", "website"}


@pytest.mark.parametrize("path", ["index", "index.stale", "404", "incidents/incident0001/index", "history/index",
    "incidents/incident0003/index", "incidents/incident0003/index.stale", "history/2026-11/index", "maintenance/index",
    "maintenance/maintenanc02/index", "subscribe/index", "components/index"])  # fmt: skip
def test_a_german_page_says_no_english_word_of_its_own(path: str) -> None:
    html = built(a_full_page(), "de")[f"status/{path}.html"].decode()
    text, own = " ".join(said(html)), said(html)
    same = {msgid for msgid, texts in catalogue.translated("de").items() if msgid in texts}

    for msgid in catalogue.every() - same:
        parts = [part.strip() for part in _PLACES.split(msgid) if len(part.strip()) > 12]
        assert msgid not in own
        assert not any(part in text for part in parts), msgid
    assert '<html lang="de">' in html


def test_sentences_dates_and_figures_follow_the_language() -> None:
    tree = built(a_full_page(), "de")
    index = tree["status/index.html"].decode()

    assert "<title>Status von Harbour: teilweiser Systemausfall</title>" in index
    assert "Component 1 und Component 2 sind betroffen. Component 2 ist unbekannt seit 19. Nov, 03:12 UTC." in index
    assert 'aria-label="Component 2, 90 Tage: 90 Tage beeinträchtigt"' in index
    assert "100,00 %" in index
    assert "2 frühere Meldungen" in index
    assert "Berichtigt um" in tree["status/incidents/incident0003/index.html"].decode()
    assert "Oktober 2026" in tree["status/history/index.html"].decode()
    assert "Die Arbeiten haben begonnen." in tree["status/maintenance/maintenanc02/index.html"].decode()


def test_what_operators_typed_stays_even_where_it_is_a_word_of_the_page() -> None:
    page = a_page(
        an_incident(1, name="Maintenance", updates=(an_update(body="Operational"),)),
        components=(a_component(1, name="History", description="Updates", group_name="Components"),),
    )
    html = built(page, "de")["status/index.html"].decode()

    assert ">Maintenance</a>" in html
    assert "<p>Operational</p>" in html
    assert "<h4>History</h4>" in html
    assert ">Updates</p>" in html
    assert "<h3>Components</h3>" in html


def test_what_programs_read_is_the_same_in_every_language() -> None:
    english, german = built(a_full_page(), "en"), built(a_full_page(), "de")
    own = (snapshot.CONTENT, snapshot.FRAME, snapshot.MANIFEST)
    read = {path for path in english if ".html" not in path and path not in own}

    assert set(english) == set(german)
    assert len(read) > 40
    assert all(english[path] == german[path] for path in read)


def test_a_language_without_a_catalogue_is_english() -> None:
    assert language.of("xx").gettext("Today") == "Today"


def test_a_busy_german_page_keeps_to_its_budgets() -> None:
    tree = built(a_busy_page(), "de")

    assert len(tree["status/index.html"]) <= 60 * 1024
    assert snapshot.sizes(tree, ["status/index.html"])["status/index.html"] <= 14 * 1024


def test_drafts_and_the_portal_s_own_words_on_planned_work_begin_in_the_language_of_the_page(
    backend: Any, snapshot_dir: Path, publisher: Any
) -> None:
    Page.objects.update(language="de")
    api = Component.objects.get(name="API")
    work = Plan("Neue Platten", "Kurz weg.", "public", api.domain, (api,), NOW + HOUR, NOW + 2 * HOUR)
    told = planning.announce(planning.plan(work, by=publisher, at=NOW), by=publisher, at=NOW)
    planning.extend(told, ends_at=NOW + 3 * HOUR, words="", by=publisher, at=NOW + HOUR / 2)

    assert drafts.title_for([api]) == "Problem mit API"
    assert drafts.text_for("investigating", []).startswith("Wir untersuchen ein Problem mit unserem Dienst.")
    said = load.page(NOW + HOUR / 2).maintenances[0].updates[0].body
    assert said == "Die Arbeiten dauern länger. Neue Zeit: 21. Nov 2026, 04:12 bis 06:12 UTC."


# --- the setting ------------------------------------------------------------------------------------------------------


def test_a_publisher_chooses_the_language(backend: Any, snapshot_dir: Path, publisher: Any, client_as: Any) -> None:
    given = {"name": "Harbour", "language": "de", "accent_light": "", "accent_dark": "", "footer": ""}
    answer = client_as(publisher).post(reverse("incidents:page_look"), given)

    assert answer.status_code in (302, 303)
    assert load.page(NOW).look.language == "de"
    assert (
        b'<option value="de" selected>German</option>'
        in client_as(publisher).get(reverse("incidents:page_look")).content
    )


def test_a_language_that_is_not_offered_is_refused(
    backend: Any, snapshot_dir: Path, publisher: Any, client_as: Any
) -> None:
    given = {"name": "Harbour", "language": "xx", "accent_light": "", "accent_dark": "", "footer": ""}
    answer = client_as(publisher).post(reverse("incidents:page_look"), given)

    assert answer.status_code == 422
    assert b"Choose a language of the list." in answer.content
    with pytest.raises(Refused, match="Choose a language"):
        page_settings.save("Harbour", Appearance(language="xx"), by=publisher, at=NOW)


# --- readers' own pages -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_german(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pages.Frame("Harbour", "https://ops.example/status", "/a.css", "/a.svg", None, language="de")
    monkeypatch.setattr(reader_pages, "_frame", lambda: frame)


def test_readers_are_answered_in_the_page_s_language(client: Any, db: None, in_german: None) -> None:
    wrong = client.post("/status/subscribe/", {"channel": "email", "address": "nobody", "scope": "some"})
    broken = client.get("/status/manage/not-a-link/")

    assert wrong.status_code == 422
    assert "Geben Sie eine einzelne E-Mail-Adresse an" in wrong.content.decode()
    assert "Kreuzen Sie mindestens eine Komponente an" in wrong.content.decode()
    assert "Write one mail address" not in wrong.content.decode()
    assert broken.status_code == 404
    assert "Dieser Link funktioniert nicht" in broken.content.decode()


def test_the_consent_is_kept_in_the_words_that_were_shown(db: None) -> None:
    Page.objects.update(language="de")

    assert subscribers._agreed_to().startswith("Senden Sie mir Meldungen dieser Statusseite")


def test_a_preview_is_in_the_language_of_the_page(
    client_as: Any, publisher: Any, draft: Any, snapshot_dir: Path
) -> None:
    Page.objects.update(language="de")
    answer = client_as(publisher).get(draft.public_incident.incident.get_absolute_url() + "public/")
    before, _, preview = answer.content.decode().partition('<div class="card__body preview" lang="de">')

    assert "Wird untersucht" in preview
    assert "Wird untersucht" not in before
    assert "Exactly as readers will see it" in before
