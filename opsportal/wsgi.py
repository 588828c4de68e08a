"""The door: who asks, request limits, then the public page's snapshot, then Django.

Granian's main process can die without taking its workers along; asking the kernel for a signal keeps none behind
(docs/decisions/0004-serving.md).
"""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")
os.environ.setdefault("OPSPORTAL_DB_POOL", "true")
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from opsportal import env
from opsportal.degrade.posted import posted
from opsportal.limits import BodyLimit
from opsportal.proxies import TrustedProxies
from opsportal.requests import Utf8Request
from opsportal.responder import SnapshotResponder

# An address and a list of components.
READERS_MAX_BODY_BYTES = 16 * 1024


def _share_times() -> None:
    """Both web processes add their times to files in one folder, which has to be known before the library loads.

    bin/up names the folder and empties it at the start. Where it cannot be made, each process counts for itself.
    """
    folder = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(settings.DATA_DIR) / "metrics")))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]


def _django() -> WSGIHandler:
    """The house behind the door, once its keys fit."""
    handler = get_wsgi_application()
    handler.request_class = Utf8Request
    from opsportal.secrets.actions import refuse_wrong_key  # models, which need the line above

    refuse_wrong_key()
    return handler


env.refuse_weak_production()
_share_times()
application = TrustedProxies(
    BodyLimit(
        SnapshotResponder(_django(), directory=settings.SNAPSHOT_DIR, host=settings.STATUS_HOST),
        limit=settings.MAX_REQUEST_BODY_BYTES,
        below={"/api/": settings.API_MAX_BODY_BYTES, "/status/": READERS_MAX_BODY_BYTES},
        lowered=posted(Path(settings.DATA_DIR)).body_bytes,
    ),
    networks=settings.TRUSTED_PROXIES,
    scheme="https" if settings.IS_HTTPS else "http",
)
# What is loaded by now stays. Looking through it again and again for garbage cost a tenth of a request, and now and
# then one request a tenth of a second (docs/decisions/0017-fast-lists-and-search.md).
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
