"""What people do to a runbook: write, change, verify, follow, retire. Lock, require, change, save, record."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents.ownership.models import Domain, require_handle
from incidents.runbooks import following, links, reading
from incidents.runbooks.files import LONGEST, TOKEN, Document
from incidents.runbooks.models import Runbook, RunbookUse, RunbookVersion
from opsportal.as_code import ImportRefused, Wrong
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.slugs import require_slug

MOST_TOKENS = 12


@dataclass(frozen=True)
class Draft:
    """A text and its head, as somebody wants them."""

    title: str
    body: str
    domain: Domain | None = None
    tokens: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class Plan:
    """What an import does, or would do, by addresses."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left: int = 0


@transaction.atomic
def create(slug: str, draft: Draft, *, by: User, at: datetime) -> Runbook:
    """Write a new one. Its address never changes, so that links to it live."""
    require_slug(slug)
    _require(draft)
    if Runbook.objects.filter(slug=slug).exists():
        raise Refused("SLUG_TAKEN", "There is a runbook at this address already. Choose another one.")
    runbook = Runbook(slug=slug, version=0)
    return _saved(runbook, draft, "create", note="First version", by=by, at=at)


@transaction.atomic
def change(runbook: Runbook, draft: Draft, *, seen: int, note: str, by: User, at: datetime) -> Runbook:
    """Write a new version. `seen` is the one the person edited; when there is a newer one this is a Conflict."""
    runbook = _locked(runbook)
    if runbook.version != seen:
        raise Conflict(
            "RUNBOOK_CHANGED", "Somebody else saved this runbook while you were typing. Both texts are here."
        )
    _require(draft)
    guard.require_clean(note)
    if draft == draft_of(runbook):
        return runbook
    return _saved(runbook, draft, "change", note=note.strip()[:200], by=by, at=at)


@transaction.atomic
def verify(runbook: Runbook, *, seen: int, by: User, at: datetime) -> Runbook:
    """Somebody went through version `seen` today, and every step is right. A newer one they have not read: Conflict."""
    runbook = _locked(runbook)
    if runbook.version != seen:
        raise Conflict(
            "RUNBOOK_CHANGED", "It was changed after you opened it. Go through it as it is now, then verify it."
        )
    if runbook.retired_at is not None:
        raise Refused("RUNBOOK_RETIRED", "It is retired. Restore it before you verify it.")
    runbook.verified_at, runbook.verified_by, runbook.verified_version = at, by, runbook.version
    runbook.save(update_fields=["verified_at", "verified_by", "verified_version"])
    audit.record("runbook.verify", by=by.username, object=runbook.slug, reason=f"version {runbook.version}")
    return runbook


@transaction.atomic
def record_use(runbook: Runbook, *, result: str, note: str, subject: str = "", by: User, at: datetime) -> RunbookUse:
    """Say afterwards how it went, of a use that left no steps here."""
    runbook, note = _locked(runbook), note.strip()
    following.require_said(result, note)
    use = RunbookUse.objects.create(
        runbook=runbook,
        version=runbook.version,
        result=result,
        note=note[:500],
        subject=subject,
        by=by,
        begun_at=at,
        ended_at=at,
        ended_by=by,
    )
    audit.record("runbook.use", by=by.username, object=runbook.slug, reason=f"{result} {subject}".strip())
    return use


@transaction.atomic
def retire(runbook: Runbook, *, by: User, at: datetime) -> Runbook:
    """Take it out of use: it is offered nowhere; its address and its history stay."""
    runbook = _locked(runbook)
    if runbook.retired_at is not None:
        raise Refused("RUNBOOK_RETIRED", "It is retired already.")
    runbook.retired_at = at
    runbook.save(update_fields=["retired_at"])
    audit.record("runbook.retire", by=by.username, object=runbook.slug)
    return runbook


@transaction.atomic
def bring_back(runbook: Runbook, *, by: User, at: datetime) -> Runbook:
    """Use it again."""
    runbook = _locked(runbook)
    if runbook.retired_at is None:
        raise Refused("RUNBOOK_IN_USE", "It is in use already.")
    runbook.retired_at = None
    runbook.save(update_fields=["retired_at"])
    audit.record("runbook.bring_back", by=by.username, object=runbook.slug, reason=f"on {at:%Y-%m-%d}")
    return runbook


