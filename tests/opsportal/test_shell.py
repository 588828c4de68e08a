"""The frame around every page: navigation by role, theme, parts, marks, vendored files and their sizes."""

import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.shortcuts import render
from django.template import Context, Template, engines
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch
from django.views import defaults
from django_htmx.middleware import HtmxDetails

from opsportal import navigation, shell
from opsportal.htmx import render_page, see, show_refusal, status_message, wants_part
from opsportal.models import User
from opsportal.preferences import Theme

STATIC = Path(__file__).parents[2] / "static"
NOW = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def draw(source: str, **context: object) -> str:
    """A template string as a page at 03:12 would draw it."""
    return Template(source).render(Context({"shell": _Frame(), **context}))


class _Frame:
    now = NOW


def ask(path: str = "/people/", method: str = "get", **headers: str) -> HttpRequest:
    """A request as the middleware leaves it."""
    request: Any = RequestFactory().generic(method.upper(), path, headers=headers)
    request.htmx = HtmxDetails(request)
    request.session = {}
    request._messages = FallbackStorage(request)
    found: HttpRequest = request
    return found


# --- navigation -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_only_admins_see_people(client_as, viewer, admin):
    assert 'href="/people/"' not in client_as(viewer).get("/more/").content.decode()
    assert 'href="/people/"' in client_as(admin).get("/more/").content.decode()


@pytest.mark.django_db
def test_the_current_page_is_marked_in_side_bar_and_tab_bar(client_as, viewer):
    body = client_as(viewer).get("/more/").content.decode()

    assert body.count('aria-current="page"') == 1
    assert '<a href="/more/" aria-current="page">' in body


@pytest.mark.parametrize(
    ("path", "screen"),
    [
        ("/", navigation.NOW),
        ("/incidents/INC-118/", navigation.INCIDENTS),
        ("/incidents/new/", navigation.DECLARE),
        ("/checks/portal-ready/", navigation.CHECKS),
        ("/nowhere/", None),
    ],
)
def test_a_page_belongs_to_the_screen_its_address_begins_with(path, screen):
    assert navigation.current_screen(path) == screen


@pytest.mark.parametrize("path", ["/postmortems/", "/incidents/INC-118/postmortem/"])
def test_a_report_belongs_to_post_mortems_though_it_lies_below_its_incident(path):
    screen = navigation.current_screen(path)

    assert screen is not None
    assert screen.title == "Post-mortems"


@pytest.fixture
def only_count(monkeypatch):
    """The navigation shows the number of these rows and no other."""

    def count(rows, *, is_critical=False):
        monkeypatch.setattr(shell, "_counters", [])
        monkeypatch.setattr(shell, "_questions", {})
        shell.register_count("accounts:people", rows, words="waiting", is_critical=is_critical)

    return count


def test_numbers_stand_beside_their_entry_and_zero_stands_nowhere(client_as, admin, viewer, responder, only_count):
    only_count(lambda _: User.objects.all(), is_critical=True)
    assert 'count--crit">3<span class="vh"> waiting</span>' in client_as(admin).get("/more/").content.decode()

    only_count(lambda _: User.objects.filter(username="nobody"))
    assert 'class="count' not in client_as(admin).get("/more/").content.decode().replace('class="count-', "")


def test_all_numbers_cost_one_query_and_each_role_has_its_own(admin, viewer, only_count, django_assert_num_queries):
    only_count(lambda person: User.objects.filter(role=person.role))
    shell.register_count("incidents:list", lambda _: User.objects.all(), words="open")

    with django_assert_num_queries(1):
        found = shell.counts(viewer)

    assert {entry: one.number for entry, one in found.items()} == {"accounts:people": 1, "incidents:list": 2}
    User.objects.add("other-viewer", viewer.role)
    assert shell.counts(viewer)["accounts:people"].number == 2
    assert shell.counts(admin)["accounts:people"].number == 1


@pytest.mark.parametrize(("there", "shown"), [(1, "1"), (99, "99"), (100, "99+"), (140, "99+")])
def test_a_number_is_counted_no_further_than_it_is_shown(client_as, admin, only_count, there, shown):
    User.objects.bulk_create(User(username=f"another-{number}", role=admin.role) for number in range(there - 1))
    only_count(lambda person: User.objects.filter(role=person.role))

    assert f'<span class="count">{shown}<span class="vh"> waiting' in client_as(admin).get("/more/").content.decode()
    assert shell.counts(admin)["accounts:people"].number == min(there, 100)


