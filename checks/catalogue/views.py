"""The form of a check and what is done to it, and the parts that other screens show; the list is in list_views.py."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import ptag

from checks.catalogue import actions, kinds, queries, trial
from checks.catalogue.forms.base import SpecForm
from checks.catalogue.forms.pausing import PauseForm
from checks.catalogue.kinds import Kind
from checks.catalogue.models import Check
from incidents.ownership.models import Domain
from opsportal.errors import Conflict, Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

FORM = "checks/catalogue/form.html"


# --- looking ----------------------------------------------------------------------------------------------------------


@require(Role.VIEWER)
@require_safe
def check_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """A domain's checks: a page of its own, and the part an incident's room shows."""
    domain = get_object_or_404(Domain, slug=slug)
    context = {"domain": domain, "rows": queries.of_domain(domain, now())}
    return render_page(request, "checks/catalogue/domain.html", context, part="rows")


def _health_tag(request: HttpRequest) -> str:
    return queries.tag(now())


@require(Role.VIEWER)
@ptag(_health_tag)
@require_safe
def check_health(request: HttpRequest) -> HttpResponse:
    """The health of everything: a page of its own, and the part the Now board shows."""
    context = {"health": queries.health(now())}
    return render_page(request, "checks/catalogue/health.html", context, part="health")


def _check(key: str) -> Check:
    return queries.check_or_404(key)


# --- defining ---------------------------------------------------------------------------------------------------------


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def check_new(request: HttpRequest) -> HttpResponse:
    """The form of a new check of one kind."""
    kind = _kind(request)
    preset = kind.form.presets.get(request.GET.get("preset", ""))
    initial = dict(preset.values) if preset else {}
    form = kind.form(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            check = actions.add_check(
                kind=kind.slug, spec=form.spec(), settings=form.settings(), by=person(request), at=now()
            )
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{check.name} is watched from now on.")
            return see(request, check)
    return _form_page(request, kind, form)


@require(Role.ADMIN)
@require_POST
def check_new_try(request: HttpRequest) -> HttpResponse:
    """Run what the form says once; nothing is saved."""
    kind = _kind(request)
    return _tried(request, kind, kind.form(request.POST))


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def check_edit(request: HttpRequest, key: str) -> HttpResponse:
    """The same form for a check that exists."""
    check = _check(key)
    kind = kinds.kind(check.kind)
    form = kind.form(request.POST if request.method == "POST" else None, check=check)
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.cleaned_data["seen"]
            actions.edit_check(
                check, spec=form.spec(), settings=form.settings(), by=person(request), at=now(), seen=seen
            )
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            typed = request.POST.copy()
            typed["seen"] = _check(key).fingerprint  # sending it again replaces the other's knowingly
            form.data = typed
            return _form_page(request, kind, form, status=409)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Saved.")
            return see(request, check)
    return _form_page(request, kind, form)


@require(Role.ADMIN)
@require_POST
def check_edit_try(request: HttpRequest, key: str) -> HttpResponse:
    """Run what the form says once; nothing is saved."""
    check = _check(key)
    kind = kinds.kind(check.kind)
    return _tried(request, kind, kind.form(request.POST, check=check))


def _kind(request: HttpRequest) -> Kind:
    return kinds.kind(request.GET.get("kind", "http"))


def _form_page(request: HttpRequest, kind: Kind, form: SpecForm, status: int = 200) -> HttpResponse:
    context = {"kind": kind, "kinds": kinds.KINDS.values(), "form": form, "check": form.check}
    return render_page(request, FORM, context, status=422 if form.errors and status == 200 else status)


def _tried(request: HttpRequest, kind: Kind, form: SpecForm) -> HttpResponse:
    check_id = form.check.pk if form.check else 0
    tried = trial.run_once(kind, form.spec(), now(), check_id=check_id) if form.is_valid() else None
    context = {"kind": kind, "kinds": kinds.KINDS.values(), "form": form, "check": form.check}
    context |= {"trial": tried, "is_trial": True}
    return render_page(request, FORM, context, part="trial", status=422 if form.errors else 200)


# --- steering ---------------------------------------------------------------------------------------------------------


@require(Role.RESPONDER)
@require_POST
def check_run(request: HttpRequest, key: str) -> HttpResponse:
    """Make its next run due now."""
    check = _check(key)
    actions.run_now(check, by=person(request), at=now())
    status_message(request, "It runs now. The result shows here in a few seconds.")
    return see(request, check)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def check_pause(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for how long and why, then stop running it."""
    check, at = _check(key), now()
    form = PauseForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _ask(request, check, "pause", form, status=422 if form.errors else 200)
    actions.pause(check, by=person(request), at=at, until=form.until(at), reason=form.cleaned_data["reason"])
    status_message(request, f"{check.name} is paused.")
    return see(request, check)


@require(Role.RESPONDER)
@require_POST
def check_resume(request: HttpRequest, key: str) -> HttpResponse:
    """Run it again."""
    check = _check(key)
    actions.resume(check, by=person(request), at=now())
    status_message(request, f"{check.name} runs again.")
    return see(request, check)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def check_archive(request: HttpRequest, key: str) -> HttpResponse:
    """Ask, then archive it; it can be restored."""
    check = _check(key)
    if request.method != "POST":
        return _ask(request, check, "archive")
    actions.archive(check, by=person(request), at=now())
    status_message(request, f"{check.name} is archived.")
    return see(request, check)


@require(Role.ADMIN)
@require_POST
def check_take_back(request: HttpRequest, key: str) -> HttpResponse:
    """Show it in the lists again, still paused."""
    check = _check(key)
    actions.take_back(check, by=person(request))
    status_message(request, f"{check.name} is restored, and paused.")
    return see(request, check)


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def check_remove(request: HttpRequest, key: str) -> HttpResponse:
    """Ask, then stop watching for good."""
    check = _check(key)
    if request.method != "POST":
        return _ask(request, check, "remove")
    actions.remove(check, by=person(request), at=now())
    status_message(request, f"{check.name} is removed.")
    return see(request, "checks:list")


def _ask(
    request: HttpRequest, check: Check, act: str, form: PauseForm | None = None, status: int = 200
) -> HttpResponse:
    context = {"check": check, "act": act, "form": form}
    return render_page(request, "checks/catalogue/confirm.html", context, part="dialog", status=status)
