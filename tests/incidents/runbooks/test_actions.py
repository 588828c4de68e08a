"""What people do to runbooks: rows, versions, audit, refusals, files."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from incidents.runbooks import actions, bundle, links, queries
from incidents.runbooks.actions import Plan
from incidents.runbooks.files import Document
from incidents.runbooks.models import Runbook, RunbookUse, RunbookVersion
from opsportal.as_code import ImportRefused
from opsportal.audit.models import AuditEvent
from opsportal.errors import Conflict, Refused
from tests.incidents.cast import AT, SECRET, domain
from tests.incidents.runbooks.cast import BODY, draft, written

pytestmark = pytest.mark.django_db


def test_a_change_is_a_new_version_and_the_old_one_stays(responder, admin):
    runbook = written(responder)

    actions.change(runbook, draft(title="Shut"), seen=1, note="Shorter", by=admin, at=AT)

    runbook.refresh_from_db()
    assert (runbook.title, runbook.version) == ("Shut", 2)
    texts = list(RunbookVersion.objects.filter(runbook=runbook).order_by("number"))
    assert [(one.number, one.note, one.by) for one in texts] == [(1, "First version", responder), (2, "Shorter", admin)]
    assert "title: The gate is shut" in texts[0].document
    acts = AuditEvent.objects.filter(object="gate").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["runbook.create", "runbook.change"]


def test_saving_what_says_the_same_is_no_version(responder):
    runbook = written(responder)

    actions.change(runbook, draft(), seen=1, note="", by=responder, at=AT)

    assert RunbookVersion.objects.filter(runbook=runbook).count() == 1


def test_a_change_of_an_older_text_is_a_conflict_and_nothing_is_saved(responder, admin):
    runbook = written(responder)
    actions.change(runbook, draft(title="Theirs"), seen=1, note="", by=admin, at=AT)

    with pytest.raises(Conflict):
        actions.change(runbook, draft(title="Mine"), seen=1, note="", by=responder, at=AT)

    assert Runbook.objects.get(slug="gate").title == "Theirs"


def test_what_nobody_has_read_is_not_verified(responder, admin):
    runbook = written(responder)
    actions.change(runbook, draft(title="Theirs"), seen=1, note="", by=admin, at=AT)

    with pytest.raises(Conflict, match="as it is now"):
        actions.verify(runbook, seen=1, by=responder, at=AT)

    assert Runbook.objects.get(slug="gate").verified_at is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "TITLE_MISSING"),
        ({"body": "\n"}, "TEXT_MISSING"),
        ({"body": "a " * 20_000}, "TEXT_TOO_LONG"),
        ({"body": f"1. {SECRET}"}, "PRIVACY_BLOCKED"),
        ({"title": "Ask jane@example.com"}, "PRIVACY_BLOCKED"),
        ({"tokens": ("Not A Token",)}, "TOKEN_UNKNOWN"),
        ({"tokens": tuple(f"t{one}" for one in range(13))}, "TOKEN_UNKNOWN"),
        ({"owner": "nobody"}, "OWNER_UNKNOWN"),
    ],
)
def test_what_is_no_runbook_is_refused(responder, changes, code):
    with pytest.raises(Refused) as refusal:
        written(responder, **changes)

    assert refusal.value.code == code
    assert not Runbook.objects.filter(slug="gate").exists()


@pytest.mark.parametrize(("slug", "code"), [("gate", "SLUG_TAKEN"), ("Gate 1", "SLUG_UNKNOWN")])
def test_an_address_is_plain_and_belongs_to_one(responder, slug, code):
    written(responder)

    with pytest.raises(Refused) as refusal:
        actions.create(slug, draft(), by=responder, at=AT)

    assert refusal.value.code == code


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_versions_can_only_grow(responder, statement):
    written(responder)

    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(RunbookVersion._meta.db_table))


def test_verified_is_a_day_a_person_and_a_version_and_goes_stale_after_ninety_days(responder):
    runbook = actions.verify(written(responder), seen=1, by=responder, at=AT)

    assert (runbook.verified_at, runbook.verified_by, runbook.verified_version) == (AT, responder, 1)
    assert not runbook.is_stale(AT + timedelta(days=90))
    assert runbook.is_stale(AT + timedelta(days=90, seconds=1))


def test_the_list_and_the_page_mean_the_same_by_stale(responder):
    Runbook.objects.all().update(retired_at=AT)
    fresh, old, never = (written(responder, slug) for slug in ("fresh", "old", "never"))
    actions.verify(fresh, seen=1, by=responder, at=AT)
    actions.verify(old, seen=1, by=responder, at=AT - timedelta(days=91))

    stale = set(Runbook.objects.current().stale(AT).values_list("slug", flat=True))

    assert stale == {"old", "never"}
    assert stale == {one.slug for one in Runbook.objects.current() if one.is_stale(AT)}
    assert never.stale_at is None


def test_a_use_keeps_its_version_and_what_did_not_work_needs_a_word(responder):
    runbook = written(responder)

    actions.record_use(runbook, result="worked", note="", subject="INC-3", by=responder, at=AT)
    with pytest.raises(Refused, match="what did not work"):
        actions.record_use(runbook, result="partly", note=" ", by=responder, at=AT)
    with pytest.raises(Refused, match="Not saved"):
        actions.record_use(runbook, result="not", note=SECRET, by=responder, at=AT)
    actions.record_use(runbook, result="not", note="Step 2 is gone", by=responder, at=AT)

    used = RunbookUse.objects.order_by("id").values_list("result", "version", "subject", "note")
    assert list(used) == [("worked", 1, "INC-3", ""), ("not", 1, "", "Step 2 is gone")]
    assert queries.sheet(runbook, at=AT).counts == {"not": 1, "worked": 1}


def test_a_retired_one_is_offered_nowhere_and_comes_back(responder):
    runbook = actions.retire(written(responder), by=responder, at=AT)

    assert queries.answering(["gate_shut"]) == []
    assert "gate_shut" not in queries.by_token()
    assert runbook not in queries.alike("The gate is shut")
    with pytest.raises(Refused, match="retired"):
        actions.retire(runbook, by=responder, at=AT)
    with pytest.raises(Refused, match="retired"):
        actions.verify(runbook, seen=1, by=responder, at=AT)
    actions.bring_back(runbook, by=responder, at=AT)

    assert [one.runbook for one in queries.answering(["gate_shut"])] == [runbook]


# --- which answer -----------------------------------------------------------------------------------------------------


def test_tokens_in_words_come_before_the_domain_and_its_own_domain_first(responder):
    Runbook.objects.all().update(retired_at=AT)
    elsewhere = written(responder, "a-elsewhere", domain=domain("backend"))
    here = written(responder, "z-here")
    near = written(responder, "near", title="Near", tokens=())

    found = queries.answering(["prod_config status=fail reason=gate_shut"], domain())

    assert [(one.runbook, one.why) for one in found] == [
        (here, "Answers gate_shut"),
        (elsewhere, "Answers gate_shut"),
        (near, "Of Payments"),
    ]


def test_a_part_of_a_word_is_no_token(responder):
    written(responder)

    assert queries.answering(["the gate_shutter, gate-shut"]) == []


# --- links ------------------------------------------------------------------------------------------------------------


def test_links_inside_are_looked_up_and_those_outside_are_listed(responder):
    written(responder)

    found = links.look(
        [
            "/runbooks/gate/#step-2",
            "/runbooks/gone/",
            "/checks/",
            "/nowhere/at/all/",
            "gone",
            "#here",
            "https://example.org/",
        ]
    )

    assert found.dead == ["/runbooks/gone/", "/nowhere/at/all/", "gone"]
    assert found.outside == ["https://example.org/"]


# --- files ------------------------------------------------------------------------------------------------------------


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"folder/{name}.md", text)
    return content.getvalue()


def rarely_packed() -> bytes:
    """A few hundred bytes that unfold at once to what they like."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.md", "\0" * 1_000_000)
    return content.getvalue()


