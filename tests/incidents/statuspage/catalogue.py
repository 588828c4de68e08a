"""Every word of the public page that is its own: from its templates, its rules, and the pages that answer readers."""

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

from incidents.statuspage import announced, bars, language, looks, offers, pages, texts
from incidents.statuspage.models import PUBLIC_STATUSES
from incidents.subscribers import letters
from incidents.subscribers.models import CHANNELS

ROOT = Path(__file__).parents[3]
MAIL = ROOT / "templates/incidents/subscribers/mail.html"
TEMPLATES = [ROOT / "templates/public_base.html", MAIL, *sorted((ROOT / "templates/public").glob("*.html"))]
_RULES = (
    "bars", "corrections", "drafts", "language", "news", "pages", "planned_news", "planned_work", "planning", "windows",
)  # fmt: skip
RULES = [ROOT / f"incidents/statuspage/{name}.py" for name in _RULES]
READERS = [ROOT / f"incidents/subscribers/{name}.py" for name in ("reader_views", "links", "addresses", "forms")]
# Said to admins, not to readers.
ADMINS = ("AddForm", "ImportForm", "FilterForm")

_BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.*?)(?:{% plural %}.*?)?{% endblocktranslate %}", re.DOTALL)
_LITERAL = re.compile(r'{% translate "([^"]+)"|_\("([^"]+)"\)')
_HEADLINE = re.compile(r'Overall\("\w+", "([^"]+)"\)')
_PLACE = re.compile(r"{{ (\w+) }}")


def in_templates() -> Iterator[str]:
    """As `makemessages` names them; a plural goes with its singular."""
    for path in TEMPLATES:
        source = path.read_text()
        yield from (one or other for one, other in _LITERAL.findall(source))
        yield from (_PLACE.sub(r"%(\1)s", text) for text in _BLOCK.findall(source))


def in_rules() -> Iterator[str]:
    for path in RULES:
        yield from _asked_for(path)
    shown = [*looks.COMPONENT.values(), looks.NO_DATA, looks.UNKNOWN, *looks.IMPACT.values(), looks.RESOLVED]
    for look in (*shown, *looks.MAINTENANCE.values()):
        yield from (look.word, look.small)
    yield from (*looks.WORDS.values(), *(looks.WORDS.get(status, status.capitalize()) for status, _ in PUBLIC_STATUSES))
    for headline in (
        *map(str.capitalize, _HEADLINE.findall((ROOT / "incidents/statuspage/rollup.py").read_text())),
        pages.WATCHED,
    ):
        yield from (headline, headline.lower())
    yield from (bars.FORMULA, *bars.IN_WORDS.values(), *language.MONTHS, *announced.OWN_WORDS, *texts.HOUSE.values())


def _asked_for(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ("gettext", "ngettext", "say"):
            yield from _constants(*call.args[:1])


def for_readers() -> Iterator[str]:
    """What their own pages say, and what is wrong with what they typed."""
    yield from (letters._ASKED, offers.CONSENT, *(str(label) for _, label in CHANNELS))
    for name in ("letters", "fan_out", "actions"):
        yield from _asked_for(ROOT / f"incidents/subscribers/{name}.py")
    for path in READERS:
        tree = ast.parse(path.read_text())
        for part in (one for one in tree.body if getattr(one, "name", "") not in ADMINS):
            yield from _said(part)
    acts = ast.parse((ROOT / "incidents/subscribers/actions.py").read_text())
    yield from _said(next(one for one in acts.body if getattr(one, "name", "") == "confirm"))


def _said(part: ast.AST) -> Iterator[str]:
    for call in ast.walk(part):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "answer":
                yield from _constants(*call.args, *(one.value for one in call.keywords if one.arg == "button"))
            elif name in ("Refused", "add_error"):
                yield from _constants(*call.args[1:])
            yield from (
                text
                for one in call.keywords
                if one.arg == "error_messages"
                for text in _constants(*one.value.values)  # type: ignore[attr-defined]
            )


def _constants(*parts: ast.expr) -> Iterator[str]:
    yield from (one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))


def every() -> set[str]:
    return {*in_templates(), *in_rules(), *for_readers()}


def translated(code: str) -> dict[str, list[str]]:
    """The compiled catalogue: each msgid, singular and plural alike, with what it may become."""
    found = language.of(code)
    assert isinstance(found, GNUTranslations)
    words: dict[str, list[str]] = {}
    for msgid, text in found._catalog.items():  # type: ignore[attr-defined]
        words.setdefault(msgid[0] if isinstance(msgid, tuple) else msgid, []).append(text)
    return {msgid: texts for msgid, texts in words.items() if msgid}
