"""Sign the day: the figures of that moment are frozen with the answers and cannot be changed by anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from checks.daily.filling import figures
from checks.daily.lines import BY_SLUG
from checks.daily.models import DailyAnswer, DailySheet
from incidents.duties import actions as duties
from incidents.duties.models import Duty
from opsportal.audit import actions as audit
from opsportal.errors import Conflict, Refused
from opsportal.models import User
from opsportal.privacy import guard
from opsportal.roles import Role


@dataclass(frozen=True)
class Said:
    """One answer, with a note where it is no."""

    answer: str
    note: str = ""


@transaction.atomic
def sign(said: Mapping[str, Said], *, note: str, by: User, at: datetime) -> DailySheet:
    """Sign the sheet of this UTC day. Refused without a word beside a no; Conflict when somebody was first.

    A question that was not answered counts as not looked, which is allowed, and shown.
    """
    if not by.has_role(Role.RESPONDER):
        raise Refused("NOT_A_RESPONDER", "The sheet is signed by who is on call.")
    on = at.astimezone(UTC).date()
    if earlier := DailySheet.objects.filter(on=on).select_related("signed_by").first():
        raise _signed(earlier)
    now = figures(by, at)
    for slug, one in said.items():
        if one.answer == DailyAnswer.Answer.NO and not one.note.strip():
            raise Refused("NOTE_MISSING", f"Say briefly what is wrong: {BY_SLUG[slug].question}")
        guard.require_clean(one.note)
    guard.require_clean(note)
    try:
        with transaction.atomic():
            sheet = DailySheet.objects.create(on=on, figures=now.packed(), note=note, signed_by=by, signed_at=at)
    except IntegrityError:
        raise _signed(DailySheet.objects.select_related("signed_by").get(on=on)) from None
    DailyAnswer.objects.bulk_create(_answers(sheet, now.asked, said))
    duties.meet(Duty.Evidence.SHEET, "", said=f"The daily sheet of {on} is signed", at=at, by=by)
    audit.record("daily.sign", by=by.username, object=str(sheet))
    return sheet


def _signed(sheet: DailySheet) -> Conflict:
    who, when = sheet.signed_by.username, sheet.signed_at.astimezone(UTC)
    return Conflict("ALREADY_SIGNED", f"{who} signed this day at {when:%H:%M} UTC. Nothing of yours was saved.")


def _answers(sheet: DailySheet, asked: tuple[str, ...], said: Mapping[str, Said]) -> list[DailyAnswer]:
    silent = Said(DailyAnswer.Answer.NOT_LOOKED)
    return [
        DailyAnswer(
            sheet=sheet,
            line=slug,
            question=BY_SLUG[slug].question,
            answer=said.get(slug, silent).answer,
            note=said.get(slug, silent).note,
        )
        for slug in asked
    ]
