"""Tokens: their form, their life, and what is left of them in database and logs."""

import io
import json
import logging
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from opsportal.errors import Refused
from opsportal.logs import redact
from opsportal.models import ApiToken, AuditEvent
from opsportal.tokens import actions, scopes, secret

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def issue(user, *names, **changes) -> actions.Issued:
    words: dict[str, Any] = {
        "name": "script",
        "scopes": names or ("incidents:read",),
        "lifetime": DAY,
        "by": "cast",
        "at": AT,
    }
    return actions.issue(user, **words | changes)


# --- form -------------------------------------------------------------------------------------------------------------


def test_a_token_has_prefix_190_bits_and_a_checksum_that_scanners_can_verify():
    token = secret.generate()

    assert re.fullmatch(r"opsp_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}", token)
    assert 62**secret.RANDOM_LENGTH > 2**128
    assert secret.is_well_formed(token)
    body, _, check = token.rpartition("_")
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert sum(alphabet.index(one) * 62**place for place, one in enumerate(reversed(check))) == zlib.crc32(
        body.encode()
    )


def test_a_changed_character_anywhere_breaks_the_checksum():
    token = secret.generate()

    for place in range(len(token)):
        other = "a" if token[place] != "a" else "b"
        assert not secret.is_well_formed(token[:place] + other + token[place + 1 :])


def test_ten_thousand_tokens_differ():
    assert len({secret.generate() for _ in range(10_000)}) == 10_000


# --- life -------------------------------------------------------------------------------------------------------------


def test_a_token_is_recognised_until_its_end(responder):
    issued = issue(responder)

    assert actions.recognise(issued.text, at=AT + DAY - timedelta(seconds=1)) == issued.token
    assert actions.recognise(issued.text, at=AT + DAY) is None


def test_unknown_scopes_are_refused_and_the_known_ones_named(responder):
    with pytest.raises(Refused, match="incidents:read") as refusal:
        issue(responder, "incidents:read", "everything")

    assert refusal.value.code == "UNKNOWN_SCOPE"


def test_no_scope_is_refused(responder):
    with pytest.raises(Refused):
        issue(responder, scopes=())


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(days=-1), timedelta(days=367)])
def test_a_life_without_end_is_refused(responder, lifetime):
    with pytest.raises(Refused, match="366 days"):
        issue(responder, lifetime=lifetime)


def test_fifty_living_tokens_are_enough_for_anybody(responder):
    for _ in range(actions.LIVING_AT_MOST):
        issue(responder)

    with pytest.raises(Refused, match="Revoke one first"):
        issue(responder)


def test_last_use_is_written_once_a_minute(responder):
    issued = issue(responder)

    for seconds in (0, 1, 59, 60, 90):
        actions.recognise(issued.text, at=AT + timedelta(seconds=seconds))

    issued.token.refresh_from_db()
    assert issued.token.last_used_at == AT + timedelta(seconds=60)


def test_rotation_gives_a_successor_of_the_same_kind_and_an_end_to_the_old_one(responder):
    old = issue(responder, lifetime=30 * DAY)

    new = actions.rotate(old.token, overlap=timedelta(hours=1), by=responder, at=AT + DAY)

    old.token.refresh_from_db()
    assert old.token.expires_at == AT + DAY + timedelta(hours=1)
    assert (new.token.scopes, new.token.name, new.token.replaces) == (old.token.scopes, old.token.name, old.token)
    assert new.token.expires_at == AT + 31 * DAY
    assert actions.recognise(old.text, at=AT + DAY) and actions.recognise(new.text, at=AT + DAY)


def test_a_scope_that_is_gone_stays_behind_at_rotation(responder):
    old = issue(responder, "incidents:read").token
    ApiToken.objects.filter(pk=old.pk).update(scopes=["incidents:read", "events:write", "reports:write"])

    new = actions.rotate(old, overlap=timedelta(), by=responder, at=AT)

    assert new.token.scopes == ["incidents:read"]


def test_a_token_of_nothing_but_scopes_that_are_gone_is_made_anew(responder):
    old = issue(responder).token
    ApiToken.objects.filter(pk=old.pk).update(scopes=["events:write"])

    with pytest.raises(Refused, match="Make a new one") as refusal:
        actions.rotate(old, overlap=timedelta(), by=responder, at=AT)

    assert refusal.value.code == "SCOPES_GONE"


def test_an_overlap_of_nothing_ends_the_old_one_at_once(responder):
    old = issue(responder)

    actions.rotate(old.token, overlap=timedelta(), by=responder, at=AT)

    assert actions.recognise(old.text, at=AT) is None


