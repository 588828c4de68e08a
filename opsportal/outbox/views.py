"""The Deliveries screens: what left and what waits, and the places it goes to."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opsportal.errors import Refused
from opsportal.htmx import render_page
from opsportal.outbox import actions, destinations, queries, ways
from opsportal.outbox.forms import BudgetForm, ChosenForm, DestinationForm, WayForm
from opsportal.outbox.models import Channel, Delivery, Destination
from opsportal.recent import is_recent, recent_sign_in
from opsportal.roles import Role, require

SHOWN = 50
SHOWN_DEAD = 200


@require(Role.VIEWER)
@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    """Queues, retries and the newest messages; what they say is for responders, addresses of people for nobody."""
    at = timezone.now()
    state = request.GET.get("state", "") if request.GET.get("state") in Delivery.State.values else ""
    # What goes to single readers is the admins' to see; everybody else has their sums on the Subscribers screen.
    with_readers = request.user.is_authenticated and request.user.has_role(Role.ADMIN)
    # Any message may be about a security incident, or was before somebody knew.
    with_words = request.user.is_authenticated and request.user.has_role(Role.RESPONDER)
    queue_rows = [one for one in queries.queues(at) if with_readers or not one.is_for_readers]
    route = request.GET.get("way", "") if request.GET.get("way") in {one.name for one in queue_rows} else ""
    dead = queries.newest(state=Delivery.State.DEAD, route=route, limit=SHOWN_DEAD, with_readers=with_readers)
    context = {
        "queues": queue_rows,
        "closed": [one for one in queue_rows if one.way.open_until],
        "dead": queries.lines(dead, at=at, with_words=with_words),
        "dead_count": queries.dead_count(with_readers=with_readers),
        "newest": queries.lines(
            queries.newest(state=state, route=route, limit=SHOWN, with_readers=with_readers),
            at=at,
            with_words=with_words,
        ),
        "states": Delivery.State.choices,
        "state": state,
        "way": route,
        "way_title": next((one.title for one in queue_rows if one.name == route), ""),
        "is_configured": bool(ways.places()),
        "with_words": with_words,
    }
    return render_page(request, "opsportal/outbox/list.html", context)


@require(Role.ADMIN)
@require_POST
def delivery_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a given-up message again."""
    actions.replay(get_object_or_404(Delivery, pk=pk), by=request.user.get_username(), at=timezone.now())
    messages.success(request, "Queued again.")
    return redirect("outbox:list")


@require(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def replay(request: HttpRequest) -> HttpResponse:
    """Replay the chosen dead letters: looking says how many, posting does it."""
    form = ChosenForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, "Choose at least one message first.")
        return redirect("outbox:list")
    chosen: list[int] = form.cleaned_data["chosen"]
    if request.method == "POST":
        done = actions.replay_chosen(chosen, by=request.user.get_username(), at=timezone.now())
        messages.success(request, f"{done.queued} queued again, {done.skipped} left alone.")
        return redirect("outbox:list")
    return render_page(request, "opsportal/outbox/replay.html", {"chosen": chosen}, part="dialog")


@require(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def destination_list(request: HttpRequest) -> HttpResponse:
    """Where messages go; add a place.

    What was typed must not be kept in the session while somebody proves who they are: an old form is dropped.
    """
    if request.method == "POST" and not is_recent(request):
        messages.error(request, "Nothing was saved: prove who you are, then type it again.")
        return redirect("outbox:destinations")
    return _destination_list(request)


@recent_sign_in
def _destination_list(request: HttpRequest) -> HttpResponse:
    form = DestinationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added, secret = destinations.add(**form.cleaned_data, by=request.user.get_username(), at=timezone.now())
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"{added.name} is added. Send a test to see that messages arrive.")
            return _destinations_page(request, DestinationForm(), added=added, secret=secret)
    return _destinations_page(request, form, status=422 if form.is_bound else 200)


def _destinations_page(
    request: HttpRequest,
    form: DestinationForm,
    *,
    added: Destination | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    tests = Delivery.objects.filter(event__startswith="test:").order_by("-created_at")[:5]
    context = {
        "queues": queries.queues(at),
        "environment": ways.of_environment(),
        "destinations": Destination.objects.order_by("name"),
        "tests": queries.lines(tests, at=at),
        "form": form,
        "added": added,
        "secret": secret,
        "is_mail_set": settings.EMAIL_CONFIGURED,
        "webhook": Channel.WEBHOOK,
    }
    return render_page(request, "opsportal/outbox/destinations.html", context, status=status)


@require(Role.ADMIN)
@require_POST
def destination_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a test message to one destination."""
    destination = get_object_or_404(Destination, pk=pk)
    destinations.test_destination(destination, by=request.user.get_username(), at=timezone.now())
    messages.success(request, "A test is queued; how it went stands below within seconds.")
    return redirect("outbox:destinations")


@require(Role.ADMIN)
@require_POST
def way_test(request: HttpRequest) -> HttpResponse:
    """Queue a test message by one of the environment's ways."""
    form = WayForm(request.POST)
    if form.is_valid():
        count = destinations.test_environment(
            form.cleaned_data["way"], by=request.user.get_username(), at=timezone.now()
        )
        messages.success(request, f"{count} test{'' if count == 1 else 's'} queued; how it went stands below.")
    return redirect("outbox:destinations")


@require(Role.ADMIN)
@require_POST
def destination_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a destination off, or on again."""
    destination = get_object_or_404(Destination, pk=pk)
    if destination.is_active:
        destinations.switch_off(destination, by=request.user.get_username(), at=timezone.now())
        messages.success(request, f"{destination.name} is off. What waited for it can be replayed later.")
    else:
        destinations.switch_on(destination, by=request.user.get_username())
        messages.success(request, f"{destination.name} is on.")
    return redirect("outbox:destinations")


@require(Role.ADMIN)
@recent_sign_in
@require_POST
def destination_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new signing secret, shown once."""
    destination = get_object_or_404(Destination, pk=pk)
    secret = destinations.renew_secret(destination, by=request.user.get_username(), at=timezone.now())
    return _destinations_page(request, DestinationForm(), added=destination, secret=secret)


@require(Role.ADMIN)
@require_POST
def way_try(request: HttpRequest) -> HttpResponse:
    """Let one message try a closed way now."""
    form = WayForm(request.POST)
    if form.is_valid():
        actions.try_way(form.cleaned_data["way"], at=timezone.now())
        messages.success(request, "One message tries it now.")
    return redirect("outbox:list")


@require(Role.ADMIN)
@require_POST
def way_budget(request: HttpRequest) -> HttpResponse:
    """Change how many messages a way may carry in a minute."""
    form = BudgetForm(request.POST)
    if form.is_valid():
        destinations.set_budget(
            form.cleaned_data["way"], per_minute=form.cleaned_data["per_minute"], by=request.user.get_username()
        )
        messages.success(request, "The budget is changed.")
    else:
        messages.error(request, "A budget is between 1 and 100,000 messages a minute.")
    return redirect("outbox:destinations")
