"""How backups stand, read from what the audit log holds of them."""

from datetime import UTC, datetime, timedelta

import pytest

from opsportal.audit.models import AuditEvent
from opsportal.backup import queries
from opsportal.backup.queries import Counted

AT = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = "opsportal-20261128T020000Z.backup", "opsportal-20261129T020000Z.backup"
pytestmark = pytest.mark.django_db


def noted(act: str, name: str, ago: timedelta, result: str = "ok") -> None:
    AuditEvent.objects.create(act=f"backup.{act}", actor="shell", object=name, result=result, at=AT - ago)


def test_without_any_there_is_none_and_nothing_is_made_up():
    state = queries.state(AT)

    assert (state.fault, state.age, state.verified_at, state.is_newest_verified) == ("no_backup", None, None, False)
    assert state.sentence == "There is no backup yet."


def test_a_fresh_one_that_was_restored_on_trial_is_all_right():
    noted("take", FIRST, DAY)
    noted("take", SECOND, 7 * HOUR)
    noted("verify", SECOND, 6 * HOUR)

    state = queries.state(AT)

    assert (state.fault, state.name, state.age) == ("", SECOND, 7 * HOUR)
    assert (state.verified_at, state.is_newest_verified) == (AT - 6 * HOUR, True)
    assert state.words == "taken 7 h ago, restored on trial 6 h ago"


@pytest.mark.parametrize(
    ("acts", "fault"),
    [
        ([("take", 27 * HOUR, "ok"), ("verify", HOUR, "ok")], "backup_old"),
        ([("take", HOUR, "ok")], "never_verified"),
        ([("take", HOUR, "ok"), ("verify", 32 * DAY, "ok")], "verified_long_ago"),
        ([("take", 25 * HOUR, "ok"), ("verify", 3 * HOUR, "ok"), ("take", HOUR, "failed")], "backup_failed"),
        ([("take", 3 * HOUR, "ok"), ("verify", DAY, "ok"), ("verify", HOUR, "failed")], "verify_failed"),
        ([("take", 3 * HOUR, "failed"), ("take", 2 * HOUR, "ok"), ("verify", HOUR, "ok")], ""),
    ],
)
def test_what_is_worst_is_said(acts: list[tuple[str, timedelta, str]], fault: str):
    for act, ago, result in acts:
        noted(act, FIRST, ago, result)

    state = queries.state(AT)
    assert state.fault == fault
    assert state.words.endswith(state.sentence) is bool(state.failed)


def test_a_trial_of_an_older_file_counts_but_is_not_the_newest():
    noted("take", SECOND, 2 * HOUR)
    noted("verify", FIRST, HOUR)

    state = queries.state(AT)

    assert (state.fault, state.is_newest_verified) == ("", False)


def test_what_happened_later_is_not_known_yet():
    noted("take", FIRST, -HOUR)

    assert queries.state(AT).fault == "no_backup"


def test_a_week_is_counted_by_what_came_of_it():
    for act, ago, result in (("take", DAY, "ok"), ("take", 2 * DAY, "failed"), ("verify", DAY, "ok"),
                             ("restore", 3 * DAY, "ok"), ("take", 8 * DAY, "ok")):  # fmt: skip
        noted(act, FIRST, ago, result)

    assert queries.counted(AT - 7 * DAY, AT) == Counted(taken=1, failed=1, verified=1, verify_failed=0, restored=1)
