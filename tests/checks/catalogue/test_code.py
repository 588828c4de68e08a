"""Checks as code: what goes out comes in again to the byte, all of a file or nothing, and nothing that could act."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from checks.catalogue import code, definitions, importing
from checks.catalogue.kinds import KINDS
from checks.catalogue.models import FORMED, Check
from checks.catalogue.states import State
from incidents.models import Component, Domain
from opsportal.as_code import ImportRefused
from opsportal.audit.models import AuditEvent
from opsportal.errors import Refused
from tests.checks.catalogue.definitions import SETTINGS, SPECS, key_of

pytestmark = pytest.mark.django_db
HOOK = "https://hooks.slack.com/services/T0000AAAA/B0000AAAA/" + "abcdefghijklmnopqrstuvwx"


@pytest.fixture(autouse=True)
def folders(settings):
    settings.PROBE_FOLDERS = (Path("/srv/backups"),)


def everything() -> dict[str, dict[str, Any]]:
    """Every kind with every field, one standing on the next, and one that hears of another."""
    component, _ = Component.objects.get_or_create(name="Käse & Co", domain=Domain.objects.get(slug="backend"))
    found = {
        key_of(kind, number): {
            "name": f"Of {kind} {number}",
            "kind": kind,
            "domain": "backend",
            "component": component.name,
            **SETTINGS,
            "parent": "",
            "spec": spec,
        }
        for kind, specs in SPECS.items()
        for number, spec in enumerate(specs)
    }
    found["a-http-0"]["parent"] = "a-tcp-0"
    found["a-heartbeat-0"]["parent"] = "a-backup-age-0"  # which hears of it: no order could take one after the other
    found["a-http-1"] |= {"is_canary": True, "rule": "k_of_n"}
    return found


def one(**changes: Any) -> str:
    """A file with one small check."""
    entry = {"name": "Checkout", "kind": "http", "domain": "frontend", "spec": {"url": "https://shop.example/"}}
    return code.write({"checkout": {**entry, **changes}})


def faults(text: str, admin) -> list[tuple[str, str, str]]:
    with pytest.raises(ImportRefused) as refused:
        importing.import_checks(text, by=admin, at=timezone.now())
    return [(one.entry, one.field, one.sentence) for one in refused.value.wrong]


def test_a_definition_names_every_field_that_a_form_sets():
    named = {"spec", *definitions.FIELDS} - {"kind"}
    assert named == {name.removesuffix("_id") for name in FORMED}


def test_a_rule_that_was_stored_before_its_window_was_looked_at_comes_in_again(admin):
    importing.import_checks(one(), by=admin, at=timezone.now())
    Check.objects.filter(key="checkout").update(rule="rate", fail_after=20, share_minutes=10)
    file = importing.export()
    Check.objects.filter(key="checkout").delete()

    plan = importing.import_checks(file, by=admin, at=timezone.now())

    assert importing.export() == file
    assert plan.widened == ("checkout",)


def test_a_query_that_cannot_be_read_is_refused_by_its_line(admin):
    query = f"SELECT {'(' * 300}1{')' * 300} AS n"
    spec = {"dsn_env": "SHOP_DATABASE_URL", "query": query, "column": "n", "low": 1}

    assert faults(one(kind="sql_aggregate", spec=spec), admin) == [
        ("checkout", "spec.query", "This query is nested too deeply to be read. Write a simpler one.")
    ]


def test_every_fault_says_its_line_and_the_first_comes_first(admin, client_as):
    text = """version: 1
checks:
  fine:
    {name: Fine, kind: tcp, domain: backend, spec: {host: db.example, port: 5432}}
  Not A Key:
    name: Whatever
  shop:
    name: Shop
    kind: http
    spec:
      expect: 200-299
      url: ftp://shop.example/
    every_seconds: 7