def test_the_numbers_come_as_a_part_and_answer_304_while_they_stand(client_as, admin, only_count):
    only_count(lambda _: User.objects.all())
    client = client_as(admin)

    first = client.get("/more/", headers=PART)
    again = client.get("/more/", headers={**PART, "HX-PTag": first["HX-PTag"]})

    assert "<html" not in first.content.decode()
    assert '<hx-partial hx-target=".count-accounts-people"' in first.content.decode()
    assert again.status_code == 304
    assert "HX-Request" in first["Vary"]


@pytest.mark.django_db
def test_every_entry_of_the_navigation_answers(client_as, admin):
    client = client_as(admin)

    for screen in (*navigation.SCREENS, navigation.DECLARE, navigation.MORE):
        assert client.get(navigation.address(screen)).status_code == 200, screen.url_name


# --- theme and keys ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_theme_is_kept_in_a_cookie_and_written_by_the_server():
    client = Client()

    answer = client.post("/theme/", {"theme": "dark", "next": "/login/"})

    assert answer["Location"] == "/login/"
    assert '<html lang="en" data-theme="dark">' in client.get("/login/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "system", "neon", '"><script>'])
def test_without_a_choice_the_system_decides(cookie):
    client = Client()
    client.cookies["theme"] = cookie

    assert '<html lang="en">' in client.get("/login/").content.decode()


@pytest.mark.django_db
def test_the_system_theme_removes_the_cookie():
    client = Client()
    client.post("/theme/", {"theme": Theme.DARK, "next": "/login/"})

    answer = client.post("/theme/", {"theme": Theme.SYSTEM, "next": "/login/"})

    assert answer.cookies["theme"]["max-age"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_theme_form_leads_only_back_into_the_portal(elsewhere):
    assert Client().post("/theme/", {"theme": "dark", "next": elsewhere})["Location"] == "/"


@pytest.mark.django_db
def test_single_keys_can_be_switched_off(client_as, viewer):
    client = client_as(viewer)

    client.post("/keys/", {"keys": "off", "next": "/more/"})
    assert 'data-keys="off"' in client.get("/more/").content.decode()

    client.post("/keys/", {"keys": "on", "next": "/more/"})
    assert 'data-keys="off"' not in client.get("/more/").content.decode()


# --- page and part ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "is_part"),
    [
        ({}, False),
        (PART, True),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({**PART, "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_a_part_is_for_htmx_only(headers, is_part):
    assert wants_part(ask(**headers)) is is_part


def test_a_redirect_reaches_both_browsers_and_htmx():
    assert see(ask(method="post"), "accounts:people")["Location"] == "/people/"
    assert see(ask(method="post", **PART), "accounts:people")["HX-Redirect"] == "/people/"


@pytest.mark.django_db
def test_after_a_post_the_part_carries_what_is_to_be_said(viewer):
    request = ask("/more/", "post", **PART)
    request.user = viewer
    status_message(request, "Posted <b>")

    body = render_page(request, "opsportal/more.html", {}, part="numbers").content.decode()

    assert '<hx-partial hx-target="#toasts"' in body
    assert "Posted &lt;b&gt;" in body


def test_a_refusal_is_a_note_for_htmx():
    answer = show_refusal(ask(method="post", **PART), "It is already resolved.", "STATUS_UNCHANGED", status=422)

    assert answer["HX-Retarget"] == "#alert"
    assert "It is already resolved." in answer.content.decode()
    assert "<html" not in answer.content.decode()


@pytest.mark.django_db
def test_a_refusal_is_a_page_without_htmx(client_as, admin):
    answer = client_as(admin).post("/people/deactivate/", {"user": "admin"})

    assert answer.status_code == 403
    assert "You cannot deactivate yourself" in answer.content.decode()
    assert "<h1" in answer.content.decode()


# --- error pages ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_missing_page_says_so_to_strangers_and_to_people(client_as, viewer):
    stranger, person = Client().get("/nowhere/"), client_as(viewer).get("/nowhere/")

    assert stranger.status_code == person.status_code == 404
    assert "There is nothing here" in stranger.content.decode()
    assert 'class="nav"' not in stranger.content.decode()
    assert 'class="nav"' in person.content.decode()


@pytest.mark.django_db
def test_the_address_of_a_button_says_that_there_is_nothing_to_open(client_as, viewer):
    stranger, person, program = Client().get("/theme/"), client_as(viewer).get("/theme/"), Client().put("/api/v1/me")

    for answer in (stranger, person):
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "There is nothing to open here" in answer.content.decode()
    assert ('class="nav"' in person.content.decode(), 'class="nav"' in stranger.content.decode()) == (True, False)
    assert program.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.django_db
def test_a_role_that_does_not_reach_is_named(client_as, viewer):
    answer = client_as(viewer).get("/people/")

    assert answer.status_code == 403
    assert "the role admin and above" in answer.content.decode()


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_explained():
    answer = Client(enforce_csrf_checks=True).post("/login/", {"login": "x", "password": "y"})

    assert answer.status_code == 403
    assert "The form is too old" in answer.content.decode()


def test_the_500_page_needs_no_context_and_no_database():
    answer = defaults.server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert "The portal could not do this" in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_the_400_page_needs_no_session():
    answer = defaults.bad_request(RequestFactory().get("/"), SuspiciousOperation("secret detail"))

    assert answer.status_code == 400
    assert "secret detail" not in answer.content.decode()


def test_words_of_another_refusal_are_not_shown():
    request = ask()
    request.user = AnonymousUser()

    body = defaults.permission_denied(request, PermissionDenied("internal detail")).content.decode()

    assert "internal detail" not in body


# --- marks ------------------------------------------------------------------------------------------------------------


def test_a_severity_is_shape_and_word():
    assert draw('{% sev "SEV-1" %}').endswith("</svg>SEV-1 Critical</span>")
    assert "#s-sev2" in draw('{% sev "SEV-2" "short" %}')


@pytest.mark.parametrize(
    ("value", "kind", "word"),
    [
        ("healthy", "ok", "Healthy"),
        ("unhealthy", "fail", "Unhealthy"),
        ("insufficient_data", "stale", "No data"),
        ("blocked", "warn", "Blocked"),
        ("paused", "paused", "Paused"),
        ("operational", "ok", "Operational"),
        ("degraded_performance", "warn", "Degraded performance"),
        ("partial_outage", "major", "Partial outage"),
        ("major_outage", "fail", "Major outage"),
        ("under_maintenance", "maint", "Under maintenance"),
        ("something else", "stale", "Unknown"),
    ],
)
def test_every_state_has_a_shape_of_its_own_and_a_word(value, kind, word):
    mark = draw("{% state value %}", value=value)

    assert f"state--{kind}" in mark
    assert mark.endswith(f"</svg>{word}</span>")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=38), "38 s ago"),
        (timedelta(minutes=17, seconds=5), "17 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(seconds=-3), "0 s ago"),
    ],
)
def test_ago(passed, words):
    assert f">{words}</time>" in draw("{% ago moment %}", moment=NOW - passed)


def test_ago_of_nothing_is_never():
    assert draw("{% ago moment %}", moment=None) == "never"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "03:12 UTC"),
        (NOW - timedelta(days=1), "20 Nov, 03:12 UTC"),
        (NOW - timedelta(days=400), "17 Oct 2025, 03:12 UTC"),
    ],
)
def test_clock_names_the_day_when_it_is_not_today(moment, words):
    assert f">{words}</time>" in draw("{% clock moment %}", moment=moment)


@pytest.mark.parametrize(
    ("left", "figure", "around", "words"),
    [
        (timedelta(minutes=4, seconds=18), "04:18", "due--soon", "until the update"),
        (timedelta(hours=1, minutes=2, seconds=3), "1:02:03", "", "until the update"),
        (-timedelta(minutes=6, seconds=12), "+06:12", "due--late", "update late"),
    ],
)
def test_a_timer_goes_on_past_its_time(left, figure, around, words):
    drawn = draw('{% timer due "until the update" "update late" %}', due=NOW + left)

    assert f">{figure}</span>" in drawn
    assert f">{words}</span>" in drawn
    assert draw("{% due_class due %}", due=NOW + left) == around


def test_a_sparkline_breaks_where_there_is_no_data():
    drawn = draw('{% sparkline values words "unhealthy" 2 %}', values=[1.0, 2.0, None, 4.0], words="Fell <1")

    assert drawn.count("M") == 2
    assert 'role="img" aria-label="Fell &lt;1"' in drawn
    assert 'class="bad"' in drawn
    assert "<line" in drawn


@pytest.mark.parametrize("values", [[], [None, None], [5.0], [3.0, 3.0]])
def test_a_sparkline_of_little_is_still_a_picture(values):
    assert draw('{% sparkline values "Nothing yet" %}', values=values).startswith("<svg")


