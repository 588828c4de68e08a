"""Small marks that every page uses: icons, shapes, states, times and figures drawn as SVG.

Everything is text, class and geometry: no style attribute, so the strict CSP holds. Each mark pairs a shape with a
word, because colour alone says nothing to many people.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.template.base import Node, Parser, TextNode, Token
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from opsportal import navigation, sent_once
from opsportal.drawings import PageWords, Sheet, drawing
from opsportal.roles import Role

register = template.Library()

SOON_SECONDS = 300

_SEVERITY_WORDS = {"SEV-1": "Critical", "SEV-2": "Major", "SEV-3": "Partial"}

# value: (class, shape, word). Check states and component statuses never share a value, so one tag draws both.
_STATES = {
    "healthy": ("ok", "s-ok", "Healthy"),
    "unhealthy": ("fail", "s-fail", "Unhealthy"),
    "flapping": ("warn", "s-sev3", "Flapping"),
    "insufficient_data": ("stale", "s-stale", "No data"),
    "blocked": ("warn", "s-warn", "Blocked"),
    "paused": ("paused", "s-paused", "Paused"),
    "operational": ("ok", "s-ok", "Operational"),
    "degraded_performance": ("warn", "s-sev3", "Degraded performance"),
    "partial_outage": ("major", "s-sev2", "Partial outage"),
    "major_outage": ("fail", "s-fail", "Major outage"),
    "under_maintenance": ("maint", "s-maint", "Under maintenance"),
}
_UNKNOWN = ("stale", "s-stale", "Unknown")
_STATUS_BADGES = {
    "investigating": "badge badge--minor",
    "identified": "badge badge--accent",
    "monitoring": "badge",
    "resolved": "badge badge--ok",
    "closed": "badge",
}
_ROLE_BADGES = {Role.ADMIN: "badge badge--accent", Role.PUBLISHER: "badge badge--maint"}


# --- icons and shapes -------------------------------------------------------------------------------------------------


def mark(draw: Callable[..., SafeString]) -> Callable[..., SafeString]:
    """A tag whose picture depends on its words alone: a page has hundreds, so each is drawn once in a process.

    Where the words stand in the template itself, the picture is part of the compiled template.
    """
    drawn = lru_cache(maxsize=1024)(draw)
    register.simple_tag(drawn, name=draw.__name__)
    plain = register.tags[draw.__name__]

    def compiled(parser: Parser, token: Token) -> Node:
        node = plain(parser, token)
        is_fixed = not (node.kwargs or node.target_var or any(word.is_var or word.filters for word in node.args))
        return TextNode(drawn(*(word.var for word in node.args))) if is_fixed else node

    register.tag(draw.__name__, compiled)
    return drawn


@register.simple_tag
def form_key() -> SafeString:
    """The hidden mark by which a form that is sent twice acts once; the view is marked `@sent_once`."""
    return format_html('<input type="hidden" name="{}" value="{}">', sent_once.FIELD, sent_once.new_key())


@register.simple_tag
def asset(name: str) -> str:
    """A static file's address. The plain one when no manifest knows it: an error page must not fail over an icon."""
    try:
        return static(name)
    except ValueError:
        return f"{settings.STATIC_URL}{name}"


@cache
def _sprite() -> str:
    """Where the icons live. A page has up to a hundred of them, and the manifest is read once for all anyway."""
    return asset("icons/icons.svg")


@mark
def icon(name: str, extra: str = "") -> SafeString:
    """A line icon, hidden from screen readers: {% icon "flame" %}, {% icon "flame" "i--sm" %}."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f"i {extra}".strip(), _sprite(), name,
    )  # fmt: skip


@mark
def shape(name: str) -> SafeString:
    """A filled status shape, always beside a word: {% shape "s-ok" %}."""
    return format_html(
        '<svg class="shape" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><use href="{}#{}"/></svg>',
        _sprite(), name,
    )  # fmt: skip


@mark
def sev(severity: str, form: str = "long") -> SafeString:
    """A severity chip: {% sev incident.severity %} says SEV-1 Critical, {% sev x "short" %} SEV-1."""
    value = str(severity)
    word = value if form == "short" else f"{value} {_SEVERITY_WORDS.get(value, '')}".strip()
    number = value[-1:]
    return format_html('<span class="sev sev--{}">{}{}</span>', number, shape(f"s-sev{number}"), word)


@mark
def state(value: str, word: str = "") -> SafeString:
    """A check's state or a component's status as shape and word; `word` replaces the usual one."""
    kind, mark, usual = _STATES.get(str(value), _UNKNOWN)
    return format_html('<span class="state state--{}">{}{}</span>', kind, shape(mark), word or usual)


@register.filter
def state_class(value: str) -> str:
    """ok, fail, warn, stale, paused, major or maint: for rows and dots that carry the state as a class."""
    return _STATES.get(str(value), _UNKNOWN)[0]


@register.filter
def state_word(value: str) -> str:
    """The word for a check's state or a component's status."""
    return _STATES.get(str(value), _UNKNOWN)[2]


@register.filter
def state_shape(value: str) -> str:
    """The shape's name for a check's state or a component's status."""
    return _STATES.get(str(value), _UNKNOWN)[1]


