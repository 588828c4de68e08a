"""Texts that come with the portal: kept up to date where nobody edited them, offered where somebody did."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from incidents.ownership.models import Domain
from incidents.runbooks import actions, files
from incidents.runbooks.actions import Draft
from incidents.runbooks.files import Document
from incidents.runbooks.models import Runbook, RunbookVersion
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User

TAKEN = "The newer text that came with the portal"
_SYSTEM = "portal"


@transaction.atomic
def bring_up_to_date(*, at: datetime) -> int:
    """Add what is new, and renew what still stands as it came; how many. An edited one is only offered.

    A retired one rests as it is. Safe to run twice.
    """
    known = {one.slug: one for one in Runbook.objects.select_for_update(of=("self",)).order_by("pk")}
    domains = {one.slug: one for one in Domain.objects.all()}
    newest = _newest_by_nobody()
    done = 0
    for document in files.shipped():
        runbook, draft = known.get(document.slug), _draft(document, domains)
        if runbook is None:
            _come(Runbook(slug=document.slug, version=0), draft, at=at)
        elif runbook.retired_at is None and newest.get(runbook.pk) == runbook.version and _differs(runbook, draft):
            _come(runbook, draft, at=at)
        else:
            continue
        done += 1
    return done


def offers() -> dict[int, Document]:
    """Newer texts of the portal that people here can take or leave, by the runbook's key: three queries."""
    shipped = {one.slug: one for one in files.shipped()}
    found = {one.pk: one for one in Runbook.objects.current().filter(slug__in=shipped).select_related("domain")}
    domains = {one.slug: one for one in Domain.objects.all()}
    came = set(RunbookVersion.objects.filter(by=None, runbook__in=found).values_list("runbook", "document"))
    return {
        pk: shipped[one.slug]
        for pk, one in found.items()
        if (pk, shipped[one.slug].text) not in came
        and one.kept_over != digest(shipped[one.slug])
        and _differs(one, _draft(shipped[one.slug], domains))
    }


def offered(runbook: Runbook) -> Document | None:
    """The newer text for this one."""
    return offers().get(runbook.pk)


@transaction.atomic
def take(runbook: Runbook, *, seen: int, by: User, at: datetime) -> Runbook:
    """Write the portal's newer text as a version of one's own; what was edited stays among the versions."""
    document = _require(runbook)
    draft = _draft(document, {one.slug: one for one in Domain.objects.all()})
    return actions.change(runbook, draft, seen=seen, note=TAKEN, by=by, at=at)


@transaction.atomic
def keep(runbook: Runbook, *, by: User) -> Runbook:
    """Stay with one's own text: this one is not offered again, a still newer one is."""
    document = _require(runbook)
    runbook = Runbook.objects.select_for_update(of=("self",)).get(pk=runbook.pk)
    runbook.kept_over = digest(document)
    runbook.save(update_fields=["kept_over"])
    audit.record("runbook.keep_own", by=by.username, object=runbook.slug)
    return runbook


def digest(document: Document) -> str:
    """The text's name for `Runbook.kept_over`."""
    return hashlib.sha256(document.text.encode()).hexdigest()


def _require(runbook: Runbook) -> Document:
    document = offered(runbook)
    if document is None:
        raise Refused("NOTHING_OFFERED", "There is no newer text for it, or somebody has answered already.")
    return document


def _newest_by_nobody() -> dict[int, int]:
    """The number of the newest version of each that no person wrote."""
    found: dict[int, int] = {}
    for pk, number in RunbookVersion.objects.filter(by=None).order_by("number").values_list("runbook", "number"):
        found[pk] = number
    return found


def _draft(document: Document, domains: Mapping[str, Domain]) -> Draft:
    """A domain that was taken away here is the whole house."""
    return Draft(document.title, document.body, domains.get(document.domain), document.tokens, document.owner)


def _differs(runbook: Runbook, draft: Draft) -> bool:
    return actions.draft_of(runbook) != draft


def _come(runbook: Runbook, draft: Draft, *, at: datetime) -> None:
    actions.store(runbook, draft, note="Came with the portal", by=None, at=at)
    audit.record("runbook.arrive", by=_SYSTEM, object=runbook.slug, reason=f"version {runbook.version}")
