"""Where jobs report: no session, no form, no page. Bodies of pings are dropped unread."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from checks.jobs import actions
from checks.jobs.models import Job
from checks.probes import token_report
from opsportal.abuse.models import KnockCount
from opsportal.api import throttle
from opsportal.api.errors import ApiError, envelope

# Of one job in a minute; a job that says more says nothing new.
PINGS, REPORTS = 60, 30


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def ping(request: HttpRequest, ping: str, said: str = "0") -> HttpResponse:
    """A job starts (`start`), ends well (nothing behind its address, or 0) or badly (`fail`, or its exit code)."""
    at = timezone.now()
    try:
        job = _known(request, actions.by_ping(ping), most=PINGS)
        if said == "start":
            actions.start(job, at=at)
        else:
            actions.end(job, code=_code(said), at=at)
    except ApiError as refusal:
        words = f"{refusal.message}\n"
        return HttpResponse(words, status=refusal.status, headers={"Content-Type": "text/plain", **refusal.headers})
    return HttpResponse("OK\n", content_type="text/plain")


def _code(said: str) -> int:
    if said == "fail":
        return 1
    if not (said.isdecimal() and said.isascii() and len(said) <= 3 and int(said) <= actions.HIGHEST_EXIT):
        raise ApiError(404)
    return int(said)


@login_not_required
@csrf_exempt
@require_http_methods(["POST"])
def report(request: HttpRequest, key: str) -> HttpResponse:
    """Token lines of a job: status, reason and numbers are kept, anything else in the body is dropped."""
    try:
        job = _known(request, actions.by_key(key), most=REPORTS)
    except ApiError as refusal:
        return refusal.response()
    command = str(job.check_ref.spec.get("command") or "")
    said = token_report.parse(request.body.decode(errors="replace"), command)
    if said is None:
        return envelope(422, "NO_TOKEN_LINE", "No line says a known status, such as: nightly_export status=ok rows=12")
    actions.report(job, said, at=timezone.now())
    return JsonResponse({"status": said.status, "numbers": len(said.numbers)}, status=202)


def _known(request: HttpRequest, job: Job | None, *, most: int) -> Job:
    """404 for whoever guesses, counted against their address; 429 for a job that talks without end."""
    at = timezone.now()
    if job is None:
        throttle.count_stranger(request, at=at, door=KnockCount.Door.INTAKE)
        raise ApiError(404)
    if not throttle.allows(f"job:{job.pk}", most, at=at):
        raise ApiError(429, headers={"Retry-After": "60"})
    return job
