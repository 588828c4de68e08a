"""The Celery application: settings measured in docs/decisions/0005-workers.md, and the schedule table."""

import os
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")

import structlog
from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_postrun, task_prerun, worker_ready, worker_shutting_down
from django.conf import settings

from opsportal import broker, env
from opsportal.ticker.thread import Job, Ticker

# What runs again and again, and how often; each task claims its period in PostgreSQL.
SCHEDULE = (
    Job("checks.tick", timedelta(seconds=1), queue="checks"),
    Job("checks.tick_slow", timedelta(seconds=5), queue="checks_slow"),
    Job("checks.roll_up", timedelta(seconds=60)),
    Job("checks.deliver_flips", timedelta(seconds=10)),
    Job("checks.work_off_all", timedelta(seconds=10)),
    Job("checks.observe", timedelta(seconds=15)),
    Job("checks.watch_budgets", timedelta(seconds=60)),
    Job("checks.compile_review", timedelta(minutes=10)),
    Job("checks.keep_operations", timedelta(seconds=30)),
    Job("incidents.react_to_all", timedelta(seconds=10)),
    Job("incidents.rebuild_snapshot", timedelta(seconds=30)),
    Job("incidents.carry_news", timedelta(seconds=10)),
    Job("incidents.tidy_subscribers", timedelta(hours=1)),
    Job("incidents.keep_alerts", timedelta(seconds=30)),
    Job("incidents.keep_drills", timedelta(seconds=5)),
    Job("incidents.keep_duties", timedelta(seconds=30)),
    Job("checks.prove_duties", timedelta(minutes=1)),
    Job("incidents.page", timedelta(seconds=10)),
    Job("incidents.keep_maintenance", timedelta(seconds=30)),
    Job("incidents.keep_runbooks", timedelta(hours=1)),
    Job("incidents.write_days", timedelta(minutes=10)),
    Job("incidents.remind", timedelta(seconds=15)),
    Job("incidents.watch_rotas", timedelta(minutes=1)),
    Job("opsportal.deliver_due", timedelta(seconds=10)),
    Job("opsportal.seal", timedelta(seconds=1)),
    Job("opsportal.export_heads", timedelta(hours=1)),
    Job("opsportal.verify_chains", timedelta(days=1)),
    Job("opsportal.end_view_as", timedelta(seconds=60)),
    Job("opsportal.forget_requests", timedelta(minutes=10)),
    Job("opsportal.forget_knocks", timedelta(hours=1)),
    Job("opsportal.post_limits", timedelta(seconds=10)),
)


def broker_url(redis_url: str) -> str:
    """Celery's form of REDIS_URL: a socket path needs redis+socket://; nothing configured means no broker."""
    if not redis_url:
        return "memory://"
    parts = urlsplit(redis_url)
    return f"redis+socket://{parts.path}" if parts.scheme == "unix" else redis_url


def transport_options(*, is_worker: bool) -> dict[str, Any]:
    """Publishers in the web process give up after two seconds; workers wait, and take lost work back in time."""
    if not is_worker:
        return {"socket_timeout": 2, "socket_connect_timeout": 2, "max_retries": 0, "retry_on_timeout": False}
    return {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
    }


broker.let_go()
app = Celery("opsportal")
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_transport_options=transport_options(is_worker=os.environ.get("OPSPORTAL_PROCESS") == "worker"),
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    task_publish_retry=False,
    task_default_queue="default",
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=45,
    task_time_limit=60,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=5000,
    worker_redirect_stdouts=False,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=8,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_consumer="opsportal.broker:ReturningConsumer",
    # A batch that runs ends and is written: its leases would keep its checks waiting for a minute.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
    task_routes={"checks.tick": {"queue": "checks"}, "checks.tick_slow": {"queue": "checks_slow"}},
)
app.autodiscover_tasks(["opsportal", "incidents", "checks"])

_tickers: list[Ticker] = []


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery would install handlers of its own; ours are set already."""


@celeryd_init.connect
def _refuse_weak_production(**_: object) -> None:
    """A worker beside a half configured production portal would act on its behalf."""
    env.refuse_weak_production()


@task_prerun.connect
def _carry_request_id(task: Any, **_: object) -> None:
    """What a request caused is found under the request's id, in the worker's lines and in its audit rows too."""
    request_id = getattr(task.request, "request_id", "") or (task.request.headers or {}).get("request_id", "")
    if request_id:
        structlog.contextvars.bind_contextvars(request_id=request_id)


@task_postrun.connect
def _drop_request_id(**_: object) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


@worker_ready.connect
def _start_ticker(**_: object) -> None:
    ticker = Ticker(SCHEDULE)
    _tickers.append(ticker)
    ticker.start()


@worker_shutting_down.connect
def _stop_ticker(**_: object) -> None:
    for ticker in _tickers:
        ticker.stop()
