"""Two people in the same report at the same moment: real connections, no text is lost."""

from collections.abc import Callable

import pytest

from incidents.postmortems import actions
from incidents.postmortems.models import Postmortem
from opsportal.errors import Refused
from opsportal.models import User
from opsportal.roles import Role
from tests.incidents.cast import minutes
from tests.incidents.postmortems.conftest import TEXTS, over, written
from tests.incidents.response.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def saving(report: Postmortem, by: User, **texts: str) -> Callable[[], object]:
    seen = report.marks
    return lambda: actions.save(report, TEXTS | texts, seen=seen, by=by, at=minutes(60))


def test_of_two_texts_for_one_field_one_is_stored_and_the_other_comes_back_with_it(responder, publisher):
    report = written(over(responder), responder)

    for round_ in range(20):
        report = Postmortem.objects.get()
        results = at_once(
            saving(report, responder, summary=f"Mine {round_}"), saving(report, publisher, summary=f"Yours {round_}")
        )

        stored = Postmortem.objects.get().summary
        refused = [one for one in results if isinstance(one, actions.TextConflict)]
        assert stored in (f"Mine {round_}", f"Yours {round_}")
        assert [one.stored for one in refused] == [{"summary": stored}]


def test_texts_for_different_fields_are_both_stored(responder, publisher):
    report = written(over(responder), responder)

    results = at_once(saving(report, responder, summary="Mine"), saving(report, publisher, root_cause="Yours"))

    stored = Postmortem.objects.get()
    assert all(isinstance(one, actions.Saved) for one in results)
    assert (stored.summary, stored.root_cause, stored.version) == ("Mine", "Yours", report.version + 2)


def test_of_two_second_readers_one_signs(responder):
    report = actions.ask_review(written(over(responder), responder), by=responder, at=minutes(60))
    readers = [User.objects.add(name, Role.RESPONDER) for name in ("one", "two")]

    results = at_once(*[lambda by=by: actions.review(report, by=by, at=minutes(70)) for by in readers])

    assert [one.code for one in results if isinstance(one, Refused)] == ["POSTMORTEM_STATE"]
    assert report.incident.timeline.filter(kind="postmortem", new="reviewed").count() == 1


def test_a_report_laid_ready_by_two_workers_is_one(responder):
    incident = over(responder)

    at_once(*[lambda: actions.draft(incident, at=minutes(45)) for _ in range(4)])

    assert Postmortem.objects.count() == 1
    assert Postmortem.objects.get().lines.count() == 5
