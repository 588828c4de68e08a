"""What readers do: ask, confirm, choose, leave. The only public part that needs the house behind the snapshot.

No session and no CSRF token: a link is its own proof, and who only knows an address can make it be asked, nothing more.
While the database is away, what can be done later is written down.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.subscribers import actions, links, spool
from incidents.subscribers.forms import AskForm, ChoiceForm
from incidents.subscribers.models import Subscriber
from incidents.subscribers.reader_pages import answer, offer, page
from opsportal.abuse import actions as abuse
from opsportal.abuse.models import KnockCount
from opsportal.api import throttle
from opsportal.errors import Refused

# A household that subscribes a few addresses passes, a program that tries a list does not.
ASKED_A_MINUTE = 6
_AWAY = (OperationalError, InterfaceError)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The same answer for an address that is known and for one that is not."""
    if request.method != "POST":
        return page("subscribe", offer=offer(), typed={})
    form = AskForm(request.POST)
    if not form.is_valid():
        typed = {name: request.POST.get(name, "") for name in ("channel", "address", "scope")}
        typed_page = {"offer": offer(), "typed": {**typed, "components": request.POST.getlist("components")}}
        return page("subscribe", status=422, problems=_problems(form), **typed_page)
    asked = {"channel": form.cleaned_data["channel"], "address": form.cleaned_data["address"], **form.chosen}
    at = now()

    def ask() -> HttpResponse:
        if not throttle.allows(f"subscribe:{_stranger(request)}", ASKED_A_MINUTE, at=at):
            abuse.note(KnockCount.Door.READERS, request.META.get("REMOTE_ADDR", ""), at=at)
            return answer("Too many at once", "Wait a minute, then send it again.", status=429)
        actions.ask(**asked, at=at)
        return answer(
            "Almost done",
            "A message with a link is on its way to the address, if it can be reached. Open it within 24 hours and"
            " press the button there. Nothing else is sent before that.",
            "Nothing came? We write to one address once an hour at most; look among unwanted mail, too.",
        )

    return _or_keep(request, ask, "ask", asked, at=at)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing, since mail scanners look at every link; the button does."""
    try:
        pk, nonce = links.read_confirm(token)
    except Refused as refusal:
        return answer("This link does not work", refusal.sentence, status=404)
    if request.method != "POST":
        return answer("Confirm your subscription", "From then on you are told.", button="Yes, tell me")
    at = now()

    def do() -> HttpResponse:
        try:
            _, secret = actions.confirm(pk, nonce, at=at)
        except Refused as refusal:
            return answer("This link is over", refusal.sentence, status=410)
        return answer(
            "You are subscribed", "You can end it by the link in every message.", secret=secret, manage=links.manage(pk)
        )

    return _or_keep(request, do, "confirm", {"pk": pk, "nonce": nonce}, at=at)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One click of a mail program (RFC 8058), or the button of the page; twice is as good as once."""
    try:
        pk = links.read_unsubscribe(token)
    except Refused as refusal:
        return answer("This link does not work", refusal.sentence, status=404)
    if request.method != "POST":
        return answer("Unsubscribe", "Nothing more is sent, and your address is erased.", button="Unsubscribe")
    at = now()

    def do() -> HttpResponse:
        actions.end(pk, at=at)
        return _left()

    return _or_keep(request, do, "end", {"pk": pk}, at=at)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """Choose components, renew a webhook's secret, leave."""
    try:
        pk = links.read_manage(token)
    except Refused as refusal:
        return answer("This link does not work", refusal.sentence, status=404)
    reader = Subscriber.objects.filter(pk=pk).prefetch_related("components").first()
    if reader is None or reader.state not in (Subscriber.State.ACTIVE, Subscriber.State.SUSPENDED):
        return answer("This subscription has ended", "Your address is erased. You can subscribe again.", status=410)
    act = request.POST.get("act", "")
    if act == "leave":
        actions.end(pk, at=now())
        return _left()
    if act == "secret":
        return _manage(reader, secret=actions.renew_secret(pk))
    if act == "choose":
        form = ChoiceForm(request.POST)
        if not form.is_valid():
            return _manage(reader, status=422, problems=_problems(form))
        actions.choose(pk, **form.chosen)
        return _manage(Subscriber.objects.prefetch_related("components").get(pk=pk), is_saved=True)
    return _manage(reader)


def _manage(reader: Subscriber, *, status: int = 200, **words: Any) -> HttpResponse:
    chosen = [one.public_id for one in reader.components.all()]
    scope = "all" if reader.is_all else "some"
    return page("manage", status=status, reader=reader, offer=offer(), chosen=chosen, scope=scope, **words)


def _left() -> HttpResponse:
    return answer("You are unsubscribed", "Nothing more is sent, and your address is erased.")


def _or_keep(
    request: HttpRequest, do: Callable[[], HttpResponse], act: str, asked: dict[str, Any], *, at: datetime
) -> HttpResponse:
    """Do it, or write it down while the database is away and say so."""
    try:
        return do()
    except _AWAY:
        if spool.keep(act, asked, who=_stranger(request), at=at):
            return answer(
                "Written down",
                "Our database does not answer right now. What you asked is kept, encrypted, and is done as soon as it"
                " is back; you need not send it again.",
                status=202,
            )
        later = answer(
            "Please try again later", "Our database does not answer right now, and nothing was kept.", status=503
        )
        later["Retry-After"] = "300"
        return later


def _stranger(request: HttpRequest) -> str:
    return abuse.who(request.META.get("REMOTE_ADDR", ""))


def _problems(form: ChoiceForm) -> list[str]:
    return [str(sentence) for sentences in form.errors.values() for sentence in sentences]