@mark
def status(value: str) -> SafeString:
    """An incident's status as a badge: {% status incident.status %}."""
    word = "Post-mortem" if value == "postmortem" else str(value).capitalize()
    return format_html('<span class="{}">{}</span>', _STATUS_BADGES.get(str(value), "badge"), word)


@mark
def incident(severity: str, is_confirmed: bool, status_: str, label: str) -> SafeString:
    """What an incident is at a glance: severity, whether a person has confirmed it, status, number."""
    proposed = mark_safe("") if is_confirmed else mark_safe('<span class="badge badge--minor">Proposed</span>')
    return format_html(
        '<div class="row">{}{}{}<span class="mono t-xs muted">{}</span></div>',
        sev(severity), proposed, status(status_), label,
    )  # fmt: skip


@mark
def role(value: str) -> SafeString:
    """A role as a badge."""
    return format_html('<span class="{}">{}</span>', _ROLE_BADGES.get(Role(value), "badge"), Role(value).label)


@register.filter
def role_label(value: str) -> str:
    """The word for a role; empty when it is none."""
    return Role(value).label if value in set(Role) else ""


@register.filter
@lru_cache(maxsize=1024)
def initials(name: str) -> str:
    """SO for sre-oncall, AD for admin."""
    words = [word for word in str(name).lstrip("@").replace("_", "-").replace(".", "-").split("-") if word]
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else "".join(words)[:2]
    return letters.upper()


# --- times ------------------------------------------------------------------------------------------------------------


def page_now(context: Context) -> datetime:
    """The page's own instant, so that a page never shows two presents."""
    frame = context.get("shell")
    moment = getattr(frame, "now", None) or timezone.now()
    assert isinstance(moment, datetime)
    return moment


# What a tag writes: finished text, or what makes it of the page's instant. Both are HTML already.
Written = str | Callable[[datetime], str]


def read(written: Written, now: datetime) -> SafeString:
    """As it reads at this instant."""
    return SafeString(written if isinstance(written, str) else written(now))


def timed(write: Callable[..., Written]) -> Callable[..., Written]:
    """A tag whose words depend on the page's instant; what stands still is written before that is known.

    In a drawing it leaves a hole: a page has three hundred of them, so what fills one does as little as it can.
    """

    def tag(context: Context, *args: Any, **kwargs: Any) -> SafeString:
        written = write(*args, **kwargs)
        if isinstance(context, Sheet) and not isinstance(written, str):
            return context.hole(written)
        return read(written, page_now(context))

    register.simple_tag(tag, takes_context=True, name=write.__name__)
    return write


@register.simple_tag(takes_context=True)
def drawn(context: Context, template: str, **values: Any) -> SafeString:
    """A row that is drawn once for its values: {% drawn "incidents/response/list.html#row" row=row %}.

    Its template sees these values and nothing else; times in it run, and its forms have this page's token.
    """
    return drawing(template, tuple(values.items())).on(PageWords(context), page_now(context))


@register.simple_tag(takes_context=True)
def drawn_each(context: Context, template: str, rows: Iterable[object], **values: Any) -> SafeString:
    """The same for many, each under the name `row`: {% drawn_each "…/list.html#row" listing.rows can_act=can_act %}."""
    page, now, rest = PageWords(context), page_now(context), tuple(values.items())
    return SafeString("".join([drawing(template, (("row", row), *rest)).on(page, now) for row in rows]))