def test_rotation_never_lengthens_the_old_one(responder):
    old = issue(responder)

    actions.rotate(old.token, overlap=timedelta(days=7), by=responder, at=AT)

    old.token.refresh_from_db()
    assert old.token.expires_at == AT + DAY


def test_a_token_is_rotated_once(responder):
    old = issue(responder)
    actions.rotate(old.token, overlap=timedelta(hours=1), by=responder, at=AT)

    with pytest.raises(Refused, match="successor"):
        actions.rotate(old.token, overlap=timedelta(hours=1), by=responder, at=AT)


def test_only_the_owner_or_an_admin_revokes(responder, publisher, admin):
    issued = issue(responder)

    with pytest.raises(Refused):
        actions.revoke(issued.token, by=publisher, at=AT)
    actions.revoke(issued.token, by=admin, at=AT)

    assert actions.recognise(issued.text, at=AT) is None


def test_revoking_everything_counts_and_ends_all(responder, publisher):
    texts = [issue(one).text for one in (responder, responder, publisher)]

    assert actions.revoke_all(by="shell", at=AT, user=responder) == 2
    assert actions.revoke_all(by="shell", at=AT) == 1
    assert not any(actions.recognise(text, at=AT) for text in texts)


def test_every_act_is_in_the_audit_log(responder):
    issued = issue(responder)
    new = actions.rotate(issued.token, overlap=timedelta(), by=responder, at=AT)
    actions.revoke(new.token, by=responder, at=AT)
    actions.revoke(new.token, by=responder, at=AT)
    actions.revoke_all(by="shell", at=AT)

    acts = list(AuditEvent.objects.filter(act__startswith="token.").order_by("pk").values_list("act", flat=True))
    assert acts == ["token.issue", "token.rotate", "token.revoke", "token.revoke_all"]


# --- what is left of it -----------------------------------------------------------------------------------------------


def test_no_token_reaches_the_database_or_a_log(responder, client_as, caplog):
    caplog.set_level(logging.DEBUG)
    form = {"name": "script", "scopes": ["incidents:read"], "days": "7"}
    page = client_as(responder).post("/settings/tokens/", form).content.decode()
    text = re.search(r"opsp_\w+", page)[0]  # type: ignore[index]
    program = Client(raise_request_exception=False)
    for path in ("/api/v1/me", f"/api/v1/me?token={text}", f"/api/v1/{text}", f"/api/v1/incidents/{text}"):
        program.get(path, headers={"Authorization": f"Bearer {text}"})

    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{text[5:37]}%"])
            assert cursor.fetchone()[0] == 0, table
    lines = [json.dumps(redact(None, "x", {"event": one.getMessage()})) for one in caplog.records]
    assert not any(text in line for line in lines)


def test_a_log_line_with_a_token_loses_it():
    token = secret.generate()

    cleaned = redact(None, "error", {"event": f"Bearer {token} failed", "path": f"/x/{token[:20]}"})

    assert cleaned == {"event": "Bearer opsp_[removed] failed", "path": "/x/opsp_[removed]"}


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_a_working_token_and_nothing_else_on_stdout(viewer):
    out, err = io.StringIO(), io.StringIO()

    call_command("api_token", "--user", "viewer", "--scopes", "incidents:read,checks:read", stdout=out, stderr=err)

    token = actions.recognise(out.getvalue().strip(), at=timezone.now())
    assert token is not None and token.scopes == ["incidents:read", "checks:read"]
    assert out.getvalue().strip() not in err.getvalue()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user", "nobody", "--scopes", "incidents:read"], "nobody"),
        (["--user", "viewer", "--scopes", "incidents:read,magic"], ", ".join(scopes.BY_NAME)),
        (["--user", "viewer", "--scopes", ""], ", ".join(scopes.BY_NAME)),
        (["--user", "viewer", "--scopes", "incidents:write"], "does not reach"),
        (["--user", "viewer", "--scopes", "incidents:read", "--days", "99999999999"], "366 days"),
    ],
)
def test_the_command_refuses_in_words_with_exit_1(viewer, words, said):
    out, err = io.StringIO(), io.StringIO()

    with pytest.raises(SystemExit) as end:
        call_command("api_token", *words, stdout=out, stderr=err)

    assert (end.value.code, out.getvalue()) == (1, "")
    assert said in err.getvalue()
    assert not ApiToken.objects.exists()
