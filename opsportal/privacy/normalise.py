"""Undo what hides a secret from a pattern, keeping for every character where it stood in the text as it came.

Zero-width characters, %-encoding, HTML entities, escapes, full-width letters, lines wrapped inside a token, and one
level of base64. Each view costs linear time.
"""

import base64
import binascii
import html
import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote

_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
_INVISIBLE += "\ufe00-\ufe0f\ufeff"
_HIDDEN = re.compile(
    rf"(?P<gone>[{_INVISIBLE}]{{1,64}})"
    r"|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,10});)"
    r"|(?P<percent>%[0-9a-fA-F]{2}(?:%[0-9a-fA-F]{2}){0,63})"
    r"|(?P<escape>\\u00[0-9a-fA-F]{2}|\\x[0-9a-fA-F]{2})"
    r"|(?P<wide>[\u00a0\u02b0-\u02ff\u2000-\u200a\u2024-\u202f\u205f-\u209f\u2100-\u214f\u2460-\u24ff\u3000"
    r"\ufb00-\ufb06\ufe50-\ufe6f\uff00-\uffef\U0001d400-\U0001d7ff])"
)
_MAYBE_HIDDEN = re.compile(r"[^\x00-\x7f]|&[#A-Za-z]|%[0-9a-fA-F]{2}|\\[ux]")
# A line that ends inside a token and goes on in the next, with a quote mark, a diff sign or a blank in front.
_WRAP = re.compile(r"(?<=[\w+/=.~%@:-])[ \t]{0,8}\\?\r?\n[ \t]{0,16}(?:[>|#*+-]{1,3}[ \t]{1,4})?(?=[\w+/=.~%@:-])")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,8192}={0,2}(?![\w+/=-])")
_TEXT_BYTES = bytes(range(32, 127)) + b"\t\r\n"


_UNSEEN = re.compile(rf"[\s{_INVISIBLE}]*")


def is_blank(text: str) -> bool:
    """Nothing in it that anybody could read.

    >>> is_blank(" \\u200b\\u202e")
    True
    """
    return _UNSEEN.fullmatch(text) is not None


@dataclass(frozen=True)
class View:
    """A text to match against, and how to get back to the text as it came."""

    text: str
    # Per character, where it began and ended in the original; None means the same places.
    starts: list[int] | None = None
    ends: list[int] | None = None
    joins: list[int] = field(default_factory=list)
    """Places where two lines were put together."""

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[max(start, end - 1)]


def plain(text: str) -> View | None:
    """Without disguises, two layers of them at most; None when there are none.

    >>> plain("p%61ss").text
    'pass'
    """
    first = _shown_once(View(text))
    return (_shown_once(first) or first) if first else None


def _shown_once(view: View) -> View | None:
    text = view.text
    if not _MAYBE_HIDDEN.search(text):
        return None
    pieces, starts, ends, last = [], list[int](), list[int](), 0
    for match in _HIDDEN.finditer(text):
        shown = _shown(match)
        if shown == match.group():
            continue
        begin, end = match.span()
        pieces += [text[last:begin], shown]
        _extend(view, starts, ends, last, begin)
        first, final = view.back(begin, end)
        starts += [first] * len(shown)
        ends += [final] * len(shown)
        last = end
    if not last:
        return None
    pieces.append(text[last:])
    _extend(view, starts, ends, last, len(text))
    return View("".join(pieces), starts, ends)


def _shown(match: re.Match[str]) -> str:
    found = match.group()
    if match["gone"]:
        return ""
    if match["entity"]:
        return html.unescape(found)
    if match["percent"]:
        return unquote(found, errors="replace")
    if match["escape"]:
        return chr(int(found[2:], 16))
    return unicodedata.normalize("NFKC", found)


def unwrapped(view: View) -> View | None:
    """Lines put together where a token may run on; None when the text has no such place."""
    pieces, starts, ends, joins, last, length = [], list[int](), list[int](), list[int](), 0, 0
    for match in _WRAP.finditer(view.text):
        begin, end = match.span()
        pieces.append(view.text[last:begin])
        length += begin - last
        joins.append(length)
        _extend(view, starts, ends, last, begin)
        last = end
    if not joins:
        return None
    pieces.append(view.text[last:])
    _extend(view, starts, ends, last, len(view.text))
    return View("".join(pieces), starts, ends, joins)


def _extend(view: View, starts: list[int], ends: list[int], begin: int, end: int) -> None:
    if view.starts is None or view.ends is None:
        starts += range(begin, end)
        ends += range(begin + 1, end + 1)
    else:
        starts += view.starts[begin:end]
        ends += view.ends[begin:end]


def decoded(view: View) -> View | None:
    """What base64 in the text says, a line for each; every character leads back to its whole token."""
    pieces, starts, ends = [], list[int](), list[int]()
    for match in _BASE64.finditer(view.text):
        said = _decode(match.group())
        if said:
            begin, end = view.back(*match.span())
            pieces.append(said)
            starts += [begin] * (len(said) + 1)
            ends += [end] * (len(said) + 1)
    return View("\n".join([*pieces, ""]), starts, ends) if pieces else None


def _decode(token: str) -> str:
    """The text in it, or nothing: most long words are no base64 and most base64 is no text."""
    bare = token.rstrip("=")
    if len(bare) % 4 == 1:
        return ""
    try:
        raw = base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return "" if raw.translate(None, _TEXT_BYTES) else raw.decode("ascii")
