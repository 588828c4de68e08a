"""Screens of signing in by a link, of the first admin, and of people."""

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import Login, perform_login
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opsportal import recent
from opsportal.accounts import actions, factors, queries, sessions
from opsportal.accounts.forms import ChosenPersonForm, PersonForm, RoleForm, SetupForm
from opsportal.errors import Refused
from opsportal.htmx import render_page
from opsportal.models import LoginLink, User
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require


def link_address(view: str, token: str) -> str:
    """The full address of a one-time link, from BASE_URL and never from the request."""
    return settings.BASE_URL + reverse(view, args=[token])


@login_not_required
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The first admin chooses a name and a password."""
    at = timezone.now()
    if actions.open_link(token, LoginLink.Purpose.SETUP, at=at) is None:
        return render_page(request, "opsportal/accounts/setup.html", {"link_valid": False}, status=410)
    form = SetupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        admin = actions.create_first_admin(
            token,
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password1"],
            email=form.cleaned_data["email"],
            at=at,
        )
        return _sign_in(request, admin, "setup_link")
    status = 422 if form.is_bound else 200
    return render_page(request, "opsportal/accounts/setup.html", {"form": form, "link_valid": True}, status=status)


@login_not_required
@require_http_methods(["GET", "POST"])
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time link: looking asks for a click, the click uses it up."""
    at = timezone.now()
    link = actions.open_link(token, LoginLink.Purpose.LOGIN, at=at)
    if request.method == "POST" and link:
        try:
            used = actions.redeem(token, at=at)
        except Refused:
            link = None
        else:
            assert used.user is not None
            to = "account_set_password" if request.POST.get("then") == "password" else "incidents:now"
            return _sign_in(request, used.user, "login_link", to=to, skips_factor=used.skips_factor)
    context = {"link_valid": link is not None, "person": link.user if link else None}
    return render_page(request, "opsportal/accounts/login_link.html", context, status=200 if link else 410)


@require(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Who may do what; add somebody."""
    return _add(request) if request.method == "POST" else _people_page(request, PersonForm())


@recent_sign_in
def _add(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _people_page(request, form, status=422)
    person, token = actions.add_person(**form.cleaned_data, by=_me(request), at=timezone.now())
    return _people_page(request, PersonForm(), person=person, token=token)


def _people_page(
    request: HttpRequest, form: PersonForm, *, person: User | None = None, token: str = "", status: int = 200
) -> HttpResponse:
    everybody = list(queries.people(timezone.now()))
    their_factors = factors.factors_of(everybody)
    context = {
        "people": everybody,
        "rows": [(one, their_factors.get(one.pk, []), factors.needs_factor(one)) for one in everybody],
        "form": form,
        "roles": Role.choices,
        "can_edit": True,
        "link": link_address("accounts:login-link", token) if token else "",
        "link_person": person,
    }
    return render_page(request, "opsportal/accounts/people.html", context, status=status)


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def role(request: HttpRequest) -> HttpResponse:
    """Give somebody another role."""
    form = RoleForm(request.POST)
    if form.is_valid():
        person = form.cleaned_data["user"]
        actions.change_role(person, to=form.cleaned_data["role"], by=_me(request), at=timezone.now())
        messages.success(request, f"{person.username} is now {Role(form.cleaned_data['role']).label.lower()}.")
    else:
        messages.error(request, "Choose a person and a role from the lists.")
    return redirect("accounts:people")


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def link(request: HttpRequest) -> HttpResponse:
    """A new one-time link for somebody, shown once."""
    form = ChosenPersonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a person from the list.")
        return redirect("accounts:people")
    person = form.cleaned_data["user"]
    token = actions.offer_login(person, by=_me(request).username, at=timezone.now())
    return _people_page(request, PersonForm(), person=person, token=token)


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def deactivate(request: HttpRequest) -> HttpResponse:
    """Shut somebody out."""
    form = ChosenPersonForm(request.POST)
    if form.is_valid():
        actions.deactivate(form.cleaned_data["user"], by=_me(request), at=timezone.now())
        messages.success(request, f"{form.cleaned_data['user']} can no longer sign in.")
    return redirect("accounts:people")


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def activate(request: HttpRequest) -> HttpResponse:
    """Let somebody in again."""
    form = ChosenPersonForm(request.POST)
    if form.is_valid():
        actions.activate(form.cleaned_data["user"], by=_me(request), at=timezone.now())
        messages.success(request, f"{form.cleaned_data['user']} can sign in again.")
    return redirect("accounts:people")


@require(Role.ADMIN)
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: ways in, second factor, living sessions."""
    somebody = get_object_or_404(User, pk=pk)
    context = {
        "person": somebody,
        "factors": factors.factors_of([somebody]).get(pk, []),
        "needs_factor": factors.needs_factor(somebody),
        "sessions": sessions.living(somebody, current=request.session.session_key or ""),
    }
    return render_page(request, "opsportal/accounts/person.html", context)


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign somebody out: of one session, or everywhere."""
    somebody, chosen = get_object_or_404(User, pk=pk), request.POST.get("session", "")
    if chosen:
        is_done = sessions.end(somebody, chosen=chosen, by=_me(request))
        messages.success(request, "That session has ended." if is_done else "That session was over already.")
    else:
        own = request.session.session_key if somebody == _me(request) else ""
        count = sessions.end_all(somebody, by=_me(request), but=own or "")
        messages.success(request, f"{count} session{'' if count == 1 else 's'} of {somebody.username} ended.")
    return redirect("accounts:person", pk)


@require(Role.ADMIN)
@require_POST
@recent_sign_in
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """For a lost phone: take the second factor away and end the sessions."""
    somebody = get_object_or_404(User, pk=pk)
    factors.reset(somebody, by=_me(request))
    sessions.end_all(somebody, by=_me(request))
    messages.success(request, f"{somebody.username} has no second factor now and is signed out.")
    return redirect("accounts:person", pk)


def _sign_in(
    request: HttpRequest, person: User, way: str, *, to: str = "incidents:now", skips_factor: bool = False
) -> HttpResponse:
    """Through allauth, so that its stages (a second factor) are kept unless break-glass says otherwise."""
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    recent.remember(request, person, way)
    login = Login(user=person, redirect_url=reverse(to))
    if skips_factor:
        login.state["stages"] = {AuthenticateStage.key: {"handled": True}}
    answer: HttpResponse = perform_login(request, login)
    return answer


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
