"""Today's sheet, the sheets of days before, and the list of them."""

from datetime import UTC, date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from checks.daily import actions, queries
from checks.daily.filling import Count, Figures, figures, unpacked
from checks.daily.forms import SignForm
from checks.daily.models import DailySheet
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.models import User
from opsportal.roles import Role, require
from opsportal.signed_in import person

SHEET = "checks/daily/sheet.html"
HISTORY = "checks/daily/history.html"
_LAST = 7


@require(Role.VIEWER)
@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Today's: as it is now, or as it was signed."""
    at = now()
    if found := queries.sheet_of(at.astimezone(UTC).date()):
        return _signed(request, found)
    return _open(request, at, None)


@require(Role.VIEWER)
@require_safe
def day(request: HttpRequest, on: str) -> HttpResponse:
    """A signed day, with the figures of then."""
    return _signed(request, queries.sheet_or_404(on))


@require(Role.RESPONDER)
@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """Freeze today's sheet under one's name."""
    at = now()
    form = SignForm(figures(person(request), at).asked, request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.sign(form.said, note=form.cleaned_data["note"], by=person(request), at=at)
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            status = 409
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Signed. The figures stay as they are.")
            return see(request, "checks:daily")
    return _open(request, at, form, status=status)


@require(Role.VIEWER)
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Every day, signed or not, newest first, by pages."""
    today = now().astimezone(UTC).date()
    found = queries.days(_before(request, today + timedelta(days=1)), queries.PAGE)
    older = found[-1].on if len(found) == queries.PAGE else None
    shown = [one for one in found if one.sheet or one.on < today]  # nobody has missed today yet
    return render_page(request, HISTORY, {"days": shown, "older": older})


def _before(request: HttpRequest, newest: date) -> date:
    """What is not understood, or lies outside of what the house keeps, is the newest."""
    try:
        given = date.fromisoformat(request.GET.get("before", ""))
    except ValueError:
        return newest
    return given if date(2000, 3, 1) < given < newest else newest


def _open(request: HttpRequest, at: datetime, form: SignForm | None, status: int = 200) -> HttpResponse:
    by = person(request)
    shown = figures(by, at)
    can_sign = by.has_role(Role.RESPONDER)
    context = {
        **_shown(request, shown, at.astimezone(UTC).date()),
        "form": (form or SignForm(shown.asked)) if can_sign else None,
        "asked": shown.asked,
        "due": f"{queries.DUE:%H:%M}",
        "is_late": at.astimezone(UTC).time() > queries.DUE,
    }
    return render_page(request, SHEET, context, status=status)


def _signed(request: HttpRequest, found: DailySheet) -> HttpResponse:
    context = {
        **_shown(request, unpacked(found.figures), found.on),
        "sheet": found,
        "day": queries.Day(found.on, found),
        "answers": queries.answers(found),
    }
    return render_page(request, SHEET, context)


def _shown(request: HttpRequest, shown: Figures, on: date) -> dict[str, object]:
    """What both have. Counts of people's acts are for responders; the log behind them is for admins."""
    by = person(request)
    return {
        "on": on,
        "figures": shown,
        "until": datetime.fromisoformat(shown.until),
        "access": _may_see(by, shown.access),
        "work": _may_see(by, shown.work),
        "last": queries.days(on, _LAST),
    }


def _may_see(by: User, counts: tuple[Count, ...]) -> list[tuple[Count, bool]]:
    """Each count, and whether its address may be opened; none for viewers."""
    if not by.has_role(Role.RESPONDER):
        return []
    return [(count, by.has_role(Role(count.role))) for count in counts]
