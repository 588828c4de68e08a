"""What was stored under two words reads as one after the migration."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from checks.catalogue.models import Check
from checks.probes.outcome import ErrorClass
from checks.rollups import buckets
from checks.rollups.buckets import Counts
from checks.rollups.models import HourBucket

AddCheck = Callable[..., Check]


@pytest.mark.parametrize(("kind", "word"), [("redis", "out_of_bounds"), ("http", "assertion")])
def test_a_number_out_of_bounds_has_one_word_whatever_the_kind(
    add_check: AddCheck, at: datetime, kind: str, word: str
) -> None:
    check = add_check(kind=kind, last_error="assertion")
    check.flips.create(at=at, old="healthy", new="unhealthy", reason="assertion")
    hour = at.replace(minute=0, second=0)
    buckets.replace_hours([Counts(check.pk, hour, err=5, errors={"assertion": 2, "out_of_bounds": 1, "timeout": 2})])

    with connection.schema_editor() as editor:
        import_module("checks.migrations.0009_one_word_for_bounds").say_one_word(apps, editor)

    check.refresh_from_db()
    assert (check.last_error, check.flips.get().reason) == (word, word)
    errors = HourBucket.objects.get(check_id=check.pk).errors
    assert errors[word] == (3 if kind == "redis" else 2)
    assert errors["timeout"] == 2
    assert set(errors) <= set(ErrorClass)