@pytest.mark.parametrize(("name", "letters"), [("sre-oncall", "SO"), ("admin", "AD"), ("a", "A"), ("be.lead", "BL")])
def test_initials(name, letters):
    assert draw("{{ name|initials }}", name=name) == letters


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As others call it.")
    is_sure = forms.BooleanField(label="Really")


def test_a_field_is_tied_to_its_hint_and_its_error():
    drawn = draw('{% include "parts/field.html" with field=form.name %}', form=SampleForm({}))

    assert 'aria-describedby="id_name-hint id_name-err"' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'id="id_name-err"' in drawn
    assert 'class="input input--error"' in drawn


def test_the_error_summary_leads_to_each_field():
    drawn = draw('{% include "parts/error_summary.html" %}', form=SampleForm({}))

    assert "There is a problem" in drawn
    assert 'href="#id_name"' in drawn
    assert 'href="#id_is_sure"' in drawn


def test_a_page_with_errors_says_so_in_its_title(rf):
    body = render(rf.get("/"), "auth_base.html", {"form": SampleForm({})}).content.decode()

    assert "<title>Error: " in body


@pytest.mark.parametrize("icon", sorted({screen.icon for screen in (*navigation.SCREENS, navigation.DECLARE)}))
def test_every_icon_of_the_navigation_is_in_the_sprite(icon):
    assert f'<symbol id="{icon}"' in (STATIC / "icons/icons.svg").read_text()


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = (STATIC / "icons/icons.svg").read_text()
    named = set()
    for path in (STATIC.parent / "templates").rglob("*.html"):
        named |= {
            token.split('"')[1]
            for token in path.read_text().split("{% ")
            if token.startswith(("icon ", "shape ")) and '"' in token.split("%}")[0]
        }

    assert {name for name in named if f'<symbol id="{name}"' not in sprite} == set()


def test_every_template_compiles():
    folder = STATIC.parent / "templates"
    for path in folder.rglob("*.html"):
        get_template(str(path.relative_to(folder)))
    assert engines["django"]


# --- static files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        *(
            ("css/portal.css", 12),
            ("css/print.css", 1),
            ("js/portal.js", 4),
            ("js/session.js", 1.25),
            ("icons/icons.svg", 5),
            ("vendor/htmx.min.js", 15),
        ),
        *(("css/chart.css", 1), ("js/chart.js", 4), ("vendor/uPlot.iife.min.js", 24), ("vendor/uPlot.min.css", 1)),
    ],
)
def test_a_file_keeps_to_its_budget_of_gzipped_kilobytes(name, budget):
    assert len(gzip.compress((STATIC / name).read_bytes(), 9)) <= budget * 1024


@pytest.mark.django_db
def test_browsers_that_ask_for_a_favicon_by_themselves_get_one():
    answer = Client().get("/favicon.ico")

    assert answer.status_code == 200
    assert answer.getvalue().startswith(b"\x00\x00\x01\x00")


def test_vendored_files_are_the_ones_the_manifest_names():
    manifest = json.loads((STATIC / "vendor/MANIFEST.json").read_text())
    known = {entry["file"]: entry["sha256"] for entry in manifest}

    for path in [*(STATIC / "vendor").glob("*.js"), *(STATIC / "vendor").glob("*.css")]:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == known[path.name], path.name


def test_the_stylesheet_asks_nobody_else():
    css = (STATIC / "css/portal.css").read_text()

    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.parametrize("name", ["portal.js", "session.js", "chart.js"])
def test_our_scripts_neither_evaluate_nor_store(name):
    script = (STATIC / "js" / name).read_text()

    for word in ("eval(", "new Function", "localStorage", "sessionStorage", ".style", "innerHTML", "document.write"):
        assert word not in script


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_address_is_djangos_whether_it_is_written_once_or_on_each_page():
    fixed, bound = (
        '{% url "accounts:more" %}',
        '{% url "incidents:room" 7 %}{% url "accounts:more" as more %} {{ more }}',
    )

    assert [type(node).__name__ for node in Template(fixed).nodelist] == ["TextNode"]
    assert (draw(fixed), draw(bound)) == ("/more/", "/incidents/INC-7/ /more/")


def test_an_address_that_does_not_exist_is_an_error_only_where_it_is_shown():
    assert draw('{% if 0 %}{% url "nowhere:at_all" %}{% endif %}') == ""
    with pytest.raises(NoReverseMatch):
        draw('{% url "nowhere:at_all" %}')
