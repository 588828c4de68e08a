"""The application for every browser test of this folder."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.browser.application import Server, serve


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, so that it may stop it; what earlier tests counted in the cache is forgotten."""
    cache.clear()
    server = serve()
    yield server
    server.stop()
