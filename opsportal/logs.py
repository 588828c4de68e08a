"""Logging for the whole house: one line an event, with the request id, JSON in production.

There is one handler, so every line of every library passes the privacy guard (`redact`) before it is written.
"""

import logging
import os
import re
import sys
import threading
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

from opsportal.privacy import log_lines
from opsportal.privacy.kinds import Kind
from opsportal.privacy.log_lines import UNCHECKED, Washer

# Addresses whose last part lets somebody in.
_ONE_TIME = re.compile(r"/(setup|login-link|ping|reports)/[^/\s\"']+")
# API tokens, whole or cut short (opsportal/tokens/secret.py).
_TOKEN = re.compile(r"opsp_[0-9A-Za-z_]{1,64}")
# Made by us and from nobody's words.
_OURS = ("timestamp", "level", "logger")
_uncaught = logging.getLogger("opsportal.uncaught")


def _stand_in(kind: Kind, value: str) -> str:
    from opsportal.privacy import guard  # needs Django's settings, which load while this module does

    return guard.stand_in(kind, value)


def _count(kinds: Iterable[str]) -> None:
    from opsportal.privacy import leaks

    leaks.prevented(kinds)


_washer = Washer(log_lines.secrets_of(os.environ), _stand_in, _count)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of an event what lets its reader in or says who somebody is; a log is read by many.

    Runs last, on the exception's text too. An event that cannot be looked through keeps time, level and name only.
    """
    try:
        return _redacted(event)
    except (Exception, SystemExit):  # noqa: BLE001 - whatever it was, nothing unread is written
        kept = {key: value for key, value in event.items() if key in _OURS or key.startswith("_")}
        return {**kept, "event": UNCHECKED}


def _redacted(event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    texts = {key: _text(value) for key, value in event.items() if not _is_plain(key, value)}
    request = getattr(event.get("_record"), "request", None)
    if "exception" in texts and hasattr(request, "META"):
        texts["exception"] = log_lines.without_request(texts["exception"], request)
    if not _washer.is_clean("\n".join(f"{key}={text}" for key, text in texts.items())):
        # With its key in front: what `password` names is seen as a password.
        texts = {key: _washer.wash(f"{key}={text}").removeprefix(f"{key}=") for key, text in texts.items()}
    event.update(texts)
    return event


def _is_plain(key: str, value: Any) -> bool:
    return key in _OURS or key.startswith("_") or value is None or isinstance(value, int | float)


def _text(value: Any) -> str:
    text = log_lines.without_rows(value if isinstance(value, str) else repr(value))
    return _TOKEN.sub("opsp_[removed]", _ONE_TIME.sub(r"/\1/[removed]", text))


class _Handler(logging.StreamHandler[TextIO]):
    """The only one. A line that cannot be made says where it came from; logging's own words repeat its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        try:
            self.stream.write(f"{UNCHECKED} {record.name} {record.levelname}\n")
            self.flush()
        except (OSError, ValueError):
            return  # nobody reads any more


def configure(*, json: bool) -> None:
    """Send every logger, warning and uncaught exception through one handler on stderr. Safe to run twice."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json
        # The default traceback of structlog prints local variables, and with them secrets.
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.processors.format_exc_info,
                redact,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    _take_over()
    logging.getLogger("celery").setLevel(logging.WARNING)
    # Anybody may send any Host; the answer is 400 and needs no stack in the log.
    logging.getLogger("django.security.DisallowedHost").setLevel(logging.CRITICAL)
    # Its warnings quote errors and connections, with the host of an address that stays in the environment.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    logging.getLogger("aiohttp").setLevel(logging.WARNING)


def _take_over() -> None:
    """What libraries installed before us, and what Python would print by itself, comes to our handler."""
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers, logger.propagate = [], True
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _log_uncaught(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, problem, trace)
    else:
        _uncaught.critical("nobody caught this", exc_info=(kind, problem, trace))


def _log_uncaught_in_thread(said: threading.ExceptHookArgs) -> None:
    if said.exc_value is not None and not issubclass(said.exc_type, SystemExit):
        _uncaught.critical(
            "nobody caught this in a thread", exc_info=(said.exc_type, said.exc_value, said.exc_traceback)
        )
