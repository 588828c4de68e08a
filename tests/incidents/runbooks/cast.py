"""What tests of runbooks say again and again."""

from typing import Any

from incidents.runbooks import actions
from incidents.runbooks.actions import Draft
from incidents.runbooks.models import Runbook
from opsportal.models import User
from tests.incidents.cast import AT, domain

BODY = (
    "1. **Ask the gate**\n\n   ```\n   bin/manage doctor\n   ```\n\n   Expect: `doctor status=ok`\n\n2. Wait\n\n3. Tell"
)


def draft(**changes: Any) -> Draft:
    """A runbook of Payments that answers gate_shut."""
    words: dict[str, Any] = {
        "title": "The gate is shut",
        "body": BODY,
        "domain": domain(),
        "tokens": ("gate_shut",),
        "owner": "@be-lead",
    }
    return Draft(**words | changes)


def written(by: User, slug: str = "gate", **changes: Any) -> Runbook:
    """The same, written by somebody at the moment."""
    return actions.create(slug, draft(**changes), by=by, at=AT)
