"""Screens of planned work: the list, a plan, and one window as readers will see it with what can be done to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from incidents.statuspage import load, maintenance_queries, planned_work, planning, windows
from incidents.statuspage.maintenance import Maintenance, MaintenanceSeries
from incidents.statuspage.maintenance_forms import (
    ExtendForm,
    NothingForm,
    PlanForm,
    RuleForm,
    SayForm,
    WordsForm,
    first_plan,
    in_words,
    plan_of,
    words_of,
)
from opsportal.errors import Conflict, Denied, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/statuspage/maintenances.html"
ONE = "incidents/statuspage/maintenance.html"
PLAN = "incidents/statuspage/maintenance_plan.html"
ACT = "incidents/statuspage/maintenance_act.html"

Form = WordsForm | NothingForm


@dataclass(frozen=True)
class Act:
    """What can be done to a window: its question, what follows, the button, the sentence afterwards, and its times."""

    question: str
    consequence: str
    verb: str
    said: str
    when: tuple[str, ...]
    form: Callable[..., Form]
    do: Callable[..., object]


ACTS = {
    "say": Act(
        "What do you want to say?", "It is public at once and stays as it is.", "Say it", "Said.",
        (windows.SCHEDULED, *windows.RUNNING), SayForm, planning.say,
    ),
    "verify": Act(
        "Is the work done?", "The components stay under maintenance until the window ends.", "We are verifying",
        "Verifying.", (windows.IN_PROGRESS,), WordsForm, planning.verify,
    ),
    "extend": Act(
        "Does it take longer?", "The new end is said on the page and in calendars.", "Extend", "Extended.",
        (windows.SCHEDULED, *windows.RUNNING), ExtendForm, planning.extend,
    ),
    "finish": Act(
        "Is it over?", "The components are as they were, from now on.", "End it now", "Ended.",
        windows.RUNNING, WordsForm, planning.finish,
    ),
    "cancel": Act(
        "Cancel it?", "It does not take place. The page and calendars say so.", "Cancel this work", "Cancelled.",
        (windows.SCHEDULED,), WordsForm, planning.cancel,
    ),
}  # fmt: skip
STOP = Act(
    "End this rule?", "No more occurrences are made, and those ahead are cancelled.", "End the rule", "The rule ended.",
    (), WordsForm, planning.stop_series,
)  # fmt: skip


@require(Role.VIEWER)
@require_safe
def maintenance_list(request: HttpRequest) -> HttpResponse:
    """What runs, what comes, what waits to be announced, what was."""
    context = {"plans": maintenance_queries.plans(now()), "can_plan": person(request).has_role(Role.PUBLISHER)}
    return render_page(request, LIST, context)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def maintenance_new(request: HttpRequest) -> HttpResponse:
    """Lay work ready; readers know nothing of it yet."""
    at, me = now(), person(request)
    if request.method != "POST":
        return _plan(request, PlanForm(initial=first_plan(at, str(me.zone)), at=at))
    form = PlanForm(request.POST, at=at)
    if not form.is_valid():
        return _plan(request, form, status=422)
    try:
        if form.repeat is None:
            made = planning.plan(form.plan, by=me, at=at)
        else:
            made = planning.plan_series(form.plan, form.repeat, by=me, at=at)
    except Denied:
        raise
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _plan(request, form, status=422)
    status_message(request, "Planned. Look at it as readers will see it." if made.is_public else "Planned.")
    return see(request, "incidents:maintenance", made.public_id)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def maintenance_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Another time, other words or components."""
    at, me, one = now(), person(request), maintenance_queries.maintenance_or_404(public_id)
    components = maintenance_queries.components_of(one)
    initial = plan_of(one, components, zone=str(me.zone), seen=planning.fingerprint(one))
    if request.method != "POST":
        return _plan(request, PlanForm(initial=initial, at=at, one=one), one)
    form = PlanForm(request.POST, initial=initial, at=at, one=one)
    if not form.is_valid():
        return _plan(request, form, one, status=422)
    try:
        planning.edit(one, form.plan, by=me, at=at, seen=form.cleaned_data["seen"])
    except Denied:
        raise
    except Conflict as conflict:
        form.add_error(None, f"{conflict.sentence} Yours is below; saving again puts it in the place of the other.")
        form.data = _with_mark(request, initial["seen"])
        return _plan(request, form, one, status=409)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _plan(request, form, one, status=422)
    status_message(request, "Saved.")
    return see(request, "incidents:maintenance", public_id)


