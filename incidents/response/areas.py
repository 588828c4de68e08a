"""The list of what can be hit, as admins edit it. Incidents keep the areas that they have."""

from django.db import transaction
from django.db.models import Max

from incidents.response.models import ScopeArea
from opsportal.audit import actions as audit
from opsportal.errors import Denied, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role

_MOST = 30


def every() -> list[ScopeArea]:
    return list(ScopeArea.objects.order_by("position", "name"))


@transaction.atomic
def add(name: str, *, by: User) -> ScopeArea:
    """One more area, the last of the list."""
    name = _checked(name, by)
    if ScopeArea.objects.count() >= _MOST:
        raise Refused("TOO_MANY_AREAS", f"The list has {_MOST} areas at most. Retire one first.")
    if ScopeArea.objects.filter(name__iexact=name).exists():
        raise Refused("AREA_EXISTS", f"{name} is on the list already.")
    highest: int | None = ScopeArea.objects.aggregate(highest=Max("position"))["highest"]
    area = ScopeArea.objects.create(name=name, position=(highest or 0) + 1)
    audit.record("area.add", by=by.username, object=name)
    return area


@transaction.atomic
def offer(area: ScopeArea, *, by: User) -> None:
    """Let it be chosen again."""
    _offer(area, True, "area.offer", by)


@transaction.atomic
def retire(area: ScopeArea, *, by: User) -> None:
    """Offer it no more; incidents that have it keep it."""
    _offer(area, False, "area.retire", by)


def _offer(area: ScopeArea, is_offered: bool, act: str, by: User) -> None:
    _require_admin(by)
    ScopeArea.objects.filter(pk=area.pk).update(is_offered=is_offered)
    audit.record(act, by=by.username, object=area.name)


def _checked(name: str, by: User) -> str:
    _require_admin(by)
    name = " ".join(name.split())
    if not name or len(name) > 40 or "," in name:
        raise Refused("AREA_NAME", "An area has a name of 1 to 40 letters, without a comma.")
    guard.require_clean(name)
    return name


def _require_admin(by: User) -> None:
    if not by.has_role(Role.ADMIN):
        raise Denied("ROLE_TOO_LOW", f"This is for the role {Role.ADMIN.label}.")
