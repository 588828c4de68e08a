"""Rows drawn once: what they say follows from their values; nothing of a page or a person stays in them."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from django.http import HttpRequest
from django.template import Context, Template

from incidents.obligations.queries import Due
from incidents.response.listing import Row
from incidents.response.queries import Step
from opsportal.context import Shell
from opsportal.drawings import Drawing, drawing
from opsportal.models import User
from tests.incidents.cast import minutes

TEMPLATES = Path(__file__).parents[3] / "templates"
LIST_ROW, STEP_ROW = "incidents/response/list.html#row", "incidents/response/step.html"


@dataclass(frozen=True)
class Nested:
    """A value that holds what is none."""

    person: User


ROW = Row(
    number=12,
    title="<b>Late</b>",
    severity="SEV-2",
    severity_confirmed=True,
    status="identified",
    domain="Payments",
    taken_by="ann",
    started_at=minutes(0),
    declared_at=minutes(0),
    resolved_at=None,
    mode="standard",
    nature="standard",
    closed_at=None,
    owed=Due("public_update", minutes(30)),
)
STEP = Step(3, "triage", "Look", "", "", None, None, None, None, "", True)


def page_at(moment: datetime, token: str = "t0") -> Context:
    shell = Shell(HttpRequest())
    shell.now = moment
    return Context({"shell": shell, "csrf_token": token, "row": ROW, "step": STEP})


def at_noon(_: datetime) -> str:
    return "noon"


LIST = Template(f'{{% drawn "{LIST_ROW}" row=row %}}')
STEPS = Template(f'{{% drawn "{STEP_ROW}" row=step number=12 can_tick=True %}}')


def test_a_row_is_drawn_once_and_its_times_run_all_the_same():
    early = LIST.render(page_at(minutes(10)))
    before = drawing.cache_info()

    late = LIST.render(page_at(minutes(42)))

    after = drawing.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (0, 1)
    assert (">10 min</time>" in early, "20:00" in early) == (True, True)
    assert (">42 min</time>" in late, "12 min</time> late" in late) == (True, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Other"},
        {"taken_by": None},
        {"severity_confirmed": False, "severity": "SEV-1"},
        {"status": "resolved", "resolved_at": minutes(5)},
        {"owed": Due("public_update", minutes(99))},
        {"nature": "security"},
    ],
)
def test_whatever_changes_in_a_row_is_another_drawing(changed):
    page = page_at(minutes(10))
    usual = LIST.render(page)

    page["row"] = replace(ROW, **changed)

    assert LIST.render(page) != usual


def test_words_of_people_are_escaped():
    assert "&lt;b&gt;Late&lt;/b&gt;" in LIST.render(page_at(minutes(1)))


def test_each_page_has_its_own_token_in_a_drawn_form():
    pages = [STEPS.render(page_at(minutes(1), token)) for token in ("mine", "yours")]

    assert [re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page) for page in pages] == [["mine"], ["yours"]]


def test_who_may_not_act_has_no_form_in_the_same_step():
    tag = Template(f'{{% drawn "{STEP_ROW}" row=step number=12 can_tick=can_tick %}}')

    drawn = [tag.render(Context({"step": STEP, "can_tick": one})) for one in (True, False)]

    assert ["<form" in one for one in drawn] == [True, False]


def test_many_rows_are_drawn_as_one_by_one():
    page, rows, one_by_one = page_at(minutes(10)), [ROW, replace(ROW, number=13)], ""
    for page["row"] in rows:
        one_by_one += LIST.render(page)
    page["rows"] = rows

    assert Template(f'{{% drawn_each "{LIST_ROW}" rows %}}').render(page) == one_by_one


def test_what_only_a_page_knows_is_written_by_each_page(rf):
    toolbar = Template('{% drawn "parts/toolbar.html" theme="dark" %}')
    before = drawing.cache_info().misses

    pages = [toolbar.render(Context({"request": rf.get(path)})) for path in ("/?q=<1>", "/two/")]

    assert drawing.cache_info().misses - before <= 1
    assert [re.findall(r'name="next" value="([^"]*)"', page) for page in pages] == [["/?q=%3C1%3E"], ["/two/"]]
    assert "data-live" in Template('{% drawn "parts/toolbar.html" theme="dark" %}').render(Context())


@pytest.mark.parametrize("value", [User(pk=1), (User(pk=1),), [1], Nested(User(pk=1))])
def test_what_can_change_and_stay_equal_is_refused(value):
    page = page_at(minutes(1))
    page["row"] = value

    with pytest.raises(TypeError):
        LIST.render(page)


def test_a_drawn_template_asks_for_nothing_of_the_page():
    sources = [path.read_text() for path in TEMPLATES.rglob("*.html")]
    called = {name for source in sources for name in re.findall(r'{% drawn(?:_each)? "([^"]+)"', source)}
    assert called

    for name in called:
        path, _, part = name.partition("#")
        source = (TEMPLATES / path).read_text()
        if part:
            source = source.split(f"{{% partialdef {part} %}}")[1].split("{% endpartialdef")[0]
        asked = re.sub(r'"[^"]*"|page\.[\w.]+', "", " ".join(re.findall(r"{{.*?}}|{%.*?%}", source)))
        assert not re.search(r"\b(shell|request|user|perms|messages)\b", asked), name


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (Drawing(("<i>x</i>",), ()), Drawing(("a", "b<i>x</i>c", "d"), (at_noon, "after"))),
        (Drawing(("<i>", "</i>"), ("late",)), Drawing(("a", "b<i>", "</i>c", "d"), (at_noon, "late", "after"))),
    ],
)
def test_a_drawing_takes_another_into_one_of_its_holes(inner: Drawing, expected: Drawing) -> None:
    outer = Drawing(("a", "b", "c", "d"), (at_noon, "cells", "after"))

    assert outer.holding("cells", inner) == expected