def span(seconds: float) -> str:
    """A length of time as people say it: 38 s, 12 min, 3 h 05 min, 6 days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        hours, minutes = divmod(whole // 60, 60)
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    return f"{whole // 86400} days"


def stopwatch(seconds: float) -> str:
    """04:18, 1:02:30, and +06:12 once late."""
    whole = int(seconds)
    minutes, rest = divmod(abs(whole), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
    return f"+{text}" if whole < 0 else text


@timed
def ago(moment: datetime | None, never: str = "never") -> Written:
    """How long ago, ticking on: 38 s ago. The exact time stands in the title."""
    return escape(never) if moment is None else _ago(moment)


@lru_cache(maxsize=4096)
def _ago(moment: datetime) -> Callable[[datetime], str]:
    begun = f'<time datetime="{_iso(moment)}" title="{_exact(moment)}" data-ago="{_epoch(moment)}">'
    return lambda now: f"{begun}{span((now - moment).total_seconds())} ago</time>"


@timed
def lasting(since: datetime, until: datetime | None = None) -> Written:
    """How long it lasts, ticking while it does: 41 min. With an end it stands still."""
    return span((until - since).total_seconds()) if until is not None else _lasting(since)


def _lasting(since: datetime) -> Callable[[datetime], str]:
    begun = f'<time datetime="{_iso(since)}" data-lasting="{_epoch(since)}">'
    return lambda now: f"{begun}{span((now - since).total_seconds())}</time>"


@timed
def clock(moment: datetime, zone: str = "UTC") -> Written:
    """Wall clock in UTC, with the day when it is not today: 03:12 UTC, or 20 Nov, 16:20 UTC. zone="" leaves UTC out."""
    moment = moment.astimezone(UTC)
    begun, time = f'<time datetime="{_iso(moment)}">', escape(f"{moment:%H:%M} {zone}".rstrip())
    today = f"{begun}{time}</time>"
    this_year, any_year = (f"{begun}{moment.day} {moment:%b}{year}, {time}</time>" for year in ("", f" {moment.year}"))

    def at(now: datetime) -> str:
        now = now.astimezone(UTC)
        if moment.date() == now.date():
            return today
        return this_year if moment.year == now.year else any_year

    return at


@timed
def timer(due: datetime, words: str = "", late: str = "") -> Written:
    """Count down to a duty and on past it with a plus.

    {% timer due "until next public update" "public update late" %} adds the words, which change when it is late. Put
    it in an element with class `due` (or `timer-row`) to get the colours of soon and late.
    """
    return _timer(due, words, late)


def _timer(due: datetime, words: str = "", late: str = "") -> Callable[[datetime], str]:
    begun = f'<span class="timer" role="timer" data-due="{_epoch(due)}">'
    both = (words, late or words)
    soon, over = (
        format_html('</span><span data-words="{}" data-late="{}">{}</span>', *both, one) if words else "</span>"
        for one in both
    )

    def at(now: datetime) -> str:
        left = (due - now).total_seconds()
        return f"{begun}{stopwatch(left)}{over if left < 0 else soon}"

    return at


@timed
def still_to_do(words: str, due: datetime) -> Written:
    """A duty in a list, late or with its countdown: {% still_to_do "Acknowledge" due %}."""
    late = format_html('<span class="state state--fail">{}{} ', shape("s-fail"), words)
    soon = format_html('<span class="state state--major">{}{} in ', shape("s-sev2"), words)
    lasts, runs = _lasting(due), _timer(due)
    return lambda now: f"{late}{lasts(now)} late</span>" if due < now else f"{soon}{runs(now)}</span>"


@timed
def stopped_or_running(since: datetime, until: datetime | None = None) -> Written:
    """Count up from a moment; with an end the figure stands still."""
    if until is not None:
        return f'<span class="timer">{stopwatch((until - since).total_seconds())}</span>'
    begun = f'<span class="timer" role="timer" data-since="{_epoch(since)}">'
    return lambda now: f"{begun}{stopwatch((now - since).total_seconds())}</span>"


@timed
def due_class(due: datetime) -> Written:
    """due--late, due--soon (under five minutes) or nothing, for the element around a timer."""

    def at(now: datetime) -> str:
        left = (due - now).total_seconds()
        return "due--late" if left < 0 else "due--soon" if left < SOON_SECONDS else ""

    return at


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _exact(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# --- figures ----------------------------------------------------------------------------------------------------------

_SPARK_WIDTH, _SPARK_TOP, _SPARK_BOTTOM = 110.0, 2.0, 26.0
_SPARK_KINDS = {"fail": "bad", "bad": "bad", "unhealthy": "bad", "warn": "warn", "blocked": "warn"}


@register.simple_tag
def sparkline(
    values: Sequence[float | None], sentence: str, kind: str = "", bound: float | None = None, extra: str = ""
) -> SafeString:
    """A line over time, None is a gap; the sentence is what a person who cannot see it gets.

    `kind` is a state such as unhealthy, `bound` draws the dotted limit, `extra` is another class such as spark--wide.
    """
    known = [value for value in [*values, bound] if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    foot = _SPARK_BOTTOM if high > low else (_SPARK_BOTTOM + _SPARK_TOP) / 2
    scale = (_SPARK_BOTTOM - _SPARK_TOP) / (high - low) if high > low else 0.0
    runs: list[list[str]] = [[]]
    for x, value in zip(_spark_steps(len(values)), values, strict=True):
        if value is not None:
            runs[-1].append(f"{x} {foot - (value - low) * scale:.1f}")
        elif runs[-1]:
            runs.append([])
    limit = ""
    if bound is not None:
        height = f"{foot - (bound - low) * scale:.1f}"
        limit = f'<line x1="0" x2="110" y1="{height}" y2="{height}"/>'
    shape = f"spark {escape(extra)}" if extra else "spark"
    return mark_safe(  # noqa: S308 - geometry of ours; the words are escaped
        f'<svg class="{shape}" viewBox="0 0 112 28" role="img" aria-label="{conditional_escape(sentence)}">'
        f"{limit}{_line([run for run in runs if run], _SPARK_KINDS.get(kind, ''))}</svg>"
    )


@lru_cache(maxsize=64)
def _spark_steps(number: int) -> tuple[str, ...]:
    """Where so many values stand; the same for every line of a list."""
    step = _SPARK_WIDTH / max(1, number - 1)
    return tuple(f"{place * step:.1f}" for place in range(number))


def _line(runs: list[list[str]], colour: str) -> str:
    """One path and a dot at its end; each unbroken run of points is its own stroke, a lonely point a short dash."""
    if not runs:
        return ""
    strokes = " ".join([f"M{' L'.join(run)}{'' if run[1:] else ' h1'}" for run in runs])
    x, y = runs[-1][-1].split()
    return f'<path class="{colour}" d="{strokes}"/><circle class="{colour}" cx="{x}" cy="{y}" r="2.5"/>'


# --- navigation and forms ---------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def nav_current(context: Context, url_name: str) -> SafeString:
    """aria-current="page" when the page belongs to this screen: <a href=…{% nav_current "checks:list" %}>."""
    screen = navigation.current_screen(context["request"].path)
    is_current = screen is not None and screen.url_name == url_name
    return mark_safe(' aria-current="page"') if is_current else mark_safe("")


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's input in our style, tied to its hint and its error: {{ form.title|control }}."""
    widget = field.field.widget
    described = [f"{field.auto_id}-hint"] if field.help_text else []
    attributes: dict[str, Any] = {}
    if field.errors:
        described.append(f"{field.auto_id}-err")
        attributes["aria-invalid"] = "true"
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if not isinstance(widget, (CheckboxInput, RadioSelect, CheckboxSelectMultiple)):
        own = widget.attrs.get("class", "")
        attributes["class"] = " ".join(filter(None, ["input", own, "input--error" if field.errors else ""]))
    if widget.attrs.get("placeholder") == field.label:
        attributes["placeholder"] = False  # it would only repeat the label, in a paler colour
    return field.as_widget(attrs=attributes)


@register.filter
def is_tick(field: BoundField) -> bool:
    """True for a single checkbox, whose label stands after it."""
    widget = field.field.widget
    return isinstance(widget, CheckboxInput) and not isinstance(widget, CheckboxSelectMultiple)


@register.filter
def error_list(form: BaseForm | str) -> list[tuple[str, str]]:
    """(address of the field, sentence) for the summary on top; errors of the whole form have no address.

    What the privacy guard took out has a note of its own (parts/removed.html), so it is not said again here.
    """
    if not isinstance(form, BaseForm):
        return []
    lines = [("", str(error)) for error in form.non_field_errors()]
    for field in form.visible_fields():
        found = form.errors.as_data().get(field.name, []) if field.errors else []
        address = f"#{field.id_for_label or field.auto_id}"
        lines += [(address, sentence) for error in found if error.code != "privacy" for sentence in error.messages]
    return lines
