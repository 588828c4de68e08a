"""Every operation with its last result, the runs of one, one run live, starting and ending one, and when it runs."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import ptag

from checks.operations import actions, plans, queries, steps
from checks.operations.forms import PlanForm, RunForm
from checks.operations.kinds import Operation
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "checks/operations/list.html"
KIND = "checks/operations/kind.html"
RUN = "checks/operations/run.html"
NEW = "checks/operations/new.html"
CANCEL = "checks/operations/cancel.html"


def _list_tag(request: HttpRequest) -> str:
    return queries.tag()


def _run_tag(request: HttpRequest, pk: int) -> str:
    return queries.shown(queries.run_or_404(pk), at=now()).tag


@require(Role.VIEWER)
@ptag(_list_tag)
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """All operations: what goes on, the last result of each, the newest runs."""
    context = {
        "rows": queries.rows(),
        "runs": queries.newest(),
        "tag": queries.tag(),
        "can_run": person(request).has_role(Role.RESPONDER),
        "form": RunForm(auto_id="start_%s", person=person(request)),
    }
    return render_page(request, LIST, context, part="live")


@require(Role.VIEWER)
@require_safe
def operation(request: HttpRequest, key: str) -> HttpResponse:
    """The runs of one operation, newest first, and when it runs by itself."""
    return _kind(request, queries.operation_or_404(key))


@require(Role.ADMIN)
@require_POST
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """Say when it runs by itself."""
    one = queries.operation_or_404(key)
    form = PlanForm(request.POST, operation=one)
    if form.is_valid():
        actions.plan(one.name, form.wish, by=person(request), at=now())
        status_message(request, f"{one.name}: {form.wish.words.lower()}.")
        return see(request, "checks:operation", one.name)
    return _kind(request, one, form)


def _kind(request: HttpRequest, one: Operation, form: PlanForm | None = None) -> HttpResponse:
    before = request.GET.get("before", "")
    runs = queries.newest(one.name, before=int(before) if before.isdecimal() else None, limit=queries.PAGE + 1)
    context = {
        "operation": one,
        "runs": runs[: queries.PAGE],
        "older": runs[queries.PAGE - 1].pk if len(runs) > queries.PAGE else None,
        "can_run": person(request).has_role(one.role),
        "plan": plans.plan_of(one.name, one.commands[0]),
        "form": form or _plan_form(request, one),
    }
    return render_page(request, KIND, context, status=422 if form else 200)


def _plan_form(request: HttpRequest, one: Operation) -> PlanForm | None:
    if not person(request).has_role(Role.ADMIN):
        return None
    now_planned = plans.plan_of(one.name, one.commands[0])
    return PlanForm(operation=one, initial=asdict(now_planned))


@require(Role.VIEWER)
@ptag(_run_tag)
@require_safe
def operation_run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run, live: its lines as they come, how far it is, who asked for it and why."""
    shown = queries.shown(queries.run_or_404(pk), at=now())
    context = {
        "shown": shown,
        "run": shown.run,
        "level": queries.level_of(shown.run),
        "can_cancel": shown.run.is_open and actions.may_cancel(shown.run, person(request)),
        "guide": steps.guide_of(shown.run),
    }
    return render_page(request, RUN, context, part="run")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Start a run, with a reason."""
    if request.method != "POST":
        return _new(request, RunForm(initial={"command": request.GET.get("command", "")}, person=person(request)))
    form = RunForm(request.POST, person=person(request))
    if form.is_valid():
        try:
            run = actions.start(**form.cleaned_data, by=person(request), at=now())
        except Refused as refusal:
            form.add_error("command", refusal.sentence)
        else:
            status_message(request, f"{run.command} is asked for.")
            return see(request, run)
    return _new(request, form)


def _new(request: HttpRequest, form: RunForm) -> HttpResponse:
    return render_page(request, NEW, {"form": form}, part="dialog", status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to end a run, and end it."""
    run = queries.run_or_404(pk)
    if request.method == "POST":
        actions.cancel(run, by=person(request), at=now())
        status_message(request, f"{run.command} is asked to end.")
        return see(request, run)
    return render_page(request, CANCEL, {"run": run}, part="dialog")
