"""Which worker runs what: each file with a browser in one, all whole portals without a browser in one, and every other
test where there is room.

Portals and browsers are the dearest things here: two workers that take turns in a file would start everything twice.
xdist has groups for this, but with this pytest their marks no longer reach it, and nothing says so.
"""

from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
PORTALS = "whole portals"


class Spread(LoadScopeScheduling):  # type: ignore[misc]
    """Units of work in this order: the portals, which take longest, then files with a browser, then single tests.

    A file that walks through a portal with a browser has a portal of its own, so it need not wait for the others.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if _says(path, "mark.browser"):
            return path
        return PORTALS if _says(path, "mark.serial") else nodeid


@cache
def _says(path: str, mark: str) -> bool:
    return mark in (ROOT / path).read_text()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """Whatever --dist says."""
    return Spread(config, log)