def damaged(place: int) -> bytes:
    """A zip with one byte changed."""
    content = bytearray(bundle.pack({"gate": "---\ntitle: Gate\n---\n" + BODY * 20}))
    content[place] ^= 0xA5
    return bytes(content)


def test_a_damaged_zip_is_taken_in_or_refused_and_never_breaks():
    outcomes = set()

    for place in range(len(bundle.pack({"gate": "---\ntitle: Gate\n---\n" + BODY * 20}))):
        try:
            bundle.unpack("a.zip", damaged(place))
        except ImportRefused as refusal:
            outcomes.add(refusal.code)

    assert outcomes == {"IMPORT_REFUSED"}


def test_all_runbooks_go_out_and_come_in_again_unchanged(responder):
    texts = {one.slug: actions.document_of(one).text for one in queries.every_current()}

    documents = bundle.unpack("runbooks.zip", bundle.pack(texts))

    assert actions.import_runbooks(documents, by=responder, at=AT) == Plan(left=len(texts))


def test_an_import_makes_new_ones_and_new_versions(responder):
    written(responder)
    files = [Document("gate", "Gate", BODY, "payments"), Document("fence", "Fence", BODY)]

    assert actions.import_runbooks(files, by=responder, at=AT) == Plan(("fence",), ("gate",))

    assert Runbook.objects.get(slug="gate").version == 2
    assert Runbook.objects.get(slug="fence").domain is None


def test_one_wrong_file_keeps_all_out_and_every_one_is_named(responder):
    good, before = Document("fence", "Fence", BODY), Runbook.objects.count()
    wrong = [
        Document("domain", "D", BODY, "moon"),
        Document("secret", "S", f"1. {SECRET}"),
        Document("token", "T", BODY, tokens=("No!",)),
    ]

    with pytest.raises(ImportRefused) as refusal:
        actions.import_runbooks([good, *wrong], by=responder, at=AT)

    assert [one.entry for one in refusal.value.wrong] == ["domain.md", "secret.md", "token.md"]
    assert "hunter2" not in str(refusal.value.wrong)
    assert Runbook.objects.count() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.md", b"no head", "begin with a head"),
        ("a.txt", b"---\ntitle: a\n---\nb", "end in .md"),
        ("a.md", b"\xff\xfe", "not UTF-8"),
        ("a.zip", packed(), "no .md file"),
        ("a.zip", packed(**{"B A D": "---\ntitle: a\n---\nb"}), "small letters"),
        ("a.zip", packed(big="x" * (bundle.MOST_BYTES + 1)), "unfolds to more"),
        ("a.zip", rarely_packed(), "usual zip"),
        ("a.md", b"---\ntitle: a\n---\n1. b\0c", "NUL"),
        ("a.zip", packed(a="x")[:-30] + b"PK\x05\x06" + b"\0" * 18, "no .md file"),
    ],
)
def test_a_file_that_is_none_says_why(name, content, words):
    with pytest.raises(ImportRefused) as refusal:
        bundle.unpack(name, content)

    assert words in str(refusal.value.wrong)
