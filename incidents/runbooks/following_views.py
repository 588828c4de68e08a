"""Following a runbook on its page: begin, steps that are run in a shell or by hand, how it went."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from incidents.runbooks import following as actions
from incidents.runbooks import queries
from incidents.runbooks.forms import EndForm, SaidForm, SubjectForm
from incidents.runbooks.models import RunbookUse
from incidents.runbooks.views import RUNBOOK, context_of
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person


@require(Role.RESPONDER)
@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin, or go on with those who follow it for the same incident."""
    found, subject = queries.runbook_or_404(slug), SubjectForm(request.POST).subject_of
    return see(request, actions.begin(found, subject=subject, by=person(request), at=now()))


@require(Role.VIEWER)
@require_safe
def following(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The text that the use goes by, with what became of each step."""
    return _show(request, queries.use_or_404(queries.runbook_or_404(slug), pk))


def _show(
    request: HttpRequest,
    use: RunbookUse,
    *,
    form: EndForm | None = None,
    said: SaidForm | None = None,
    said_at: str = "",
    status: int = 200,
) -> HttpResponse:
    """`said` is what was typed at which step and place (`said_at`), when it could not be taken."""
    context = context_of(request, use.runbook, use)
    context |= {"form": form or EndForm(), "said": said, "said_at": said_at, "subject": use.subject}
    return render_page(request, RUNBOOK, context, part="steps", status=status)


@require(Role.RESPONDER)
@require_POST
def step(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse:
    """A step that was run in a shell, by its token line; or done by hand, without one."""
    use, form = queries.use_or_404(queries.runbook_or_404(slug), pk), SaidForm(request.POST)
    if form.is_valid():
        try:
            _take(use, number, form, request)
        except Refused as refusal:
            form.add_error("got", refusal.sentence)
        else:
            return see(request, f"{use.get_absolute_url()}#step-{number}")
    place = form.cleaned_data.get("place") or 0
    return _show(request, use, said=form, said_at=f"{number}-{place}", status=422)


def _take(use: RunbookUse, number: int, form: SaidForm, request: HttpRequest) -> None:
    place, by, at = form.cleaned_data["place"], person(request), now()
    if place is None:
        actions.tick(use, number=number, by=by, at=at)
    else:
        actions.say(use, number=number, place=place, got=form.cleaned_data["got"], by=by, at=at)


@require(Role.RESPONDER)
@require_POST
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say how it went."""
    use, form = queries.use_or_404(queries.runbook_or_404(slug), pk), EndForm(request.POST)
    if form.is_valid():
        try:
            actions.end(use, **form.cleaned_data, by=person(request), at=now())
        except Refused as refusal:
            form.add_error("note" if refusal.code == "NOTE_MISSING" else None, refusal.sentence)
        else:
            status_message(request, "Written down. It counts among its uses.")
            return see(request, use)
    return _show(request, use, form=form, status=422)
