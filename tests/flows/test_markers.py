"""A portal whose secrets and whose people's words are marked, and that breaks under them: where do the marks go?"""

import re
import time
import urllib.error
from contextlib import suppress

import psycopg
import pytest

from tests.flows.test_deliveries import Person, sign_up
from tests.opsportal.outbox.sinks import mail_sink
from tests.portals import Portal

pytestmark = [pytest.mark.serial]

SECRETS = {
    "SECRET_KEY": "quokka-environment-secret-key-of-the-house-01",
    "SECRET_KEY_FALLBACKS": "quokka-environment-02,quokka-environment-03",
    "INTEGRATION_ENCRYPTION_KEY": "quokka-environment-04,quokka-environment-05",
    "GITHUB_TOKEN": "quokka-environment-06",
    "SSO_CLIENT_SECRET": "quokka-environment-07",
    "STRIPE_SECRET_KEY": "quokka-environment-08",
    "STRIPE_WEBHOOK_SECRET": "quokka-environment-09",
    "ZERO_TRUST_API_KEY": "quokka-environment-10",
}
ASKED = "numbat"


def alter(portal: Portal, statement: str) -> None:
    """What a bad migration would do to the tables."""
    with psycopg.connect(portal.published()["DATABASE_MIGRATE_URL"]) as connection:
        connection.execute(statement)


def declare(person: Person, word: str) -> str:
    """Declare an incident with a word in every place a request has; the page that answers, whatever its status."""
    form = {"title": f"{word} title", "summary": f"{word} summary", "severity": "SEV-2", "domain": "payments"}
    person.get("/incidents/new/")
    person.opener.addheaders = [("X-Thing", f"{word}-header")]
    try:
        return person.post(f"/incidents/new/?from={word}-query", **form)
    except urllib.error.HTTPError as problem:
        return f"{problem.code} {problem.headers} {problem.read().decode()}"


def kept_files(portal: Portal) -> str:
    """All that the portal wrote beside its servers' own files and its keys."""
    kept = {}
    for path in portal.data_dir.rglob("*"):
        with suppress(FileNotFoundError):  # a rebuilt page takes the place of the one before
            if path.relative_to(portal.data_dir).parts[0] not in {"postgres", "redis", "static"} and path.is_file():
                kept[path] = path.read_text(errors="replace")
    assert portal.data_dir / "runtime.json" in kept
    return "\n".join(kept.values())


def every_page(person: Person) -> str:
    pages = [person.get("/")]
    for address in sorted(set(re.findall(r'href="(/[a-z][^"#?]*)"', pages[0]))):
        if not address.startswith(("/static/", "/favicon")):
            pages.append(person.get(address))
    assert len(pages) > 10
    return "\n".join(pages)


def test_marked_secrets_and_words_of_a_broken_request_are_nowhere(fresh_portal, sink):
    with mail_sink() as mails:
        ways = {
            "SLACK_WEBHOOK_URL": f"{sink.url}/services/quokka-environment-11",
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "ALERT_EMAIL": "ops@example.com",
        }
        portal: Portal = fresh_portal(**SECRETS, **ways)
        person = sign_up(portal)

        alter(portal, "ALTER TABLE incidents_incident ADD CONSTRAINT never CHECK (title = '') NOT VALID")
        answered = declare(person, ASKED)
        portal.wait_for_line("Internal Server Error: /incidents/new/")
        alter(portal, "ALTER TABLE incidents_incident DROP CONSTRAINT never")

        # The same in a worker, which reads the words from the table.
        alter(portal, "ALTER TABLE opsportal_delivery ADD CONSTRAINT never CHECK (attempts = 0) NOT VALID")
        declare(person, "bilby")
        portal.wait_for_line("opsportal.deliver_due.* raised unexpected")
        alter(portal, "ALTER TABLE opsportal_delivery DROP CONSTRAINT never")
        messages = str([(one.path, one.body) for one in sink.wait_for_requests(1, within=60)])
        limit = time.monotonic() + 60
        while not mails.mails and time.monotonic() < limit:
            time.sleep(0.1)

        pages, files = every_page(person), kept_files(portal)
        portal.stop()

    assert answered.startswith("500 ")
    assert portal.log.count('violates check constraint "never"') >= 2
    assert "[removed: values]" in portal.log
    assert "bilby title" in messages and "bilby title" in str(mails.mails)  # what was promised did leave
    for name, place in {"log": portal.log, "files": files, "pages": pages, "mails": str(mails.mails)}.items():
        assert "quokka" not in place, name
        assert ASKED not in place, name
    assert ASKED not in messages
    assert ASKED not in answered
    assert "bilby" not in portal.log
