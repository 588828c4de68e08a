"""The calendar and what is done with it: stand in, be away, take it now, call it off."""

from datetime import date, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.oncall import actions, queries, week_queries
from incidents.oncall.forms import AWAY, StandInForm, TakeForm
from incidents.oncall.models import Override, Rotation
from incidents.ownership.models import Domain
from opsportal.acts import do_at_once
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message, wants_part
from opsportal.models import User
from opsportal.moments import EARLIEST, LATEST
from opsportal.roles import Role, require
from opsportal.signed_in import person

TEMPLATE = "incidents/oncall/week.html"
NOW = "incidents/oncall/now.html"
DOMAIN = "incidents/oncall/domain.html"
MARKS = "parts/marks.html"
STAND_IN = "incidents/oncall/stand_in.html"


@require(Role.VIEWER)
@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """Who is on call this week, or in the week of the day that the address names."""
    return _week(request, TakeForm())


@require(Role.VIEWER)
@require_safe
def on_call_now(request: HttpRequest) -> HttpResponse:
    """Who is on call now, for the house and each domain: a page, and a part of other screens."""
    desk = queries.desk(now())
    rows = (desk.house(), *(desk.on_call(one) for one in desk.domains))
    return render_page(request, NOW, {"rows": rows}, part="card")


@require(Role.VIEWER)
@require_safe
def on_call_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is on call now for one domain: a page, and a card of its incidents' rooms."""
    domain = get_object_or_404(Domain, slug=slug)
    found = queries.on_call(domain, now())
    return render_page(request, DOMAIN, {"domain": domain, "one": found}, part="card")


@require(Role.VIEWER)
@require_safe
def marks(request: HttpRequest) -> HttpResponse:
    """Who is on call now, as marks of the matrix; asked for itself it leads there."""
    if not wants_part(request):
        return see(request, "incidents:ownership")
    at = now()
    columns = [("oncall", week_queries.marks(at)), ("contact", week_queries.contact_marks(at))]
    return render_page(request, MARKS, {"columns": columns})


@require(Role.RESPONDER)
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """I take it now."""
    form, at = TakeForm(request.POST), now()
    if form.is_valid():
        rotation = form.cleaned_data["rota"]
        try:
            taken = actions.take(
                rotation, until=form.ends_at(at, _shift_ends_at(rotation, at)), reason=form.cleaned_data["reason"],
                by=person(request), at=at,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"You have {rotation} until {taken.ends_at:%a %-d %b %H:%M} UTC.")
            return see(request, "incidents:oncall")
    return _week(request, form, status=422)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def stand_in(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody stands in for a while, or whoever has the shift is away."""
    rotation = get_object_or_404(Rotation, slug=slug, ended_at=None)
    form = StandInForm(request.POST) if request.method == "POST" else StandInForm(initial=_asked_for(request, rotation))
    if request.method == "POST" and form.is_valid():
        try:
            said = _stood_in(rotation, form, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, said)
            return see(request, "incidents:oncall")
    context = {"rota": rotation, "form": form}
    return render_page(request, STAND_IN, context, part="dialog", status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_POST
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    """End an override now; the turns below it hold again."""
    override = get_object_or_404(Override.objects.select_related("rotation"), pk=pk)
    return do_at_once(
        request,
        lambda: actions.call_off(override, by=person(request), at=now()),
        said=f"Called off: {override.rotation} follows its schedule again.",
        to="incidents:oncall",
    )


def _stood_in(rotation: Rotation, form: StandInForm, *, by: User, at: datetime) -> str:
    given, who = form.cleaned_data, form.person
    span = {"starts_at": given["starts_at"], "ends_at": given["ends_at"], "reason": given["reason"]}
    if who is None:
        actions.be_away(rotation, **span, by=by, at=at)
        return f"{rotation} has nobody for that time. Look for somebody who stands in."
    actions.stand_in(rotation, who, **span, by=by, at=at)
    return f"{who} stands in on {rotation}."


def _asked_for(request: HttpRequest, rotation: Rotation) -> dict[str, object]:
    """The span of the link, such as that of a gap; else from now to the end of the shift that runs."""
    at = now().replace(second=0, microsecond=0)
    from_link, ends_at = (_moment(request.GET.get(name, "")) for name in ("from", "until"))
    starts_at = max(from_link or at, at)
    who = AWAY if request.GET.get("who") == AWAY else person(request).username
    return {"who": who, "starts_at": starts_at, "ends_at": ends_at or _shift_ends_at(rotation, starts_at)}


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and EARLIEST <= found < LATEST else None


def _shift_ends_at(rotation: Rotation, at: datetime) -> datetime:
    """The hand-over; eight hours later where no shift runs, or one that ends in weeks."""
    shift = queries.shift_of(rotation, queries.active_people(), at)
    return shift.ends_at if shift and shift.ends_at <= at + timedelta(days=14) else at + timedelta(hours=8)


def _week(request: HttpRequest, form: TakeForm, *, status: int = 200) -> HttpResponse:
    at, me = now(), person(request)
    found = week_queries.week(_monday(request, at.date()), at)
    context = {
        "week": found,
        "at": at,
        "take": form,
        "is_this_week": found.today >= 0,
        "can_act": me.has_role(Role.RESPONDER),
        "can_edit": me.has_role(Role.ADMIN),
    }
    return render_page(request, TEMPLATE, context, status=status)


def _monday(request: HttpRequest, today: date) -> date:
    """The Monday of the day that the address names, of today without one."""
    text = request.GET.get("day", "")
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as wrong:
        raise Http404 from wrong
    if not EARLIEST.date() + timedelta(days=60) <= day < LATEST.date() - timedelta(days=60):
        raise Http404
    return day - timedelta(days=day.weekday())
