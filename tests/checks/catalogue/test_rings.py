"""Acts on many checks and checks that stand on each other, beside other people's acts: nobody waits in a ring."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checks.catalogue import actions, code, importing
from checks.catalogue.bulk import actions as bulk
from checks.catalogue.bulk.acts import ACTS, Given
from checks.catalogue.models import Check
from incidents.alerts import actions as alerts
from incidents.alerts.models import Alert
from incidents.response.models import Incident
from opsportal.errors import Refused
from opsportal.models import User
from tests.incidents.cast import AT, fire, minutes
from tests.locking import begun, meanwhile

AddCheck = Callable[..., Check]


@pytest.fixture
def two(add_check: AddCheck) -> list[Check]:
    """Checks whose alerts passed again and wait for a person, in one room."""
    checks = [add_check(key, ends_by_hand=True) for key in ("one", "two")]
    for is_firing in (True, False):
        for check in checks:
            fire(dedup_key=check.dedup_key, joins_domain=True, ends_by_hand=True, is_firing=is_firing, at=minutes(1))
    return checks


def _archive_all(checks: list[Check], admin: User) -> None:
    bulk.begin(ACTS["archive"], [check.pk for check in checks], Given(), by=admin, at=minutes(2))


def _import_all(checks: list[Check], admin: User) -> None:
    entries = {
        check.key: {"name": check.name, "kind": "http", "domain": "frontend", "spec": check.spec} for check in checks
    }
    importing.import_checks(code.write(entries), by=admin, at=minutes(2))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("act", "ends"), [(_archive_all, "let_go"), (_import_all, "keep_to")])
def test_whoever_ends_many_alerts_waits_in_no_ring_with_who_acknowledges_one(
    act: Callable[[list[Check], User], None],
    ends: str,
    two: list[Check],
    admin: User,
    responder: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = Alert.objects.get(dedup_key=two[1].dedup_key)
    assert Incident.objects.count() == 1
    end, outcomes = getattr(alerts, ends), list[Callable[[], object]]()

    def end_and_let_another_come(*args: Any, **words: Any) -> object:
        ended = end(*args, **words)
        if not outcomes:
            outcomes.append(begun(lambda: alerts.acknowledge(later, by=responder, at=minutes(2))))
        return ended

    monkeypatch.setattr(alerts, ends, end_and_let_another_come)

    act(two, admin)

    assert not isinstance(outcomes[0](), Exception)
    assert not Alert.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_check_whose_parent_is_removed_meanwhile_is_refused_in_words(add_check: AddCheck, admin: User) -> None:
    parent = add_check("way-in", state="paused")
    settings: dict[str, Any] = {"name": "Shop", "domain": parent.domain, "parent": parent}

    removed, added = meanwhile(
        lambda: actions.remove(parent, by=admin, at=AT),
        lambda: actions.add_check(kind="http", spec=parent.spec, settings=settings, by=admin, at=AT),
    )

    assert removed is None
    assert isinstance(added, Refused) and added.code == "PARENT_REFUSED"
    assert added.sentence == "The parent check was removed a moment ago."


def test_an_import_holds_parents_before_it_adds_what_stands_on_them(add_check: AddCheck, admin: User) -> None:
    parent = add_check("way-in")
    child: dict[str, Any] = {
        "name": "Shop",
        "kind": "http",
        "domain": "frontend",
        "spec": parent.spec,
        "parent": "way-in",
    }

    with CaptureQueriesContext(connection) as seen:
        importing.import_checks(code.write({"shop": child}), by=admin, at=AT)

    said = [query["sql"] for query in seen.captured_queries]
    held = next(number for number, sql in enumerate(said) if "FOR UPDATE" in sql and "'way-in'" in sql)
    added = next(number for number, sql in enumerate(said) if sql.startswith('INSERT INTO "checks_check"'))
    assert held < added
