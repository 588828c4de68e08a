"""Templates stay within what the strict CSP and htmx 4 carry: a slip fails silently in a browser, so it fails here."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parent.parent / "templates"
ALLOWED = {
    *("hx-get", "hx-post", "hx-target", "hx-swap", "hx-trigger", "hx-select", "hx-include", "hx-sync"),
    *("hx-indicator", "hx-disable", "hx-push-url", "hx-ptag", "hx-headers:inherited"),
}
_DJANGO = re.compile(r"{%.*?%}|{#.*?#}|{{.*?}}", re.DOTALL)
_POLL = re.compile(r"every \d+m?s(, portal:refresh from:body)?")


class Linter(HTMLParser):
    """Collects what is wrong, with its line; Django's own tags are taken out before."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        self.in_script = tag == "script"
        given = {name: value or "" for name, value in attrs}
        self.found += [f"line {line}, <{tag}>: {fault}" for fault in faults(tag, given)]

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.found.append(f"line {self.getpos()[0]}: a script body, which the policy refuses")


def faults(tag: str, given: dict[str, str]) -> Iterator[str]:
    """What is wrong with one element."""
    for name, value in given.items():
        if name == "style":
            yield "style= is refused by the policy; use a class"
        elif name.startswith(("hx-on", "on")) and name != "one":
            yield f"{name} is inline script"
        elif name.startswith(("hx-", "data-hx-")) and not is_allowed(tag, name):
            yield f"{name} is not in the allowed list of ui.md section 1.3"
        if value.strip().startswith(("js:", "javascript:")):
            yield f"{name} holds script"
    if "[" in given.get("hx-trigger", ""):
        yield "a filter in hx-trigger kills the request under the policy"
    if given.get("href") == "#":
        yield 'href="#" leads nowhere'
    if tag == "a" and "hx-get" in given and "href" not in given:
        yield "hx-get without href does nothing without JavaScript"
    if "hx-post" in given and not ("action" in given or "formaction" in given):
        yield "hx-post without action does nothing without JavaScript"
    if tag not in {"a", "form", "button"} and "hx-get" in given and not is_self_starting(given.get("hx-trigger", "")):
        yield "hx-get outside a link or form must be a poll or start on load"


def is_allowed(tag: str, name: str) -> bool:
    return name in ALLOWED or bool(re.fullmatch(r"hx-status:[45](\d\d|xx|\dx)", name))


def is_self_starting(trigger: str) -> bool:
    return bool(_POLL.fullmatch(trigger)) or trigger.startswith(("load", "portal:refresh", "revealed"))


def lint(source: str) -> list[str]:
    linter = Linter()
    linter.feed(
        _DJANGO.sub(
            lambda found: (
                "x" + "\n" * found[0].count("\n") if found[0].startswith("{{") else "\n" * found[0].count("\n")
            ),
            source,
        )
    )
    linter.close()
    return linter.found


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_template_keeps_to_the_policy(path):
    assert lint(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('<p style="color:red">', "style="),
        ("<button onclick=go()>", "inline script"),
        ('<p hx-on:click="x">', "inline script"),
        ('<a href="#">', "leads nowhere"),
        ("<script>go()</script>", "script body"),
        ('<div hx-vars="a:1">', "not in the allowed list"),
        ('<div hx-ext="sse">', "not in the allowed list"),
        ('<a href="/x" hx-get="/x" hx-trigger="click[ctrlKey]">', "filter"),
        ('<a hx-get="/x">', "without href"),
        ('<form hx-post="/x">', "without action"),
        ("<a href=\"/x\" hx-include='js:all()'>", "holds script"),
        ('<div hx-get="/x">', "must be a poll"),
    ],
)
def test_the_lint_notices(source, words):
    assert any(words in fault for fault in lint(source))


def test_the_lint_lets_a_poll_and_a_form_pass():
    assert (
        lint('<div hx-get="{% url "x" %}" hx-trigger="every 15s, portal:refresh from:body" hx-swap="outerMorph">') == []
    )
    assert lint('<form action="{{ url }}" method="post" hx-post="{{ url }}" hx-status:422="swap:outerHTML">') == []
