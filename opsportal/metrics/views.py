"""`/metrics`: what a Prometheus server reads, by token or from an address that is allowed."""

import ipaddress

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from opsportal.metrics import house, times

_PLAIN = "text/plain; charset=utf-8"


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 while nobody was let in by METRICS_TOKEN or METRICS_NETWORKS, 401 for everybody else but those."""
    if not (settings.METRICS_TOKEN or settings.METRICS_NETWORKS):
        sentence = "No figures are given out: set METRICS_TOKEN or METRICS_NETWORKS.\n"
        return HttpResponse(sentence, status=404, content_type=_PLAIN)
    if not (_has_token(request) or _is_near(request)):
        headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse("A token is needed.\n", status=401, content_type=_PLAIN, headers=headers)
    return HttpResponse(house.exposition() + times.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    known = str(settings.METRICS_TOKEN)
    return bool(known) and kind.lower() == "bearer" and constant_time_compare(token.strip(), known)


def _is_near(request: HttpRequest) -> bool:
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)