"""
    with pytest.raises(ImportRefused) as refused:
        importing.import_checks(text, by=admin, at=timezone.now())
    page = client_as(admin).post("/checks/as-code/", {"text": text}).content.decode()

    assert [(one.line, one.entry, one.field) for one in refused.value.wrong] == [
        (5, "number 2", "key"),
        (7, "shop", "domain"),  # is missing, so it is its check's line
        (12, "shop", "spec.url"),
        (13, "shop", "every_seconds"),
    ]
    assert "Line 12: shop, spec.url" in page
    assert not Check.objects.filter(key__in=["fine", "shop"]).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_say_every_field_of_a_kind(kind):
    said = {name for spec in SPECS[kind] for name in spec}
    assert said == {*KINDS[kind].form.spec_fields, *KINDS[kind].form.derived_fields}


def test_export_import_into_an_empty_house_and_export_are_the_same_bytes(admin, at):
    text = code.write(everything())
    plan = importing.import_checks(text, by=admin, at=at)
    assert len(plan.added) == sum(map(len, SPECS.values()))
    first = importing.export()
    said, kept = (definitions.plain(yaml.safe_load(one)["checks"]) for one in (text, first))
    assert {key: kept[key] for key in said} == said

    Check.objects.filter(is_own=False).delete()
    importing.import_checks(first, by=admin, at=at)

    assert importing.export() == first


def test_the_second_time_nothing_changes_and_nothing_is_recorded(admin, at):
    importing.import_checks(code.write(everything()), by=admin, at=at)
    lines = AuditEvent.objects.count()

    for text in (code.write(everything()), importing.export()):
        plan = importing.import_checks(text, by=admin, at=at + timedelta(hours=1))
        assert (plan.added, plan.changed) == ((), ())

    assert AuditEvent.objects.count() == lines


def test_a_rehearsal_says_what_would_happen_and_nothing_stays(admin, at, django_capture_on_commit_callbacks):
    importing.import_checks(one(), by=admin, at=at)
    before, lines = importing.export(), AuditEvent.objects.count()
    changed = one(fail_after=5, spec={"url": "https://shop.example/pay", "expect": "200-299"})
    text = (
        changed + "  another:\n    {name: Another, kind: tcp, domain: backend, spec: {host: db.example, port: 5432}}\n"
    )

    with django_capture_on_commit_callbacks() as woken:
        plan = importing.rehearse(text, by=admin, at=at)

    assert plan.added == ("another",)
    assert [(turn.field, turn.old, turn.new) for turn in plan.changed[0].turns] == [
        ("fail_after", "3", "5"),
        ("spec.url", "https://shop.example/", "https://shop.example/pay"),
    ]
    assert plan.beside == Check.objects.filter(is_own=True).count()
    assert (importing.export(), AuditEvent.objects.count(), woken) == (before, lines, [])


def test_a_change_keeps_history_state_and_pause(admin, add_check, at):
    check = add_check(state=State.PAUSED, pause_reason="Moves house", fail_after=3)

    importing.import_checks(one(name="Checkout page"), by=admin, at=at)

    after = Check.objects.get(key="checkout")
    assert (after.pk, after.name, after.state, after.pause_reason) == (
        check.pk,
        "Checkout page",
        State.PAUSED,
        "Moves house",
    )


def test_one_wrong_entry_refuses_all_and_every_fault_is_named(admin):
    entries: dict[str, dict[str, Any]] = {
        "good": {"name": "Good", "kind": "tcp", "domain": "backend", "spec": {"host": "db.example", "port": 1}},
        "below": {
            "name": "Below",
            "kind": "tcp",
            "domain": "backend",
            "parent": "bad",
            "spec": {"host": "db.example", "port": 2},
        },
        "bad": {
            "name": "Bad",
            "kind": "http",
            "domain": "nowhere",
            "severity": "SEV-9",
            "component": "None such",
            "spec": {"url": "http://10.0.0.1/"},
        },
        "odd": {"name": "Odd", "kind": "ftp", "colour": "red", "domain": "backend"},
        "shapes": {
            "name": ["x"],
            "kind": "http",
            "domain": "backend",
            "is_daily": "perhaps",
            "spec": {"url": {"a": "b"}, "headers": "Authorization: CHECK_X", "ceiling": 3},
        },
        "lonely": {
            "name": "Lonely",
            "kind": "tcp",
            "domain": "backend",
            "parent": "nobody",
            "spec": {"host": "db.example", "port": 3},
        },
        "twofold": {
            "name": "Twofold",
            "kind": "tcp",
            "domain": ["backend"],
            "spec": {"host": "db.example", "port": 70000, "colour": "red"},
        },
        "Capital": {"name": "x"},
        "new": {"name": "x"},
    }

    found = faults(code.write(entries), admin)

    assert {(entry, name) for entry, name, _ in found} == {
        ("bad", "domain"),
        ("bad", "severity"),
        ("bad", "component"),
        ("bad", "spec.url"),
        ("odd", "kind"),
        ("odd", "colour"),
        ("shapes", "name"),
        ("shapes", "is_daily"),
        ("shapes", "spec.url"),
        ("shapes", "spec.headers"),
        ("shapes", "spec.ceiling"),
        ("lonely", "parent"),
        ("twofold", "domain"),
        ("twofold", "spec.port"),
        ("twofold", "spec.colour"),
        ("number 1", "key"),
        ("number 6", "key"),
    }
    assert ("bad", "severity", "Write one of: SEV-1, SEV-2, SEV-3.") in found
    assert not Check.objects.filter(is_own=False).exists()
    assert not AuditEvent.objects.filter(act__startswith="check.").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": HOOK}, "name"),
        ({"spec": {"url": HOOK}}, "spec.url"),
        ({"spec": {"url": "https://shop.example/", "keyword": HOOK}}, "spec.keyword"),
        ({"spec": {"url": "https://shop.example/", "headers": {"Authorization": HOOK}}}, "spec.headers"),
        ({"severity": HOOK}, "severity"),
        ({"parent": HOOK}, "parent"),
    ],
)
def test_a_secret_is_refused_wherever_it_stands_and_is_not_repeated(client_as, admin, changes, field):
    answer = client_as(admin).post("/checks/as-code/", {"text": one(**changes), "act": "import"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"checkout, {field}" in page
    assert "abcdefghijklmnopqrstuvwx" not in page
    assert not Check.objects.filter(key="checkout").exists()


@pytest.mark.parametrize(
    ("before", "changes", "field"),
    [
        ({}, {"kind": "tcp", "spec": {"host": "db.example", "port": 1}}, "kind"),
        (
            {},
            {"spec": {"url": "https://shop.example/", "artifact_of": "backend", "json_path": "v"}},
            "spec.artifact_of",
        ),
        ({}, {"spec": {"url": "https://shop.example/", "is_last_good": "true"}}, "spec.is_last_good"),
        ({}, {"is_canary": True, "parent": "portal-live"}, "parent"),
        ({}, {"parent": "checkout"}, "parent"),
        ({}, {"every_seconds": 61}, "every_seconds"),
    ],
)
def test_what_a_form_would_refuse_or_drop_is_refused(admin, at, before, changes, field):
    importing.import_checks(one(**before), by=admin, at=at)

    assert [name for _, name, _ in faults(one(**changes), admin)] == [field]


def test_what_a_mode_does_not_use_is_said_and_not_dropped(admin):
    spec = {"mode": "rate", "url": "https://shop.example/", "within": 9, "bytes": 4096}

    assert [name for _, name, _ in faults(one(kind="limit_guard", spec=spec), admin)] == ["spec.bytes"]


def test_the_portals_own_checks_keep_what_they_look_at_and_take_other_thresholds(admin, at):
    exported = yaml.safe_load(importing.export())["checks"]
    own = exported["portal-disk"]

    importing.import_checks(code.write({"portal-disk": {**own, "fail_after": 7}}), by=admin, at=at)
    assert Check.objects.get(key="portal-disk").fail_after == 7
    wrong = {**own, "name": "Mine", "spec": {**own["spec"], "ceiling": 99}}
    assert [name for _, name, _ in faults(code.write({"portal-disk": wrong}), admin)] == ["name", "spec"]


def test_what_was_put_away_is_in_no_file_and_is_not_changed_by_one(admin, add_check, at):
    add_check(archived_at=at, state=State.PAUSED)

    assert "checkout" not in yaml.safe_load(importing.export())["checks"]
    assert [sentence for _, _, sentence in faults(one(), admin)] == [
        "Under this key is an archived check. Restore it first."
    ]


def test_parents_may_turn_round_in_one_file(admin, at):
    upper = {"name": "A", "kind": "tcp", "domain": "backend", "spec": {"host": "a.example", "port": 1}}
    lower = {**upper, "name": "B", "parent": "aa"}
    importing.import_checks(code.write({"aa": upper, "bb": lower}), by=admin, at=at)

    importing.import_checks(
        code.write({"aa": {**upper, "parent": "bb"}, "bb": {**lower, "parent": ""}}), by=admin, at=at
    )

    assert dict(Check.objects.filter(is_own=False).values_list("key", "parent__key")) == {"aa": "bb", "bb": None}
    circle = code.write({"aa": {**upper, "parent": "bb"}, "bb": {**lower, "parent": "aa"}})
    assert [(entry, name) for entry, name, _ in faults(circle, admin)] == [("bb", "parent")]


BOMB = "version: 1\nchecks:\n  a: &a [x, x]\n  b: &b [*a, *a]\n  c: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "Line 3: anchors"),
        ("version: 1\nchecks: !!python/object/apply:os.system [id]\n", "Line 2: anchors"),
        ("version: 1\nchecks: {a: !!binary aGk=}\n", "Line 2: anchors"),
        ("version: 1\nchecks:\n  a: " + "[" * 5000 + "]" * 5000 + "\n", "lies so deep"),
        ("version: 1\nchecks: {}\n---\nversion: 1\n", "a second document"),
        ("version: 1\nchecks:\n  a: {name: x, name: y}\n", "Line 3: this name stands"),
        ("version: 1\nchecks:\n  ? [a, b]\n  : c\n", "a name is one word"),
        ("version: 1\nchecks: [a\n", "not YAML, line"),
        ("version: 1\nchecks: {a: \x00}\n", "not YAML"),
        ('version: 1\nchecks:\n  "a\\0": {}\n', "Line 3: a NUL"),
        ('version: 1\nchecks:\n  a: {name: "\\0"}\n', "Line 3: a NUL"),
        ("version: 1\nchecks: {\ud800: {}}\n", "not a text in UTF-8"),
        ("version: 2\nchecks: {a: {}}\n", "reads version 1"),
        ("version: 1\nchecks:\n", "There is none"),
        ("version: 1\nchecks: []\n", "There is none"),
        ("checks: {a: {}}\n", "Write version: 1"),
        ("version: 1\nchecks: {}\nmore: 1\n", "nothing beside them"),
        ("just words\n", "Write version: 1"),
        ("", "Write version: 1"),
        (b"\xff\xfe\xff", "UTF-8"),
        ("x" * (code.MOST_BYTES + 1), "4 MiB at most"),
        ("version: 1\nchecks:\n" + "".join(f"  k{n}: {{}}\n" for n in range(code.MOST_CHECKS + 1)), "5000 checks"),
    ],
)
def test_what_is_no_plain_file_of_checks_is_refused_in_a_sentence(admin, text, words):
    with pytest.raises(Refused, match=words):
        importing.rehearse(text, by=admin, at=timezone.now())


@pytest.mark.parametrize(
    "text",
    [
        *("null", "~", "true", "no", "1e3", "0o17", "1_000", "2026-11-21", "=", "<<", "- a", "a: b", "# a", "&a", "*a"),
        *(
            "'\"",
            "a\nb",
            "a\n\n b \n",
            " a",
            "a ",
            "a\tb",
            "\\",
            "ü ☃ 🙂",
            "a\u2028b",
            "%a",
            "@a",
            "`a",
            "a\r\nb",
            "a\x85b",
        ),
    ],
)
def test_every_text_comes_back_as_it_was(text):
    entry = {"a": {"name": text, "spec": {"query": text}}}

    assert code.read(code.write(entry)) == entry


def test_an_admin_looks_first_and_then_imports(client_as, admin, responder):
    browser = client_as(admin)
    exported = browser.get("/checks/as-code/export/")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="checks.yaml"'
    assert exported.content.decode() == importing.export()

    looked = browser.post("/checks/as-code/", {"file": SimpleUploadedFile("c.yaml", one().encode())})
    assert "1 added, 0 changed, 0 left" in looked.content.decode()
    assert not Check.objects.filter(key="checkout").exists()
    again = looked.context["form"].initial["text"]
    done = browser.post("/checks/as-code/", {"text": again.replace("\n", "\r\n"), "act": "import"})

    assert done["Location"] == "/checks/"
    assert Check.objects.get(key="checkout").spec == {"url": "https://shop.example/", "expect": "200-299"}
    said = AuditEvent.objects.filter(act__startswith="check.").order_by("pk").values_list("act", "object")
    assert list(said) == [("check.add", "checkout"), ("check.import", "1 added, 0 changed")]
    assert client_as(responder).get("/checks/as-code/").status_code == 403


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose a file"),
        ({"file": SimpleUploadedFile("c.yaml", b"x" * (901 * 1024))}, "larger than 900 KiB"),
        ({"text": BOMB}, "anchors"),
    ],
)
def test_what_cannot_be_read_is_said_on_the_screen(client_as, admin, sent, words):
    answer = client_as(admin).post("/checks/as-code/", sent)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_the_commands_round_trip_and_say_their_lines(admin, tmp_path, capsys, monkeypatch):
    file = tmp_path / "checks.yaml"
    file.write_text(one())

    call_command("checks_import", str(file), "--user", admin.username, "--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        "checks_import_entry act=added check=checkout",
        f"checks_import status=ok mode=dry_run added=1 changed=0 left=0 beside={Check.objects.count()}",
    ]
    call_command("checks_import", str(file), "--user", admin.username)
    call_command("checks_export", str(file))
    capsys.readouterr()
    call_command("checks_export")
    assert capsys.readouterr().out == file.read_text()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    call_command("checks_import", "-", "--user", admin.username)
    assert capsys.readouterr().out.splitlines()[-1].startswith("checks_import status=ok mode=import added=0 changed=0")


@pytest.mark.parametrize(
    ("text", "user", "token", "words"),
    [
        (one(severity="SEV-9"), "admin", "import_refused", "checkout: severity: Write one of"),
        ("version: [", "admin", "not_yaml", "not YAML"),
        (one(), "responder", "not_an_admin", "Name an admin"),
        (None, "admin", "not_read", "cannot be read"),
    ],
)
def test_a_command_that_is_refused_says_so_and_ends_with_one(
    admin, responder, tmp_path, capsys, text, user, token, words
):
    file = tmp_path / "checks.yaml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(SystemExit) as ended:
        call_command("checks_import", str(file), "--user", user)

    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out == f"checks_import status=fail reason={token}\n"
    assert words in said.err


def test_a_file_that_json_could_have_written_is_read_too(admin, at):
    entry = json.loads(
        '{"name": "Disk", "kind": "portal", "domain": "backend", "spec": {"figure": "disk_used_percent", "ceiling": 5}}'
    )

    importing.import_checks(json.dumps({"version": 1, "checks": {"disk": entry}}), by=admin, at=datetime.now(at.tzinfo))

    assert Check.objects.get(key="disk").spec == {"figure": "disk_used_percent", "ceiling": 5.0}
