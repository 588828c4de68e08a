"""People on call who are reached at a receiver on this machine."""

from collections.abc import Callable
from typing import Any

import pytest

from incidents.oncall.models import Holder
from incidents.ownership.models import Domain
from incidents.paging.models import Reach
from opsportal.models import User
from opsportal.roles import Role
from opsportal.secrets.sealed import seal
from tests.incidents.cast import AT
from tests.targets import HttpTarget


@pytest.fixture
def first(db: None) -> User:
    return User.objects.add("night-first", Role.RESPONDER)


@pytest.fixture
def backup(db: None) -> User:
    return User.objects.add("night-backup", Role.RESPONDER)


@pytest.fixture
def on_call(first: User, backup: User) -> None:
    """The first and the backup hold every domain's handles."""
    Domain.objects.update(primary="@first-handle", backup="@backup-handle")
    Holder.objects.update_or_create(handle="@first-handle", defaults={"person": first, "rotation": None})
    Holder.objects.update_or_create(handle="@backup-handle", defaults={"person": backup, "rotation": None})


@pytest.fixture
def reached(settings: Any, http_target: HttpTarget) -> Callable[..., Reach]:
    """A proved way of a person; each has a path of its own at the receiver."""
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]

    def make(person: User, name: str = "Phone", **fields: Any) -> Reach:
        given = {"channel": "slack", "created_at": AT, "proved_at": AT, **fields}
        address = seal(f"{http_target.url}{person.username}/{name}")
        return Reach.objects.create(person=person, name=name, address=address, **given)

    return make
