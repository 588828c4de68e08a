"""Packets: the newest as a part of the calendar, and one with its lines, its word and "I have it"."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.handovers import actions, packet
from incidents.handovers.models import HandOver
from incidents.oncall.models import Rotation
from opsportal.acts import do_at_once
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy.forms import GuardedForm
from opsportal.roles import Role, require
from opsportal.signed_in import person

LIST = "incidents/handovers/list.html"
ONE = "incidents/handovers/hand_over.html"
OFFER = "incidents/handovers/offer.html"
_SHOWN = 12


class WordForm(GuardedForm):
    """What the giver wants to be known."""

    word = forms.CharField(
        required=False, max_length=2_000, label="Your note", widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What to watch, and what you would do next.",
    )  # fmt: skip


@require(Role.RESPONDER)
@require_safe
def hand_overs(request: HttpRequest) -> HttpResponse:
    """The newest packets: a page, and a part of the calendar."""
    rows = HandOver.objects.select_related("rotation", "giver", "receiver").order_by("-shift_at", "-pk")[:_SHOWN]
    at, rotas = now(), Rotation.objects.filter(ended_at=None).order_by("position", "name")
    context = {"rows": [(one, one.is_late(at)) for one in rows], "rotas": rotas}
    return render_page(request, LIST, context, part="card")


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """One packet; whoever gives it may add a word until it is taken."""
    found = get_object_or_404(HandOver.objects.select_related("rotation", "giver", "receiver"), pk=pk)
    form = WordForm(request.POST if request.method == "POST" else None, initial={"word": found.word})
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_word(found, word=form.cleaned_data["word"], by=person(request))
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Your note goes with it.")
            return see(request, "incidents:hand_over", pk)
    me = person(request)
    context = {
        "one": found,
        "items": packet.read(found.items, me),
        "form": form,
        "is_late": found.is_late(now()),
        "may_take": me == found.receiver and found.accepted_at is None,
        "may_write": me == found.giver and found.accepted_at is None,
    }
    return render_page(request, ONE, context, status=422 if form.errors else 200)


@require(Role.RESPONDER)
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """I have it."""
    found = get_object_or_404(HandOver.objects.select_related("rotation", "receiver"), pk=pk)
    return do_at_once(
        request,
        lambda: actions.take(found, by=person(request), at=now()),
        said=f"You have {found.rotation}.",
        to=reverse("incidents:hand_over", args=[pk]),
    )


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the shift over before its time."""
    rotation, form = get_object_or_404(Rotation, slug=slug, ended_at=None), WordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.offer_early(rotation, word=form.cleaned_data["word"], by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, f"{made.receiver} has the packet. You stay on call until they take it.")
            return see(request, "incidents:hand_over", made.pk)
    context = {"rota": rotation, "form": form}
    return render_page(request, OFFER, context, part="dialog", status=422 if form.errors else 200)
