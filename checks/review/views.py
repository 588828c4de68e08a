"""The weekly review on a screen: its figures as they were kept, answers, notes, actions and the sign-off."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from checks.catalogue import words
from checks.review import actions, marks, queries
from checks.review.actions import Plan
from checks.review.forms import ActionForm, AnswerForm, NotesForm
from checks.review.models import Finding, Review, ReviewAction
from checks.trends import chart, isoweek
from checks.trends.chart import Chart
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "checks/review/list.html"
ONE = "checks/review/review.html"
_SIZES = (("only-phone", 340.0), ("not-phone", 560.0))


@require(Role.VIEWER)
@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """Every review, the newest first."""
    next_ = isoweek.name(isoweek.monday(now()))
    return render_page(request, LIST, {"reviews": queries.reviews(), "next": next_})


@require(Role.VIEWER)
@require_safe
def review(request: HttpRequest, week: str) -> HttpResponse:
    """One week."""
    return _page(request, queries.review_or_404(week))


def _page(request: HttpRequest, found: Review, *, status: int = 200, **given: object) -> HttpResponse:
    before, after = queries.neighbours(found)
    with_ = request.GET.get("with", "")
    other = queries.review_or_404(with_) if with_ else None
    role = person(request)
    context = {
        "one": found,
        "figures": found.figures,
        "end": found.begins + isoweek.WEEK,
        "key_figures": queries.key_figures(found, other),
        "other": other,
        "others": [one for one in queries.reviews() if one.start < found.start],
        "before": before,
        "after": after,
        "findings": queries.findings(found),
        "actions": queries.actions_of(found),
        "left": queries.left_before(found),
        "charts": _charts(found.figures),
        "today": now().date(),
        "can_write": role.has_role(Role.RESPONDER) and not found.is_signed,
        "can_finish": role.has_role(Role.RESPONDER),
        "can_sign": role.has_role(Role.PUBLISHER) and not found.is_signed,
        "answer_form": AnswerForm(auto_id="id_answer_%s"),
        "notes_form": NotesForm(initial={"notes": found.notes}),
        "action_form": ActionForm(),
        **given,
    }
    return render_page(request, ONE, context, status=status)


def _charts(figures: dict[str, Any]) -> list[tuple[str, Chart]]:
    """Failed runs over the weeks with what happened in them, for a phone and for a desk."""
    weeks = figures["weeks"]
    draw = partial(
        chart.line,
        [one["failed"] for one in weeks],
        names=[one["week"] for one in weeks],
        say=words.percent,
        happened=marks.drawn(figures),
    )
    return [(size, draw(width=width)) for size, width in _SIZES]


def _write(
    request: HttpRequest,
    week: str,
    form: forms.Form | None,
    act: Callable[[Review], object],
    said: str,
    **given: object,
) -> HttpResponse:
    """Do it and go back to the page; a refusal stands on the form, with what was typed."""
    found = queries.review_or_404(week)
    if form is not None and form.is_valid():
        try:
            act(found)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            return _page(request, queries.review_or_404(week), status=refusal.status, failed=form, **given)
        status_message(request, said)
        return see(request, found)
    return _page(request, found, status=422, failed=form, **given)


@require(Role.RESPONDER)
@require_POST
def answer(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Accept or reject one of the three."""
    finding = get_object_or_404(Finding.objects.select_related("review"), pk=pk, review=queries.review_or_404(week))
    form = AnswerForm(request.POST, auto_id="id_answer_%s")

    def act(_: Review) -> object:
        given = form.cleaned_data
        return actions.answer(
            finding, to=given["answer"], reason=given["reason"], owner=given["owner"], by=person(request), at=now()
        )

    return _write(request, week, form, act, "Answered.", answer_form=form, answering=finding.pk)


@require(Role.RESPONDER)
@require_POST
def notes(request: HttpRequest, week: str) -> HttpResponse:
    """Keep the notes."""
    form = NotesForm(request.POST)
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0

    def act(found: Review) -> object:
        return actions.note(found, notes=form.cleaned_data["notes"], seen=version, by=person(request))

    return _write(request, week, form, act, "Notes are kept.", notes_form=form)


@require(Role.RESPONDER)
@require_POST
def action_new(request: HttpRequest, week: str) -> HttpResponse:
    """Promise something."""
    form = ActionForm(request.POST)

    def act(found: Review) -> object:
        return actions.add_action(found, Plan(**form.cleaned_data), by=person(request), at=now())

    return _write(request, week, form, act, "Promised.", action_form=form)


@require(Role.RESPONDER)
@require_POST
def action_done(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """It is done."""
    found = queries.review_or_404(week)
    actions.finish_action(get_object_or_404(ReviewAction, pk=pk), by=person(request), at=now())
    status_message(request, "Done.")
    return see(request, found)


@require(Role.RESPONDER)
@require_POST
def again(request: HttpRequest, week: str) -> HttpResponse:
    """Take in what came late."""
    found = actions.compile_again(queries.review_or_404(week), by=person(request), at=now())
    status_message(request, "Compiled again.")
    return see(request, found)


@require(Role.PUBLISHER)
@require_POST
def sign(request: HttpRequest, week: str) -> HttpResponse:
    """Say that it was held, and freeze it."""
    found = actions.sign(queries.review_or_404(week), by=person(request), at=now())
    status_message(request, f"{found.week} is signed and stays as it is.")
    return see(request, found)
