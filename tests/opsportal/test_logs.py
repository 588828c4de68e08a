"""What a log holds: the operators' words, and nothing that lets its reader in or says who somebody is."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from opsportal import privacy
from opsportal.logs import redact
from opsportal.privacy import guard, log_lines
from opsportal.privacy.log_lines import UNCHECKED, Washer, secrets_of
from tests.opsportal.privacy import corpus
from tests.portals import ROOT

# Every name of docs/configuration.md that holds a secret, as an operator may set it.
MARKERS = {
    "SECRET_KEY": "environment-quokka-01",
    "SECRET_KEY_FALLBACKS": "environment-quokka-02,environment-quokka-03",
    "INTEGRATION_ENCRYPTION_KEY": "environment-quokka-04,environment-quokka-05",
    "POSTGRES_DSN_PROD": "postgresql://app:environment-quokka-06@db.internal/app",
    "SLACK_WEBHOOK_URL": "https://chat.internal/services/environment-quokka-07",
    "EMAIL_URL": "smtp+tls://app:environment%2Fquokka-08@mail.internal:587",
    "GITHUB_TOKEN": "environment-quokka-09",
    "SSO_CLIENT_SECRET": "environment-quokka-10",
    "STRIPE_SECRET_KEY": "environment-quokka-11",
    "STRIPE_WEBHOOK_SECRET": "environment-quokka-12",
    "ZERO_TRUST_API_KEY": "environment-quokka-13",
}


def line(**event: object) -> str:
    return json.dumps(redact(None, "error", dict(event)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("environment", [pytest.param("development", marks=pytest.mark.full), "production"])
def test_nothing_of_a_request_or_the_environment_is_left_when_a_process_breaks(environment):
    names = MARKERS | {"ENVIRONMENT": environment, "BASE_URL": "https://ops.example.com", "ALLOWED_HOSTS": "testserver"}

    broken = subprocess.run(
        [sys.executable, "-m", "tests.opsportal.crashing"],
        env=os.environ | names,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    log, pages = broken.stderr, broken.stdout
    assert pages.count("500 <!doctype html>") == 2
    assert log.count("Internal Server Error: /broken/") == 2
    assert log.count("[removed: from the request]") >= 10
    assert log.count("[removed: secret of the environment]") >= 2 * len(MARKERS)
    assert "tests.broken" in log and "nobody caught this in a thread" in log
    assert "UserWarning: user:" in log
    assert f"{UNCHECKED} celery.worker ERROR" in log
    assert "quokka" not in log + pages
    assert "jane" not in log
    if environment == "production":
        rows = [json.loads(row) for row in log.splitlines() if row.startswith("{")]
        assert [row["event"] for row in rows if row["logger"] == "opsportal.uncaught"] == [
            "nobody caught this in a thread",
            "nobody caught this",
        ]


def test_a_secret_of_the_environment_is_taken_out_in_every_spelling():
    secrets = secrets_of({"API_TOKEN": 'a/b"c\\d zebra', "DATABASE_URL": "postgresql://app:p%40ssword9@db/app"})
    spellings = [
        'a/b"c\\d zebra',
        quote('a/b"c\\d zebra', safe=""),
        json.dumps('a/b"c\\d zebra'),
        "p@ssword9",
        "p%40ssword9",
    ]

    for spelling in spellings:
        assert Washer(secrets).wash(f"it said <{spelling}>") in {
            "it said <[removed: secret of the environment]>",
            'it said <"[removed: secret of the environment]">',
        }
    assert secrets_of({"API_TOKEN": "short", "DATABASE_URL": "postgresql://app@db/app", "LANG": "en_GB.UTF-8"}) == ()


@pytest.mark.parametrize("seed", [3003, 4711])
def test_what_the_guard_sees_is_not_logged(seed):
    for one in corpus.positives(seed, each=3):
        if guard.judge(one.text).word != "pass":
            logged = json.loads(line(event=one.text, exception=f"ValueError: {one.text}"))
            assert one.text not in "".join(logged.values()), one.kind
            assert guard.judge("\n".join(logged.values())).word == "pass", (one.kind, logged)


@pytest.mark.parametrize("seed", [3003, 4711])
def test_words_of_the_trade_are_logged_as_they_are(seed):
    for one in corpus.negatives(seed):
        if one.kind in corpus.NEVER:
            assert json.loads(line(event=one.text)) == {"event": one.text}, one.kind


def test_our_own_lines_are_logged_as_they_are():
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    request_id = "6f1b2c3d-1111-4222-8333-abcdefabcdef"
    for event in (
        {"event": "answered", "method": "GET", "path": "/incidents/12/", "status": 500, "request_id": request_id},
        {"event": "chain head", "chain": "audit", "seals": 31_000, "head": digest},
        {"event": "delivery failed", "channel": "slack", "error": "timeout", "attempts": 3, "taken": None, "late": 0.5},
        {"event": f"Task opsportal.deliver_due[{request_id}] raised unexpected: OSError()"},
        {"event": "answered", "timestamp": "2026-11-21T03:12:44.000001Z", "level": "error", "logger": "opsportal.x"},
    ):  # fmt: skip
        assert redact(None, "error", dict(event)) == event


def test_what_the_name_of_a_value_says_counts():
    assert json.loads(line(event="signed in", password="hunter2hunter2")) == {
        "event": "signed in",
        "password": "[removed: password]",
    }


def test_a_database_that_refuses_a_row_does_not_repeat_it():
    trace = (
        'psycopg.errors.CheckViolation: new row violates check constraint "never"\n'
        "DETAIL:  Failing row contains (7, what a person wrote\n\nin two paragraphs).\n\n"
        "The above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n"
    )

    logged = json.loads(line(event="x", exception=trace))["exception"]

    assert "paragraphs" not in logged and "person" not in logged
    assert 'check constraint "never"' in logged and "The above exception was the direct cause" in logged


def test_what_cannot_be_looked_through_is_not_logged(monkeypatch):
    event = {"event": "all is well", "level": "info", "logger": "x", "path": "/here/"}

    monkeypatch.setattr(log_lines, "BUDGET_SECONDS", -1.0)
    assert redact(None, "info", dict(event)) == event | {"event": UNCHECKED, "path": UNCHECKED}
    monkeypatch.undo()
    monkeypatch.setenv("PRIVACY_PATTERNS_FILE", "/nowhere/at-all.toml")
    assert redact(None, "info", dict(event)) == {"event": UNCHECKED, "level": "info", "logger": "x"}
    monkeypatch.undo()
    assert UNCHECKED in line(event="a " * 40_000)


@pytest.mark.parametrize("shape", ["a@b.b.b.", "token is ", "//a:b@", "%41"])
def test_a_hostile_line_costs_little(shape):
    began = time.thread_time()
    line(event=(shape * 65_536)[:65_000])

    assert time.thread_time() - began < 1.0


def test_every_handler_of_this_process_passes_the_guard():
    loggers = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    ours = [one for one in logging.root.handlers if type(one).__module__ == "opsportal.logs"]

    assert len(ours) == 1
    writing = {one.name for one in loggers for how in one.handlers if not isinstance(how, logging.NullHandler)}
    assert writing == set()


def test_a_database_driver_does_not_warn_of_the_addresses_it_was_given():
    assert not logging.getLogger("psycopg").isEnabledFor(logging.WARNING)
    assert not logging.getLogger("psycopg.pool").isEnabledFor(logging.WARNING)


def test_the_guard_itself_never_logs():
    """It would be asked about its own line."""
    for file in Path(privacy.__path__[0]).glob("*.py"):
        assert not re.search(r"^\s*(?:import|from) (?:logging|structlog)", file.read_text(), re.MULTILINE), file
