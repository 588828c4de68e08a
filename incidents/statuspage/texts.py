"""The ready words of each phase: the house's own until a publisher writes better ones."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from incidents.response.states import Status
from incidents.statuspage import load
from incidents.statuspage.models import PhaseText
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

PLACE = "{components}"
# What readers need: the effect on them, what we do, when we write next (the page adds that line itself).
HOUSE = {
    Status.INVESTIGATING: f"We are looking into a problem with {PLACE}. You may see errors or slow answers.",
    Status.IDENTIFIED: f"We have found the cause of the problem with {PLACE} and are working on a fix.",
    Status.MONITORING: f"A fix for the problem with {PLACE} is in place. We are watching whether it holds.",
    Status.RESOLVED: f"The problem with {PLACE} is resolved. Everything works as usual again.",
}


def all_texts() -> dict[str, str]:
    """The text of every phase, in their order; the house's own in the language of the page."""
    own, words = dict(PhaseText.objects.values_list("status", "text")), load.words()
    return {status.value: own.get(status.value) or words.gettext(text) for status, text in HOUSE.items()}


def filled(status: str, names: str) -> str:
    """The words of a phase with the components' public names in them."""
    return all_texts()[status].replace(PLACE, names)


def mark(texts: Mapping[str, str]) -> str:
    """Changes with any of them: what was edited is what is replaced."""
    return hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:16]


@transaction.atomic
def save_texts(texts: Mapping[str, str], *, by: User, at: datetime, seen: str) -> None:
    """Drafts that are written from now on start with these words; what is written stays."""
    if not by.has_role(Role.PUBLISHER):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.PUBLISHER.label} and above.")
    _require_words(texts.values())
    now = all_texts()
    if seen and seen != mark(now):
        raise Conflict("TEXTS_CHANGED", "Somebody else saved these texts a moment ago. Save again to replace them.")
    for status in (one for one in HOUSE if texts[one] != now[one]):
        given = {"text": texts[status], "updated_by": by, "updated_at": at}
        PhaseText.objects.update_or_create(status=status, defaults=given)
        audit.record("status_text.edit", by=by.username, object=status)


def _require_words(texts: Iterable[str]) -> None:
    for text in texts:
        if not text.strip():
            raise Refused("TEXT_MISSING", "Each phase needs a text.")
        guard.require_public(text)
