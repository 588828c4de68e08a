"""policy_check and its four parts: what they find, their lines, their exit codes."""

import inspect
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone

from checks.catalogue.models import Check
from checks.operations import several
from checks.operations.policies import docs_routes, schema_policy
from checks.operations.policies.finding import Finding
from checks.operations.several import Ended
from checks.slo.models import Objective
from incidents.oncall.models import Holder
from incidents.ownership.models import Domain
from opsportal.commands import Exit
from opsportal.models import User
from tests import engines
from tests.checks.operations.commands import run

AddCheck = Callable[..., Check]


def test_the_documents_of_this_version_name_its_routes() -> None:
    lines, code = run("check_docs_routes")

    assert code == 0, lines
    assert lines[-1].startswith("check_docs_routes status=ok count=")


def test_a_route_that_is_not_there_and_one_that_nobody_wrote_down_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "api.md").write_text(
        "`GET /incidents/<n>/close` and `…/status`, `/gone/<id>/`, `/status/badge.svg`, `/api/`, "
        "`/var/lib/x/`, `/api/v1/query`"
    )
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)

    lines, code = run("check_docs_routes")

    assert lines[0] == "check_docs_routes finding=unknown_route where=api.md:/gone/<id>/"
    assert "check_docs_routes finding=undocumented_route where=login/" in lines
    assert "check_docs_routes finding=undocumented_route where=api/v1/incidents/<int:number>/status" not in lines
    assert (lines[-1], code) == ("check_docs_routes status=fail reason=unknown_route", 1)
    assert docs_routes.look(tmp_path).count == 5


def test_without_documents_there_is_nothing_to_hold_routes_against(tmp_path: Path) -> None:
    assert [one.reason for one in docs_routes.look(tmp_path).findings] == ["docs_missing"]


@pytest.mark.django_db
def test_the_models_and_the_database_keep_to_the_schema_policy() -> None:
    lines, code = run("check_schema_policy")

    assert code == 0, lines
    assert lines[-1].startswith("check_schema_policy status=ok count=")


def test_without_a_database_the_migrations_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_CONFIGURED", False)

    assert run("check_schema_policy")[1] == 0
    monkeypatch.setattr(schema_policy, "_by_migrations", dict)
    lines, code = run("check_schema_policy")
    assert "check_schema_policy finding=trigger_missing where=opsportal_auditevent.append_only_row" in lines
    assert (lines[-1], code) == ("check_schema_policy status=fail reason=trigger_missing", 1)


@pytest.mark.django_db
def test_a_trigger_that_was_switched_off_and_a_time_without_zone_are_found() -> None:
    with psycopg.connect(engines.current().owner_url(), autocommit=True) as owner:
        owner.execute("ALTER TABLE opsportal_seal DISABLE TRIGGER append_only_row")
        owner.execute("ALTER TABLE checks_job ADD COLUMN left_at timestamp")
        try:
            lines, code = run("check_schema_policy")
        finally:
            owner.execute("ALTER TABLE opsportal_seal ENABLE TRIGGER append_only_row")
            owner.execute("ALTER TABLE checks_job DROP COLUMN left_at")

    assert (lines, code) == (
        [
            "check_schema_policy finding=time_without_zone where=checks_job.left_at",
            "check_schema_policy finding=trigger_missing where=opsportal_seal.append_only_row",
            "check_schema_policy status=fail reason=time_without_zone",
        ],
        1,
    )


@pytest.mark.django_db
def test_words_without_guard_and_indexes_without_a_reader_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_policy, "_OTHER_DOORS", {"incidents.page.logo": "", "opsportal.delivery.body": ""})
    monkeypatch.setattr(apps.get_model("checks", "Check")._meta.indexes[0], "name", "check_without_words")
    monkeypatch.setattr(apps.get_model("checks", "Check")._meta.indexes[1], "name", "checks_chec_is_cana_1f2e3d_idx")
    source = 'class Meta:\n  ["check_without_words"]\n  # Read\n'
    monkeypatch.setattr(inspect, "getsource", lambda _: source)

    found = schema_policy.look().findings

    assert Finding("words_without_guard", "opsportal.keptanswer.body") in found
    assert Finding("index_without_reader", "checks.check.check_without_words") in found
    assert Finding("index_unnamed", "checks.check.checks_chec_is_cana_1f2e3d_idx") in found


def test_one_version_everywhere() -> None:
    assert run("check_version_consistency") == (["check_version_consistency status=ok count=4"], 0)


def test_versions_that_differ_or_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.0.9 (unreleased)\n\n## 0.0.8\n")
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)

    assert run("check_version_consistency") == (
        [
            "check_version_consistency finding=version_missing where=pyproject:none",
            "check_version_consistency finding=versions_differ where=changelog:0.0.9",
            "check_version_consistency status=fail reason=version_missing",
        ],
        1,
    )


@pytest.fixture
def owned(db: None) -> None:
    Domain.objects.update(primary="sre-oncall", backup="be-lead")


