"""One act on many checks: what was chosen is shown before anything happens, and long work shows how far it is."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from checks.catalogue import listing
from checks.catalogue.bulk import actions, queries
from checks.catalogue.bulk.acts import ACTS, Act
from checks.catalogue.bulk.forms import FORMS, GivenForm, PauseManyForm, numbers
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.bulk.queries import Choice
from checks.catalogue.list_views import filters_of
from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

ASK, PROGRESS, NEWEST = (f"checks/catalogue/bulk/{name}.html" for name in ("ask", "progress", "newest"))


@require(Role.RESPONDER)
@require_safe
def bulk_newest(request: HttpRequest) -> HttpResponse:
    """Bulk actions on checks of late, and what is under way."""
    return render_page(request, NEWEST, {"acts": queries.newest()})


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk_ask(request: HttpRequest) -> HttpResponse:
    """Show how many and which an act would touch. It changes nothing; a long choice comes by POST."""
    sent = request.POST if request.method == "POST" else request.GET
    act = ACTS.get(sent.get("act", ""))
    if act is None:
        return _choose_first(request, "Choose what to do first.")
    _require_role(request, act)
    fitting = sent.get("all")
    ids = listing.matching(filters_of(request), now()) if fitting else numbers(sent.getlist("chosen"))
    return _asked(request, act, ids, FORMS.get(act.slug, GivenForm)())


@require(Role.RESPONDER)
@require_POST
def bulk_do(request: HttpRequest) -> HttpResponse:
    """Do it to all that the page showed, or to none."""
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        return _choose_first(request, "Choose what to do first.")
    _require_role(request, act)
    ids, form, at = numbers(request.POST.getlist("chosen")), FORMS.get(act.slug, GivenForm)(request.POST), now()
    if not form.is_valid():
        return _asked(request, act, ids, form, status=422)
    try:
        begun = actions.begin(act, ids, form.given(at), by=person(request), at=at)
    except actions.BulkRefused as refusal:
        return _asked(request, act, ids, form, refusal, status=409)
    except Refused as refusal:
        return _choose_first(request, refusal.sentence)
    if begun.ended_at is None:
        return see(request, "checks:bulk-progress", begun.pk)
    status_message(request, f"{act.outcome(begun.done)}.")
    return see(request, "checks:list")


@require(Role.RESPONDER)
@require_safe
def bulk_progress(request: HttpRequest, number: int) -> HttpResponse:
    """How far an act has come. It goes on whether somebody looks or not."""
    begun = get_object_or_404(BulkAct.objects.select_related("created_by", "domain"), pk=number)
    return render_page(request, PROGRESS, {"begun": begun}, part="progress")


def _require_role(request: HttpRequest, act: Act) -> None:
    if not person(request).has_role(act.role):
        raise PermissionDenied(act.role)


def _choose_first(request: HttpRequest, sentence: str) -> HttpResponse:
    alert_message(request, sentence)
    return see(request, f"{reverse('checks:list')}?choose=1")


def _asked(
    request: HttpRequest,
    act: Act,
    ids: list[int],
    form: GivenForm | PauseManyForm,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    choice = Choice(act, queries.chosen(ids))
    if not choice.checks:
        return _choose_first(request, "Choose at least one check first.")
    context = {"choice": choice, "form": form, "refusal": refusal, "is_long": len(choice.checks) > actions.AT_ONCE}
    return render_page(request, ASK, context, status=status)
