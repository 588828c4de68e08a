"""The runbooks that come with the portal: complete, clean, linked, and true to the commands that exist."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, get_commands, load_command_class

from checks.catalogue.models import Check
from incidents.ownership.models import Domain
from incidents.runbooks import actions, links, reading
from incidents.runbooks.files import Document, shipped
from incidents.runbooks.models import Runbook, RunbookVersion
from opsportal.privacy import guard
from tests.incidents.cast import AT
from tests.incidents.runbooks.said_by_code import can_be_said, is_token

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = shipped()
ALL = pytest.mark.parametrize("document", SHIPPED, ids=lambda one: one.slug)

# What the operating documents ask for.
WANTED = {
    *("deploy-and-rollback", "database-migrations", "database-outage", "redis-outage", "cdn-outage"),
    *("payment-webhook-failures", "secret-or-key-leak", "first-time-production-set-up", "api-or-ingest-errors"),
    *("missing-env", "unexpected-exit-2", "ops-daily-unhealthy", "no-traffic-yet", "migration-gate"),
    *("db-verify-missing-dsn", "db-verify-cannot-connect", "db-verify-missing-tables", "db-verify-pending-migrations"),
    *("weekly-verification", "backup-and-restore"),
}
# Reasons that somebody is woken with; each has a runbook that opens by itself.
REASONS = {
    *("missing_env", "unexpected_exit_2", "unhealthy", "missing_dsn", "db_connect_failed", "missing_tables"),
    *("delivered_total_0", "checks_unhealthy", "checks_unknown", "checks_blocked", "pending_migrations", "db_ended_it"),
    *("plan_conflict", "migration_failed", "db_migrations_integration", "missing_migrations", "no_scratch_database"),
    *("not_live", "not_ready", "p95_too_slow", "no_body_limit", "no_batch_limit", "health_connect_failed", "too_slow"),
}
# What trouble is about, where no command has a word for it.
SUBJECTS = {"cdn", "database", "redis", "webhook", "webhooks", "secret_leak", "leak"}
# Programs of the house around the portal, which the operating documents name.
OTHERS = {"git", "kubectl", "terraform", "curl"}
# Numbers and names that the operating documents give: each stands in the text that it belongs to.
EXACT = {
    "database-migrations": ("100 ms", "200 ms", "5 seconds"),
    "database-outage": ("15 minutes", "30 to 60 minutes", "48 hours", "DB_READONLY_ENDPOINT", "-n data-plane"),
    "redis-outage": ("15 minutes", "REDIS_SECONDARY", "-n data-plane"),
    "cdn-outage": ("15 minutes", "cdn_active_provider"),
    "payment-webhook-failures": ("replay_deliveries --event-id", "STRIPE_WEBHOOK_SECRET", "payouts", "Support"),
    "secret-or-key-leak": ("sealed secret", "leak_response", "48 hours", "Revoke"),
    "api-or-ingest-errors": (
        "INGEST_MAX_BATCH_ITEMS",
        "MAX_REQUEST_BODY_BYTES",
        "X-Request-Id",
        "413 PAYLOAD_TOO_LARGE",
    ),
    "ops-daily-unhealthy": ("250 ms", "400 ms"),
    "first-time-production-set-up": ("LAUNCH_MODE=true", "SECURITY_HEADERS_ENABLED=true", "SLACK_WEBHOOK_URL"),
}


def parsed(command: str) -> None:
    """The command exists, and takes these words."""
    name, *words = shlex.split(command.replace('"$BASE_URL"', "https://ops.example.org"))
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.parse_args(words)


def test_every_procedure_of_the_operating_documents_is_there():
    assert {one.slug for one in SHIPPED} == WANTED


def test_every_reason_opens_a_runbook():
    assert {token for one in SHIPPED for token in one.tokens} >= REASONS


@ALL
def test_its_commands_exist_with_their_words(document):
    read = reading.read(document.body)

    assert read.steps
    for command in read.commands:
        for part in command.split(" | "):
            program, _, rest = part.partition(" ")
            assert program in OTHERS | {"bin/manage"}, command
            if program == "bin/manage":
                parsed(rest)


def test_a_command_that_is_none_is_found_out():
    with pytest.raises(KeyError):
        parsed("db_verifi")
    with pytest.raises(CommandError):
        parsed("db_bootstrap --wet-run")


@ALL
def test_its_expected_lines_are_said_by_the_code(document):
    lines = reading.read(document.body).expected + re.findall(r"`(\w+ status=[^`]+)`", document.body)

    assert [line for line in lines if not can_be_said(line)] == []


@pytest.mark.parametrize(
    ("line", "is_said"),
    [
        ("db_verify status=ok", True),
        ("db_verify status=fine", False),
        ("db_verifi status=ok", False),
        ("backup status=ok tables=<n>", False),
        ("policy_check status=ok checks=<n>", True),
        ("prod_verify status=ok mode=<mode>", True),
        ("ops_ci_normalize status=normalized reason=insufficient_data", True),
        ("ops_ci_normalize status=normalized reason=no_traffic", False),
    ],
)
def test_what_no_code_says_is_found_out(line, is_said):
    assert can_be_said(line) is is_said


@ALL
def test_its_reasons_are_words_of_the_code(document):
    branches = [word for step in reading.read(document.body).steps for one in step.blocks for word in one.tokens]
    named = {pair.partition("=")[2] for token in branches for pair in token.split()}

    assert sorted(one for one in named | set(document.tokens) if not is_token(one) and one not in SUBJECTS) == []


@ALL
def test_every_command_of_ours_has_its_expected_line(document):
    trials = [one for step in reading.read(document.body).steps for one in step.trials]

    assert [one.text for one in trials if one.text.startswith("bin/manage") and not one.expected] == []
    assert all(len(one.expected) <= 2 for one in trials)


@ALL
@pytest.mark.django_db
def test_its_checks_are_there_from_the_first_minute(document):
    keys = {one.text for step in reading.read(document.body).steps for one in step.trials if one.is_check}

    assert keys <= set(Check.objects.filter(is_own=True).values_list("key", flat=True))


@pytest.mark.parametrize(("slug", "words"), EXACT.items(), ids=EXACT)
def test_numbers_and_names_of_the_operating_documents_stand_there(slug, words):
    (document,) = (one for one in SHIPPED if one.slug == slug)

    assert [word for word in words if word not in document.body] == []


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
