"""Objectives from a file: all of it or nothing, what would happen shown before, and what stands as it is left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from checks.catalogue import code, definitions
from checks.slo import actions, forms
from checks.slo.models import Objective
from opsportal.as_code import ImportRefused, Wrong
from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.models import User

_NAME = "objectives"
_HEAD = "# Objectives of Opsportal. Checks stand here by key, domains by slug, components by name.\n"
_REFERENCES = {"domain", "check", "component"}


@dataclass(frozen=True)
class Plan:
    """What an import does, or would do, by keys."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    left: int


def export() -> str:
    """Every objective in use as YAML; the same objectives are the same bytes."""
    rows = Objective.objects.in_use().with_subject().order_by("key")
    return code.write({one.key: forms.shown(one) for one in rows}, name=_NAME, head=_HEAD)


@transaction.atomic
def import_objectives(text: str, *, by: User, at: datetime) -> Plan:
    """Add and change what the file says, and leave the rest; ImportRefused with every fault, and nothing is stored."""
    entries = code.read(text, name=_NAME)
    rows = {one.key: one for one in Objective.objects.filter(key__in=entries).with_subject()}
    added, changed, left, wrong = [], [], 0, list[Wrong]()
    for number, (key, entry) in enumerate(entries.items(), start=1):
        faults = _faults(key, entry, rows.get(key), number)
        if faults:
            wrong += faults
            continue
        before = rows.get(key)
        if before is not None and _same(entry, before):
            left += 1
            continue
        form = forms.ObjectiveForm(_typed(entry))
        if not form.is_valid():
            wrong += _of_form(key, form)
            continue
        try:
            with transaction.atomic():
                if before is None:
                    added.append(actions.promise(form.promise, by=by, at=at, key=key).key)
                else:
                    changed.append(actions.change(before, form.promise, seen=before.version, by=by).key)
        except Refused as refusal:
            wrong.append(Wrong(key, "", refusal.sentence))
    if wrong:
        raise ImportRefused(wrong, "objective")
    if added or changed:
        audit.record("slo.import", by=by.username, object=f"{len(added)} added, {len(changed)} changed")
    return Plan(tuple(sorted(added)), tuple(sorted(changed)), left)


def _faults(key: str, entry: Any, before: Objective | None, number: int) -> list[Wrong]:
    """What no form can say: the key, the shape, names that are no fields."""
    if sentence := definitions.refused_key(key):
        return [Wrong(f"number {number}", "key", sentence)]
    if not isinstance(entry, dict):
        return [Wrong(key, "", "Write the objective's fields below its key.")]
    if before is not None and before.archived_at is not None:
        return [Wrong(key, "", "Under this key is a retired objective. Restore it first.")]
    known = ", ".join(forms.FIELDS)
    unknown = [Wrong(key, "?", f"There are these fields: {known}.") for name in entry if name not in forms.FIELDS]
    shapes = [Wrong(key, name, "Write one value here.") for name, one in entry.items() if isinstance(one, dict | list)]
    ticks = entry.get("freezes_changes")
    if isinstance(ticks, str) and ticks not in ("true", "false"):
        shapes.append(Wrong(key, "freezes_changes", "Write true or false."))
    return unknown + shapes


def _typed(entry: Mapping[str, Any]) -> dict[str, str]:
    """What a person would have typed; what the entry does not name has its usual value, but the policy is said."""
    fields = forms.ObjectiveForm.base_fields
    usual = {
        name: str(field.initial).lower() if isinstance(field.initial, bool) else str(field.initial)
        for name, field in fields.items()
        if field.initial is not None and name != "policy"
    }
    return usual | {name: str(value) for name, value in entry.items() if value is not None}


def _same(entry: Mapping[str, Any], before: Objective) -> bool:
    return definitions.plain({**_typed(entry)}) == definitions.plain(
        {name: value for name, value in forms.shown(before).items() if name in {*_typed(entry)}}
    ) and all(forms.shown(before)[name] in ("", None) for name in forms.FIELDS if name not in _typed(entry))


def _of_form(key: str, form: forms.ObjectiveForm) -> list[Wrong]:
    """The form's own sentences; of references what is missing instead of what to choose."""
    found = []
    for name, errors in form.errors.as_data().items():
        for error in errors:
            sentence = " ".join(error.messages).removesuffix(" We took it out.")
            if error.code == "invalid_choice":
                sentence = f"There is no such {name}." if name in _REFERENCES else "This is none of the known words."
            found.append(Wrong(key, "" if name == "__all__" else name, sentence))
    return found
