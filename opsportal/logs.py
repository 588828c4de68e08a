"""Logging for the whole house: one line an event, with the request id, JSON in production."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Addresses whose last part lets somebody in.
_ONE_TIME = re.compile(r"/(setup|login-link)/[^/\s\"']+")
# API tokens, whole or cut short (opsportal/tokens/secret.py).
_TOKEN = re.compile(r"opsp_[0-9A-Za-z_]{1,64}")


def hide_one_time_links(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out whatever lets its reader in, one-time addresses and API tokens; a log is read by many."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _TOKEN.sub("opsp_[removed]", _ONE_TIME.sub(r"/\1/[removed]", value))
    return event


def configure(*, json: bool) -> None:
    """Send every logger through one handler on stderr. Safe to run twice."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_one_time_links,
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        # The default traceback of structlog prints local variables, and with them secrets.
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("celery").setLevel(logging.WARNING)
    # Anybody may send any Host; the answer is 400 and needs no stack in the log.
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)
