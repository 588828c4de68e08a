"""Acts on many checks for programs: chosen by their keys or by what they have in common; all of them or none."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Router, Status

from checks.catalogue import listing
from checks.catalogue.bulk import actions
from checks.catalogue.bulk.acts import ACTS, Given
from checks.catalogue.bulk.api_schemas import (
    DailyManyBody,
    ManyBody,
    ManyOut,
    MoveManyBody,
    MuteManyBody,
    PauseManyBody,
    many_out,
)
from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.bulk.queries import Hindered
from checks.catalogue.filters import Filters
from checks.catalogue.models import Check
from incidents.ownership.models import Domain
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.errors import ApiError

router = Router(tags=["Checks"])
READ, RUN, WRITE = Scoped("checks:read"), Scoped("checks:run"), Scoped("checks:write")
# At once, or more than are done at once: those are worked off.
ANSWERS = {200: ManyOut, 202: ManyOut}
_MOST_NAMED = 200
Answer = Status[dict[str, Any]]


@router.get("/checks/many/{int:number}", response=ManyOut, auth=READ, summary="Read an act on many checks")
def read_many(request: ApiRequest, number: int) -> dict[str, Any]:
    """How far it has come, and what it left alone."""
    return many_out(get_object_or_404(BulkAct.objects.select_related("created_by"), pk=number))


# --- steer ------------------------------------------------------------------------------------------------------------


@router.post("/checks/many/run", response=ANSWERS, auth=RUN, summary="Run many checks now")
def run_many(request: ApiRequest, body: ManyBody) -> Answer:
    """Each is due at once. 409 BULK_REFUSED, as for all of these, when one cannot: nothing is done to any then."""
    return _begin(request, "run", body, Given())


@router.post("/checks/many/pause", response=ANSWERS, auth=RUN, summary="Pause many checks")
def pause_many(request: ApiRequest, body: PauseManyBody) -> Answer:
    """None of them runs meanwhile, and alerts that fire stay as they are."""
    _require_ahead(body)
    return _begin(request, "pause", body, Given(until=body.until, reason=body.reason))


@router.post("/checks/many/resume", response=ANSWERS, auth=RUN, summary="Resume many checks")
def resume_many(request: ApiRequest, body: ManyBody) -> Answer:
    """They run again, without data until their first results."""
    return _begin(request, "resume", body, Given())


@router.post("/checks/many/mute", response=ANSWERS, auth=RUN, summary="Mute the alerts of many checks")
def mute_many(request: ApiRequest, body: MuteManyBody) -> Answer:
    """What comes of them is kept and wakes nobody until the end."""
    _require_ahead(body)
    if not body.reason.strip():  # of many it would be said of each in turn, long after this was answered
        raise _unfit(("reason", "Say why they are muted."))
    return _begin(request, "mute", body, Given(until=body.until, reason=body.reason))


@router.post("/checks/many/unmute", response=ANSWERS, auth=RUN, summary="Unmute the alerts of many checks")
def unmute_many(request: ApiRequest, body: ManyBody) -> Answer:
    """Ends their own mutes; one of a whole domain stays."""
    return _begin(request, "hear", body, Given())


# --- define -----------------------------------------------------------------------------------------------------------


@router.post("/checks/many/move", response=ANSWERS, auth=WRITE, summary="Move many checks to another domain")
def move_many(request: ApiRequest, body: MoveManyBody) -> Answer:
    """Its people own them from then on. Alerts that fire stay in their rooms."""
    domain = Domain.objects.filter(slug=body.domain).first()
    if domain is None:
        raise _unfit(("domain", "There is no domain with this slug."))
    return _begin(request, "move", body, Given(domain=domain))


@router.post("/checks/many/daily", response=ANSWERS, auth=WRITE, summary="Mark many checks for the daily report")
def set_many_daily(request: ApiRequest, body: DailyManyBody) -> Answer:
    """What `ops_daily` counts changes with its next run."""
    return _begin(request, "daily", body, Given(is_daily=body.is_daily))


@router.post("/checks/many/archive", response=ANSWERS, auth=WRITE, summary="Archive many checks")
def archive_many(request: ApiRequest, body: ManyBody) -> Answer:
    """None of them runs. Their history and keys stay, and each can be restored."""
    return _begin(request, "archive", body, Given())


@router.post("/checks/many/take-back", response=ANSWERS, auth=WRITE, summary="Restore many checks")
def take_many_back(request: ApiRequest, body: ManyBody) -> Answer:
    """They are in use again, and stay paused until somebody resumes them."""
    return _begin(request, "take-back", body, Given())


def _begin(request: ApiRequest, act: str, body: ManyBody, given: Given) -> Answer:
    try:
        begun = actions.begin(ACTS[act], _ids(body), given, by=request.auth.user, at=now())
    except actions.BulkRefused as refusal:
        fields = [_cannot(one) for one in refusal.hindered[:_MOST_NAMED]]
        raise ApiError(409, refusal.code, refusal.sentence, fields=fields) from None
    return Status(202 if begun.ended_at is None else 200, many_out(begun))


def _cannot(one: Hindered) -> dict[str, str]:
    return {"field": one.check.key, "code": "cannot", "message": one.sentence}


def _ids(body: ManyBody) -> list[int]:
    """Exactly those that were named, or all that have it in common."""
    if bool(body.keys) == (body.where is not None):
        raise _unfit(("keys", "Say which checks: by keys, or by where, and not by both."))
    if body.where is None:
        return _named(body.keys)
    asked = body.where.dict()
    if not any(asked.values()):
        raise _unfit(("where", "Say at least one condition; this would be every check."))
    return listing.matching(Filters(**asked), now())


def _named(keys: list[str]) -> list[int]:
    found = dict(Check.objects.filter(key__in=keys).values_list("key", "pk"))
    unknown = [place for place, key in enumerate(keys) if key not in found]
    if unknown:
        raise _unfit(*((f"keys.{place}", "There is no check with this key.") for place in unknown))
    return [found[key] for key in dict.fromkeys(keys)]


def _require_ahead(body: PauseManyBody | MuteManyBody) -> None:
    """Said once for all, before any of them is asked."""
    if body.until is not None and body.until <= now():
        raise _unfit(("until", "Choose an end in the future."))


def _unfit(*faults: tuple[str, str]) -> ApiError:
    """Every fault by its field, as for any body."""
    fields = [{"field": f"body.{name}", "code": "not_accepted", "message": sentence} for name, sentence in faults]
    return ApiError(422, fields=fields)