@pytest.mark.usefixtures("owned")
def test_checks_with_owners_and_rules_that_can_come_true_are_fine(add_check: AddCheck) -> None:
    add_check("shop")

    lines, code = run("check_slo_policy")

    assert (lines, code) == ([f"check_slo_policy status=ok count={Check.objects.in_use().count()}"], 0)


@pytest.mark.usefixtures("owned")
def test_an_objective_without_policy_subject_or_budget_is_found(add_check: AddCheck) -> None:
    def promise(key: str, target: str = "99.9", **fields: object) -> None:
        facts = {"name": key, "owner": "be-lead", "policy": "We mend first.", "created_at": timezone.now()} | fields
        Objective.objects.create(key=key, target=Decimal(target), domain=Domain.objects.get(slug="backend"), **facts)

    rare, gone = add_check("rare", every_seconds=3_600), add_check("gone", archived_at=timezone.now())
    promise("a-whole", check_ref=rare, target="99.8")
    promise("b-words", policy=" ")
    promise("c-gone", check_ref=gone)
    promise("d-tight", check_ref=rare, target="99.9")
    promise("e-owner", owner="")
    promise("f-archived", policy="", archived_at=timezone.now())

    assert run("check_slo_policy") == (
        [
            "check_slo_policy finding=objective_policy_missing where=slo:b-words",
            "check_slo_policy finding=objective_subject_gone where=slo:c-gone",
            "check_slo_policy finding=objective_without_budget where=slo:d-tight",
            "check_slo_policy finding=objective_owner_missing where=slo:e-owner",
            "check_slo_policy status=fail reason=objective_policy_missing",
        ],
        1,
    )


@pytest.mark.usefixtures("owned")
def test_a_check_nobody_answers_for_and_rules_that_cannot_come_true_are_found(add_check: AddCheck) -> None:
    Domain.objects.filter(slug="frontend").update(backup="sre-oncall")
    backend = Domain.objects.get(slug="backend")
    add_check("a-shop")
    add_check("b-k", domain=backend, rule="k_of_n", fail_after=6, of_runs=5)
    add_check("c-rate", domain=backend, rule="rate", fail_share=10, ok_share=10, fail_after=2, share_minutes=10)
    # Its window is too small, so it looks back further by itself.
    add_check("d-slow", domain=backend, rule="rate", fail_after=20, every_seconds=60, share_minutes=10)
    add_check("e-rare", domain=backend, every_seconds=50_000)
    Check.objects.filter(is_own=True).delete()

    assert run("check_slo_policy") == (
        [
            "check_slo_policy finding=owner_missing where=a-shop:frontend",
            "check_slo_policy finding=rule_never_true where=b-k",
            "check_slo_policy finding=rule_turns_back_at_once where=c-rate",
            "check_slo_policy finding=too_rare_for_daily where=e-rare",
            "check_slo_policy status=fail reason=owner_missing",
        ],
        1,
    )


@pytest.mark.usefixtures("owned")
def test_two_handles_are_two_people_once_handles_are_held_at_all(add_check: AddCheck) -> None:
    add_check("a-shop")
    # The other checks of a new portal are its own, and not of this domain.
    Check.objects.filter(is_own=True).delete()
    anna, bert = (User.objects.create(username=name) for name in ("anna", "bert"))
    weak = ["check_slo_policy finding=on_call_weak where=frontend", "check_slo_policy status=fail reason=on_call_weak"]
    well = ["check_slo_policy status=ok count=1"]

    assert run("check_slo_policy") == (well, 0), "nobody holds anything in a new portal"
    Holder.objects.create(handle="sre-oncall", person=anna)
    assert run("check_slo_policy") == (weak, 1), "the backup leads to nobody"
    backup = Holder.objects.create(handle="be-lead", person=anna)
    assert run("check_slo_policy") == (weak, 1), "two handles of one person"
    backup.person = bert
    backup.save()
    assert run("check_slo_policy") == (well, 0)
    User.objects.filter(pk=bert.pk).update(is_active=False)
    assert run("check_slo_policy") == (weak, 1), "who may not sign in any more answers nothing"


def test_without_a_database_there_are_no_checks_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_CONFIGURED", False)

    assert run("check_slo_policy") == (["check_slo_policy status=not_configured reason=missing_dsn"], 0)


@pytest.mark.parametrize(
    ("last", "code", "expected"),
    [
        ("check_slo_policy status=ok count=8", Exit.OK, "policy_check status=ok checks=4"),
        (
            "check_slo_policy status=fail reason=owner_missing",
            Exit.ERROR,
            "policy_check status=fail reason=owner_missing",
        ),
    ],
)
def test_the_four_are_run_and_one_that_fails_fails_all(
    monkeypatch: pytest.MonkeyPatch, last: str, code: Exit, expected: str
) -> None:
    ran: list[str] = []

    def run_part(words: Sequence[str], **_: object) -> Ended:
        ran.extend(words)
        return Ended(code, last) if words[0] == "check_slo_policy" else Ended(Exit.OK, "")

    monkeypatch.setattr(several, "run", run_part)

    assert run("policy_check") == ([expected], int(code))
    assert ran == ["check_docs_routes", "check_schema_policy", "check_version_consistency", "check_slo_policy"]
