"""Screens of what is published already, of a second person's approval, and of the rules of publishing."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from incidents.statuspage import actions, approval, corrections, queries, texts
from incidents.statuspage.models import PublicIncident, StatusUpdate
from incidents.statuspage.queries import Side
from incidents.statuspage.update_forms import CorrectionForm, RemovalForm, TextsForm
from opsportal.errors import Conflict, Denied, Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

CORRECT = "incidents/statuspage/correct.html"
REMOVE = "incidents/statuspage/remove.html"
RULES = "incidents/statuspage/rules.html"


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def update_correct(request: HttpRequest, number: int, public_id: str) -> HttpResponse:
    """Other words for a published update. Publishers may, and who has communications in this incident."""
    side = queries.side_or_404(number, person(request))
    update = queries.published_or_404(side, public_id)
    actions.require_publisher(person(request), side.incident)
    form = CorrectionForm(request.POST) if request.method == "POST" else CorrectionForm(initial={"body": update.body})
    if request.method == "POST" and form.is_valid():
        try:
            corrections.correct(update, **form.cleaned_data, by=person(request), at=now())
        except Denied:
            raise
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Corrected. Readers see that it is.")
            return see(request, "incidents:public_panel", number)
    context = {"side": side, "update": update, "form": form}
    return render_page(request, CORRECT, context, status=422 if form.errors else 200)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def update_remove(request: HttpRequest, number: int, public_id: str) -> HttpResponse:
    """Take one update away, after asking why."""
    side = queries.side_or_404(number, person(request))
    return _remove(request, side, queries.published_or_404(side, public_id))


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def public_unpublish(request: HttpRequest, number: int) -> HttpResponse:
    """Take the whole public incident away, after asking why."""
    side = queries.side_or_404(number, person(request))
    if side.public is None or not side.is_public:
        raise Refused("NOT_PUBLIC", "Readers know nothing of this incident.")
    return _remove(request, side, None)


def _remove(request: HttpRequest, side: Side, update: StatusUpdate | None) -> HttpResponse:
    form = RemovalForm(request.POST if request.method == "POST" else None)
    public = side.public
    if request.method == "POST" and form.is_valid() and public is not None:
        given = {"reason": form.cleaned_data["reason"], "by": person(request), "at": now()}
        if update is None:
            corrections.unpublish(side.incident, **given)
        else:
            corrections.remove(update, **given)
        _say_gone(request, public, update)
        return see(request, "incidents:public_panel", side.incident.number)
    context = {"side": side, "update": update, "form": form}
    return render_page(request, REMOVE, context, part="dialog", status=422 if form.errors else 200)


def _say_gone(request: HttpRequest, public: PublicIncident, update: StatusUpdate | None) -> None:
    if queries.is_gone(public, update):
        status_message(request, "Removed. It is gone from the page, the feeds and what waited to be sent.")
        return
    alert_message(
        request,
        "Removed, but the public page could not be written: readers may still see it. The portal tries every 30"
        " seconds. Check the disk of the data folder.",
    )


@require(Role.PUBLISHER)
@require_POST
def public_approve(request: HttpRequest, number: int) -> HttpResponse:
    """Say that the draft may go out; somebody else publishes it."""
    side = queries.side_or_404(number, person(request))
    if side.draft is None:
        raise Refused("NO_DRAFT", "There is no draft to approve.")
    try:
        approval.approve(side.draft, by=person(request), at=now(), seen=request.POST.get("seen", ""))
    except Denied:
        raise
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        status_message(request, "Approved. Another person publishes it.")
    return see(request, "incidents:public_panel", number)


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def publishing_rules(request: HttpRequest) -> HttpResponse:
    """The ready texts, and whether a second person is asked for."""
    form = TextsForm(request.POST) if request.method == "POST" else TextsForm.showing()
    if request.method == "POST" and form.is_valid():
        try:
            texts.save_texts(form.texts, by=person(request), at=now(), seen=form.cleaned_data["seen"])
        except Conflict as conflict:
            form.add_error(None, conflict.sentence)
            typed = request.POST.copy()
            typed["seen"] = texts.mark(texts.all_texts())  # sending it again replaces the others knowingly
            form.data = typed
            return _rules(request, form, status=409)
        status_message(request, "Saved. Drafts that are written from now on start with these words.")
        return see(request, "incidents:publishing_rules")
    return _rules(request, form, status=422 if form.errors else 200)


def _rules(request: HttpRequest, form: TextsForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "place": texts.PLACE,
        "stored": texts.all_texts() if status == 409 else {},
        "needs_approval": queries.needs_approval(),
        "is_admin": person(request).has_role(Role.ADMIN),
    }
    return render_page(request, RULES, context, status=status)


@require(Role.ADMIN)
@require_POST
def approval_rule(request: HttpRequest) -> HttpResponse:
    """Ask for a second person before every update, or no longer."""
    needed = request.POST.get("needed") == "yes"
    approval.set_needed(needed, by=person(request), at=now())
    said = "From now on a second publisher approves every update." if needed else "Updates need no approval any more."
    status_message(request, said)
    return see(request, "incidents:publishing_rules")
