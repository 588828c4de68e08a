"""The runbooks that come with the portal: complete, clean, linked, and true to the commands that exist."""

import importlib
import re
from pathlib import Path

import pytest
from django.apps import apps

from incidents.ownership.models import Domain
from incidents.runbooks import actions, links, reading
from incidents.runbooks.files import Document, shipped
from incidents.runbooks.models import Runbook, RunbookVersion
from opsportal.privacy import guard
from tests.incidents.cast import AT

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = shipped()
ALL = pytest.mark.parametrize("document", SHIPPED, ids=lambda one: one.slug)

# What the operating documents ask for.
WANTED = {
    *("deploy-and-rollback", "database-migrations", "database-outage", "redis-outage", "cdn-outage"),
    *("payment-webhook-failures", "secret-or-key-leak", "first-time-production-set-up"),
    *("missing-env", "unexpected-exit-2", "ops-daily-unhealthy", "no-traffic-yet", "migration-gate"),
    *("db-verify-missing-dsn", "db-verify-cannot-connect", "db-verify-missing-tables"),
}
# Reasons that somebody is woken with; each has a runbook that opens by itself.
REASONS = {
    *("missing_env", "unexpected_exit_2", "unhealthy", "missing_dsn", "db_connect_failed", "missing_tables"),
    *("delivered_total_0", "checks_unhealthy", "plan_conflict", "migration_failed", "db_migrations_integration"),
}
# Commands that the portal's contract names with these very lines and that docs/commands.md gets when they are built.
NAMED = {
    "db_bootstrap": {
        "db_bootstrap_dry_run status=ok migrations=<n>",
        "db_bootstrap status=ok mode=apply_migrations applied=<n> skipped=<n>",
        "db_bootstrap status=ok mode=all",
    },
    "db_verify": {"db_verify status=ok", "db_verify status=not_configured reason=missing_dsn"},
    "db_migrations_integration": {"db_migrations_integration status=ok applied=<n>"},
    "db_rollback_plan": {"db_rollback_plan status=ok reversible=<n> irreversible=<n>"},
    "prod_verify": {"prod_verify status=ok mode=dry_run"},
    "policy_check": {"policy_check status=ok checks=4"},
    "check_runtime_health": {"runtime_health status=ok"},
    "benchmark_queries": {"benchmark_queries status=ok"},
    "backup": {"backup status=ok tables=<n> rows=<n>"},
    "backup_verify": set(),
}
# Programs of the house around the portal, which the operating documents name.
OTHERS = {"git", "kubectl", "terraform", "curl"}
DOCUMENTED = (ROOT / "docs" / "commands.md").read_text()


def known_commands() -> set[str]:
    return set(re.findall(r"^## (\w+)$", DOCUMENTED, re.M)) | NAMED.keys()


def is_known(line: str) -> bool:
    """Documented to the letter, or named by the contract. `audit_verify` has its line once for both chains."""
    return line in DOCUMENTED or line in set().union(*NAMED.values())


def test_every_procedure_of_the_operating_documents_is_there():
    assert {one.slug for one in SHIPPED} == WANTED


def test_every_reason_opens_a_runbook():
    assert {token for one in SHIPPED for token in one.tokens} >= REASONS


@ALL
def test_its_commands_exist_and_its_tokens_are_theirs(document):
    read = reading.read(document.body)

    assert read.steps
    for command in read.commands:
        for part in command.split(" | "):
            program, *words = part.split()
            assert program == "bin/manage" or program in OTHERS, command
            assert program != "bin/manage" or words[0] in known_commands(), command
    assert [line for line in read.expected if not is_known(line)] == []


@ALL
def test_its_tokens_in_prose_exist_too(document):
    named = re.findall(r"`(\w+ status=[^`]+)`", document.body)

    assert [line for line in named if not is_known(line)] == []


@ALL
def test_it_may_be_stored_and_is_short_enough_for_the_checklist(document):
    assert guard.judge(document.text).word == "pass"
    assert all(len(one.title) <= 120 and len(one.command) <= 200 for one in reading.read(document.body).steps)


@ALL
@pytest.mark.django_db
def test_it_is_loaded_whole_and_its_links_live(document):
    runbook = Runbook.objects.get(slug=document.slug)

    assert actions.document_of(runbook) == document
    assert runbook.verified_at is None
    assert links.look(reading.read(runbook.body).links).dead == []
    version = RunbookVersion.objects.get(runbook=runbook)
    assert (version.number, version.document, version.by) == (1, document.text, None)
    assert not document.domain or Domain.objects.filter(slug=document.domain).exists()


@pytest.mark.django_db
def test_loading_again_adds_what_is_missing_and_touches_nothing_else(responder):
    library = importlib.import_module("incidents.migrations.0021_runbook_library")
    edited = Runbook.objects.get(slug="cdn-outage")
    draft = actions.draft_of(edited)
    mine = actions.Draft("Ours", "1. Ours", draft.domain)
    actions.change(edited, mine, seen=1, note="", by=responder, at=AT)
    before = Runbook.objects.count(), RunbookVersion.objects.count()

    library.add(apps, None)

    assert (Runbook.objects.count(), RunbookVersion.objects.count()) == before
    assert Runbook.objects.get(slug="cdn-outage").title == "Ours"


def test_files_say_the_same_as_they_are_written():
    folder = ROOT / "incidents" / "runbooks" / "library"

    assert [(folder / f"{one.slug}.md").read_text().split() for one in SHIPPED] == [one.text.split() for one in SHIPPED]
    assert all(isinstance(one, Document) for one in SHIPPED)
