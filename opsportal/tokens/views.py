"""The Tokens screen: one's own tokens, and everybody's for admins."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.models import ApiToken
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require
from opsportal.signed_in import person
from opsportal.tokens import actions, queries, scopes
from opsportal.tokens.forms import RotateForm, TokenForm

LIST = "opsportal/tokens/list.html"
ROTATE = "opsportal/tokens/rotate.html"
REVOKE = "opsportal/tokens/revoke.html"


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """What programs use in one's name; make another."""
    return _make(request) if request.method == "POST" else _show(request, TokenForm(user=person(request)))


@recent_sign_in
@sensitive_variables("issued")
def _make(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST, user=person(request))
    if not form.is_valid():
        return _show(request, form, status=422)
    chosen = form.cleaned_data
    try:
        issued = actions.issue(
            person(request),
            name=chosen["name"],
            scopes=chosen["scopes"],
            lifetime=form.lifetime,
            by=person(request).username,
            at=timezone.now(),
        )
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _show(request, form, status=422)
    return _show(request, TokenForm(user=person(request)), issued=issued)


@require(Role.RESPONDER)
@recent_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("issued")
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """A successor for one's own token; the old one goes on for a while."""
    token = _mine_or_404(request, pk)
    form = RotateForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask_rotate(request, token, form, status=422 if form.is_bound else 200)
    try:
        issued = actions.rotate(token, overlap=form.overlap, by=person(request), at=timezone.now())
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _ask_rotate(request, token, form, status=422)
    return _show(request, TokenForm(user=person(request)), issued=issued)


def _ask_rotate(request: HttpRequest, token: ApiToken, form: RotateForm, *, status: int) -> HttpResponse:
    return render_page(request, ROTATE, {"token": token, "form": form}, status=status)


@require(Role.RESPONDER)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then end a token: one's own, or anybody's for admins."""
    token = _within_reach_or_404(request, pk)
    if request.method != "POST":
        context = {"token": token, "action": reverse("tokens:revoke", args=[pk]), "back": reverse("tokens:list")}
        return render_page(request, REVOKE, context)
    actions.revoke(token, by=person(request), at=timezone.now())
    status_message(request, f"{token.name} no longer works.")
    return see(request, "tokens:list")


def _show(
    request: HttpRequest, form: TokenForm, *, issued: actions.Issued | None = None, status: int = 200
) -> HttpResponse:
    at, me = timezone.now(), person(request)
    context = {
        "form": form,
        "issued": issued,
        "rows": queries.of(me, at),
        "others": queries.of_others(me, at) if me.has_role(Role.ADMIN) else None,
        "scopes": scopes.within(me.role),
    }
    return render_page(request, LIST, context, status=status)


def _mine_or_404(request: HttpRequest, pk: int) -> ApiToken:
    token = _within_reach_or_404(request, pk)
    if token.user_id != person(request).pk:
        raise Http404("no such token")
    return token


def _within_reach_or_404(request: HttpRequest, pk: int) -> ApiToken:
    """Somebody else's token does not exist for people who are not admins."""
    token = ApiToken.objects.select_related("user").filter(pk=pk).first()
    if token is None or (token.user_id != person(request).pk and not person(request).has_role(Role.ADMIN)):
        raise Http404("no such token")
    return token
