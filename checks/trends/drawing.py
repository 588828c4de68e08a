"""A thousand rows of checks as HTML: written in one go, because a template takes ten times as long for so many."""

from collections.abc import Sequence
from functools import cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString

from checks.catalogue import words
from checks.trends.evidence import Week
from checks.trends.queries import CheckTrend
from opsportal.templatetags import portal

_WIDTH, _TOP, _HEIGHT = 112.0, 2.0, 24.0


def rows_of(checks: Sequence[CheckTrend], query: str = "") -> SafeString:
    """One row a check, in the order given; `query` keeps the weeks that one looks at."""
    address = reverse("checks:trends-check", args=["KEY"]) + escape(query)
    return SafeString("".join(_row(one, address) for one in checks))


def _row(one: CheckTrend, address: str) -> str:
    now = one.now
    return (
        f'<tr><th scope="row"><a href="{address.replace("KEY", one.key)}">{escape(one.name)}</a></th>'
        f"<td>{_line(one.weeks)}</td>"
        f'<td class="num nowrap">{words.percent(now.availability)}</td>'
        f'<td class="num nowrap">{words.percent(now.coverage)}</td>'
        f'<td class="num nowrap">{words.duration(now.p95_ms)}</td>'
        f"<td>{_flag(one)}</td></tr>"
    )


def _flag(one: CheckTrend) -> str:
    if not one.moves:
        return f'<span class="t-sm muted">{escape(one.words)}</span>'
    return f"{_sign(is_worse=one.worst is not None)} {escape(one.words)}"


@cache
def _sign(*, is_worse: bool) -> str:
    kind, shape, word = ("fail", "s-fail", "Worse") if is_worse else ("ok", "s-ok", "Better")
    return f'<span class="state state--{kind}">{portal.shape(shape)}{word}</span>'


def _line(weeks: Sequence[Week]) -> str:
    """Availability as a small line between its lowest and 100; a picture of the numbers beside it."""
    values = [100 * ok / (ok + err) if ok + err else None for ok, err, *_ in weeks]
    low = min([one for one in values if one is not None], default=100.0)
    scale, step = _HEIGHT / max(100.0 - low, 0.1), _WIDTH / max(len(values) - 1, 1)
    path, letter = "", "M"
    for place, value in enumerate(values):
        if value is None:
            letter = "M"
        else:
            path += f"{letter}{place * step:.1f} {_TOP + (100.0 - value) * scale:.1f} "
            letter = "L"
    return f'<svg class="spark" viewBox="0 0 112 28" aria-hidden="true"><path d="{path.rstrip()}"/></svg>'
