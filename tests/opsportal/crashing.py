"""A portal's process whose views and threads break with everything they know in the exception's words.

Run as a program by test_logs.py: what it writes to stderr is its log, to stdout the pages it answered.
"""

# ruff: noqa: E402 - Django comes after the library that was there first

import logging
import os
import sys
import threading
import warnings
from types import ModuleType
from typing import Any, Never
from urllib.parse import quote

# A library that was there first and brought a handler of its own.
library = logging.getLogger("library")
library.addHandler(logging.StreamHandler())
library.propagate = False

os.environ["DJANGO_SETTINGS_MODULE"] = "opsportal.settings"

import django

django.setup()

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.test import Client
from django.urls import path

from opsportal.celery import app
from opsportal.urls import handler400, handler500

FORM, QUERY, HEADER, COOKIE = "form-quokka-7f3a", "query quokka/7f3a", "header-quokka-7f3a", "cookie-quokka-7f3a"


@login_not_required
def broken(request: Any) -> Never:
    """Says all that came."""
    body = request.body.decode()
    raise ValueError(f"{body} {request.POST} {request.GET} {request.COOKIES} {request.headers} {request.META}")


@app.task(name="tests.broken")
def broken_task() -> Never:
    raise ValueError(f"{dict(os.environ)} jane@example.com")


def answer_requests() -> None:
    urls: Any = ModuleType("urls_of_crashing")
    urls.urlpatterns, urls.handler400, urls.handler500 = [path("broken/", broken)], handler400, handler500
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__
    client = Client(raise_request_exception=False, headers={"X-Thing": HEADER})
    client.cookies["thing"] = COOKIE
    address = f"/broken/?q={quote(QUERY)}"
    for page in (
        client.post(address, data={"text": f"first line\r\n{FORM}"}),
        client.post(address, data={"deep": [{"text": FORM}]}, content_type="application/json"),
    ):
        print(page.status_code, page.text, page.headers)


def main() -> None:
    answer_requests()
    broken_task.apply()
    library.error("%s", dict(os.environ))
    logging.getLogger("celery.worker").error("%d", "jane@example.com")
    warnings.warn("jane@example.com", stacklevel=1)
    thread = threading.Thread(target=broken_task)
    thread.start()
    thread.join()
    broken_task()


if __name__ == "__main__":
    main()