@transaction.atomic
def import_runbooks(documents: list[Document], *, by: User, at: datetime) -> Plan:
    """Import files, all or none: a new address is a new runbook, a known one gets a version if it says otherwise."""
    domains = {one.slug: one for one in Domain.objects.all()}
    known = {one.slug: one for one in Runbook.objects.select_for_update().order_by("pk")}
    wrong, drafts = list[Wrong](), []
    for document in documents:
        try:
            drafts.append((document.slug, _draft_from(document, domains)))
        except Refused as refusal:
            wrong.append(Wrong(f"{document.slug}.md", "", refusal.sentence))
    if wrong:
        raise ImportRefused(wrong, "file")
    added, changed, left = list[str](), list[str](), 0
    for slug, draft in drafts:
        runbook = known.get(slug)
        if runbook is not None and draft == draft_of(runbook):
            left += 1
            continue
        (added if runbook is None else changed).append(slug)
        _saved(runbook or Runbook(slug=slug, version=0), draft, "import", note="Imported from a file", by=by, at=at)
    return Plan(tuple(added), tuple(changed), left)


def draft_of(runbook: Runbook) -> Draft:
    """A runbook as it stands, to compare with and to edit."""
    return Draft(runbook.title, runbook.body, runbook.domain, tuple(runbook.token_list), runbook.owner)


def document_of(runbook: Runbook) -> Document:
    """A runbook as it stands, as a file."""
    return file_of(runbook.slug, draft_of(runbook))


def file_of(slug: str, draft: Draft) -> Document:
    """A draft as the file that it would be."""
    domain = draft.domain.slug if draft.domain else ""
    return Document(slug, draft.title, draft.body, domain, draft.tokens, draft.owner)


def _locked(runbook: Runbook) -> Runbook:
    return Runbook.objects.select_for_update(of=("self",)).select_related("domain").get(pk=runbook.pk)


def _draft_from(document: Document, domains: dict[str, Domain]) -> Draft:
    if document.domain and document.domain not in domains:
        raise Refused("DOMAIN_UNKNOWN", f"There is no such domain as its head names; there are: {', '.join(domains)}.")
    domain = domains.get(document.domain)
    draft = Draft(document.title, document.body, domain, document.tokens, document.owner)
    _require(draft)
    return draft


def _require(draft: Draft) -> None:
    if not draft.title.strip() or len(draft.title) > 120 or "\n" in draft.title:
        raise Refused("TITLE_MISSING", "Give it a title of one line, at most 120 characters.")
    if not draft.body.strip():
        raise Refused("TEXT_MISSING", "Write what has to be done.")
    if len(draft.body) > LONGEST:
        raise Refused("TEXT_TOO_LONG", f"Shorten the text to {LONGEST:,} characters, or make two runbooks of it.")
    if len(draft.tokens) > MOST_TOKENS or any(len(one) > 30 or not TOKEN.fullmatch(one) for one in draft.tokens):
        raise Refused(
            "TOKEN_UNKNOWN", f"At most {MOST_TOKENS} tokens, such as missing_env: small letters, digits and _."
        )
    for text in (draft.title, draft.body):
        guard.require_clean(text)
    if draft.owner:
        require_handle(draft.owner)


def _saved(runbook: Runbook, draft: Draft, act: str, *, note: str, by: User, at: datetime) -> Runbook:
    store(runbook, draft, note=note, by=by, at=at)
    audit.record(f"runbook.{act}", by=by.username, object=runbook.slug, reason=f"version {runbook.version}")
    return runbook


def store(runbook: Runbook, draft: Draft, *, note: str, by: User | None, at: datetime) -> None:
    """The text as it stands now, and the same once more among its versions. Nobody is the portal itself."""
    runbook.title, runbook.body = draft.title.strip(), draft.body.strip()
    runbook.domain, runbook.owner = draft.domain, draft.owner
    runbook.tokens = " ".join(dict.fromkeys(draft.tokens))
    runbook.version += 1
    runbook.dead_links = len(links.look(reading.read(runbook.body).links).dead)
    runbook.save()
    RunbookVersion.objects.create(
        runbook=runbook, number=runbook.version, document=document_of(runbook).text, note=note, by=by, at=at
    )
