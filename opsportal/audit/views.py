"""The audit log's screen. Reading it is an act of its own, and leaves a line."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from opsportal.audit import actions, export, queries
from opsportal.audit.models import AuditEvent
from opsportal.audit.queries import Filters
from opsportal.audit.verification import verify_all
from opsportal.background import wake
from opsportal.htmx import render_page, see
from opsportal.privacy import leaks
from opsportal.recent import recent_sign_in
from opsportal.roles import Role, require

# Two seconds of walking on a busy machine; longer chains are walked by a worker.
AT_ONCE = 20_000
FAMILIES = (
    ("View-as", {"act": "view_as"}),
    ("Sign-in", {"act": "sign_in"}),
    ("Roles and people", {"act": "user"}),
    ("Publishing", {"act": "status_update"}),
    ("Denied", {"result": "denied"}),
)


@dataclass(frozen=True)
class Chip:
    """One click to a kind of act."""

    label: str
    query: str
    is_current: bool


@require(Role.ADMIN)
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first, and whether the record is whole."""
    filters, before = Filters.of(request.GET), _key(request.GET.get("before", ""))
    actions.record("audit.read", by=request.user.get_username(), object=filters.spoken)
    rows, older = queries.page(filters, before=before)
    chains = queries.chain_states()
    context = {
        "rows": rows,
        "filters": filters,
        "chips": _chips(filters),
        "periods": queries.PERIOD_WORDS.items(),
        "results": AuditEvent.Result.choices,
        "sources": AuditEvent.Source.choices,
        "older": filters.address(before=str(older)) if older else "",
        "newest": filters.address() if before else "",
        "chains": chains,
        "chain": next((one for one in chains if not one.is_whole), chains[0]),
        "day": queries.last_day(),
        "leaks": leaks.this_week(),
        "bound": queries.EXPORTED,
    }
    return render_page(request, "opsportal/audit/log.html", context, part="log")


@require(Role.ADMIN)
@recent_sign_in
@require_safe
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    """The rows of the filters as CSV, up to a bound, streamed."""
    filters = Filters.of(request.GET)
    actions.record("audit.export", by=request.user.get_username(), object=filters.spoken)
    response = StreamingHttpResponse(export.lines(queries.everything(filters)), content_type="text/csv; charset=utf-8")
    name = f"audit-{timezone.now():%Y%m%dT%H%M%SZ}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require(Role.ADMIN)
@require_POST
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Walk the chains now; long ones in the background."""
    by = request.user.get_username()
    if _longest_chain() > AT_ONCE:
        wake("opsportal.verify_chains_for", by=by)
        messages.success(request, "A worker walks the chains now. Look again in a minute.")
    elif all(report.is_whole for report in verify_all(by=by)):
        messages.success(request, "Verified: every chain is whole.")
    else:
        messages.error(request, "A chain is broken. The first bad row is named below.")
    return see(request, "audit:log")


def _longest_chain() -> int:
    return max((chain.seals for chain in queries.chain_states()), default=0)


def _chips(filters: Filters) -> list[Chip]:
    """All, and the kinds that people look for."""
    none = {"act": "", "result": ""}
    mine = {"act": filters.act, "result": filters.result}
    choices = [("All", none), *((label, none | asked) for label, asked in FAMILIES)]
    return [Chip(label, filters.address(**asked), mine == asked) for label, asked in choices]


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
