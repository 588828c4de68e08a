"""The owner of the tables, who can do what nobody else can, and a folder of the test's own for exported heads."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests import engines


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """A connection of the schema's owner with the triggers switched off."""
    with psycopg.connect(engines.current().owner_url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection
