"""How long requests and queries take, summed over all web processes (docs/decisions/0026-house-figures.md).

The library decides when it is loaded whether processes share their sums: wsgi.py names the folder before that.
"""

import os
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_IS_SHARED = bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
disable_created_metrics()  # type: ignore[no-untyped-call]
_registry = CollectorRegistry()
REQUESTS = Histogram(
    "opsportal_request_seconds",
    "Time until a request of staff, a program or a job was answered, by area of the portal and class of its status.",
    ["area", "status"],
    buckets=_BUCKETS,
    registry=_registry,
)
QUERIES = Histogram(
    "opsportal_query_seconds", "Time of a query while a request was answered.", buckets=_BUCKETS, registry=_registry
)
FAILED = Counter(
    "opsportal_queries_failed", "Queries that the database refused or ended while a request was answered.",
    registry=_registry,
)  # fmt: skip


class TimesMiddleware:
    """Takes the time of each request and of the queries in it. Areas and classes are few; no address is a label."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = perf_counter()
        with connection.execute_wrapper(_timed):
            response = self.get_response(request)
        match = request.resolver_match
        area = (match.namespaces[0] if match and match.namespaces else "") or "frame"
        REQUESTS.labels(area, f"{response.status_code // 100}xx").observe(perf_counter() - begun)
        return response


def _timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    begun = perf_counter()
    try:
        return execute(sql, params, many, context)
    except Exception:
        FAILED.inc()
        raise
    finally:
        QUERIES.observe(perf_counter() - begun)


def exposition() -> bytes:
    """All of it in the text format; of every process where they share a folder."""
    if not _IS_SHARED:
        return bytes(generate_latest(_registry))
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return bytes(generate_latest(together))