@require(Role.VIEWER)
@require_safe
def maintenance(request: HttpRequest, public_id: str) -> HttpResponse:
    """One window: as readers see it or will, its words, and what can be done now."""
    at, me = now(), person(request)
    one = maintenance_queries.maintenance_or_404(public_id)
    status, is_heard = one.window.status(at), one.announced_at is not None or not one.is_public
    is_publisher = me.has_role(Role.PUBLISHER)
    content = load.page(at)
    context = {
        "one": one,
        "status": status,
        "word": windows.WORDS[status],
        "work": planned_work.work(content, maintenance_queries.as_readers_see_it(one, at)),
        "reminder": in_words(int(one.remind_before.total_seconds() // 60)) if one.remind_before else "",
        "can_announce": is_publisher and not is_heard and status == windows.SCHEDULED,
        "can_edit": is_publisher and (status == windows.SCHEDULED or (not is_heard and one.cancelled_at is None)),
        "acts": _possible(status, is_heard=is_heard) if is_publisher else [],
    }
    return render_page(request, ONE, context)


def _possible(status: str, *, is_heard: bool) -> list[tuple[str, Act]]:
    """What can be done now; of what nobody knows yet there is nothing to say, but it can be cancelled."""
    found = [(name, act) for name, act in ACTS.items() if status in act.when]
    return [(name, act) for name, act in found if is_heard or name == "cancel"]


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def maintenance_announce(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask once, then tell readers."""
    one = maintenance_queries.maintenance_or_404(public_id)
    if request.method != "POST":
        return render_page(request, ACT, _announcing(one), part="dialog")
    planning.announce(one, by=person(request), at=now(), seen=request.POST.get("seen", ""))
    status_message(request, "Announced. Readers see it now.")
    return see(request, "incidents:maintenance", public_id)


def _announcing(one: Maintenance) -> dict[str, Any]:
    when = windows.in_words(one.starts_at, one.ends_at)
    more = " All other days of its rule are announced as well." if one.series else ""
    words = {
        "question": f"Announce “{one.title}”?",
        "consequence": f"{when}.{more} It begins and ends by itself.",
        "verb": "Announce",
    }
    seen = planning.fingerprint(one)
    return {"one": one, "act": words, "form": NothingForm(), "seen": seen, "back": one.get_absolute_url()}


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def maintenance_act(request: HttpRequest, public_id: str, act: str) -> HttpResponse:
    """Say more, verify, extend, end or cancel: each asks once."""
    one = maintenance_queries.maintenance_or_404(public_id)
    if act not in ACTS:
        raise Http404("There is no such act.")
    more = {"one": one} if ACTS[act].form is ExtendForm else {}
    answer = _ask(request, ACTS[act], one, more, back=one.get_absolute_url(), at=now())
    return answer or see(request, "incidents:maintenance", public_id)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def series_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words for all days of a rule."""
    at, series = now(), maintenance_queries.series_or_404(pk)
    initial = words_of(series)
    if request.method != "POST":
        return _rule(request, RuleForm(initial=initial, at=at, series=series), series)
    form = RuleForm(request.POST, initial=initial, at=at, series=series)
    if not form.is_valid():
        return _rule(request, form, series, status=422)
    try:
        count = planning.edit_series(series, form.wording, by=person(request), at=at, seen=form.cleaned_data["seen"])
    except Denied:
        raise
    except Conflict as conflict:
        form.add_error(None, f"{conflict.sentence} Yours is below; saving again puts it in the place of the other.")
        form.data = _with_mark(request, initial["seen"])
        return _rule(request, form, series, status=409)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _rule(request, form, series, status=422)
    status_message(request, f"Saved. {count} day{'' if count == 1 else 's'} ahead changed.")
    return see(request, "incidents:maintenances")


def _rule(request: HttpRequest, form: RuleForm, series: MaintenanceSeries, *, status: int = 200) -> HttpResponse:
    return render_page(request, PLAN, {"form": form, "series": series}, status=status)


def _with_mark(request: HttpRequest, seen: str) -> QueryDict:
    """What was typed; sent again, it replaces the other text knowingly."""
    typed = request.POST.copy()
    typed["seen"] = seen
    return typed


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def series_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a rule, after asking."""
    series = maintenance_queries.series_or_404(pk)
    answer = _ask(request, STOP, series, {}, back="/statuspage/maintenance/", at=now())
    return answer or see(request, "incidents:maintenances")


def _ask(
    request: HttpRequest, act: Act, subject: object, more: dict[str, Any], *, back: str, at: datetime
) -> HttpResponse | None:
    """The question with its form; None once it is done."""
    form = act.form(request.POST if request.method == "POST" else None, **more)
    if request.method == "POST" and form.is_valid():
        try:
            act.do(subject, **form.given, by=person(request), at=at)
        except Denied:
            raise
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, act.said)
            return None
    context = {"one": subject, "act": act, "form": form, "back": back}
    return render_page(request, ACT, context, part="dialog", status=422 if form.errors else 200)


def _plan(request: HttpRequest, form: PlanForm, one: Maintenance | None = None, *, status: int = 200) -> HttpResponse:
    return render_page(request, PLAN, {"form": form, "one": one}, status=status)
