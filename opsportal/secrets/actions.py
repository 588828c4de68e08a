"""Prove the keys at the start, and close everything again under a new one."""

from collections.abc import Callable, Iterator

from django.apps import apps
from django.core.management.base import CommandError
from django.db import DatabaseError, connections, models, transaction

from opsportal.audit import actions as audit
from opsportal.errors import Refused
from opsportal.secrets import keys
from opsportal.secrets.models import KeyProof
from opsportal.secrets.sealed import SecretField, seal

_ONLY = 1
# Rooms above that close values in columns of a library: each closes its own again and says how many.
closed_elsewhere: list[Callable[[], int]] = []
# The same rooms open each of theirs to see that it opens, and say how many.
opened_elsewhere: list[Callable[[], int]] = []


def require_key() -> None:
    """Refuse keys that do not open what is stored; the first start closes the proof for all that follow."""
    proof, _ = KeyProof._default_manager.get_or_create(pk=_ONLY, defaults={"proof": seal("the keys fit")})
    proof.proof.open()


def refuse_wrong_key() -> None:
    """End a process that starts with the wrong keys. A database that is away decides nothing: it may come back."""
    try:
        require_key()
    except Refused as refusal:
        raise SystemExit(refusal.sentence) from None
    except DatabaseError:
        return


def require_key_after_migrate(*, using: str, **_: object) -> None:
    """Part of every migrate, so that a start with the wrong keys ends before anything runs."""
    if KeyProof._meta.db_table not in connections[using].introspection.table_names():
        return
    try:
        require_key()
    except Refused as refusal:
        raise CommandError(refusal.sentence) from None


def rotate(*, by: str) -> int:
    """Close every stored secret again under the newest key; how many there were. Safe to stop and to run again.

    Without INTEGRATION_ENCRYPTION_KEY the key of the data folder is renewed first.
    """
    require_key()
    keys.renew_own()
    count = sum(_close_again(model, pk, fields) for model, pk, fields in _holders())
    count += sum(close_again() for close_again in closed_elsewhere)
    audit.record("keys.rotate", by=by, object=f"secrets {count}")
    return count


def open_all() -> int:
    """How many stored secrets the keys open; Refused at the first one that they do not."""
    count = 0
    for model, fields in _kept_closed():
        for row in model._default_manager.order_by("pk").values_list(*fields).iterator():
            count += sum(bool(value.open()) for value in row if value)
    return count + sum(open_all() for open_all in opened_elsewhere)


def _holders() -> Iterator[tuple[type[models.Model], object, list[str]]]:
    for model, fields in _kept_closed():
        for pk in list(model._default_manager.order_by("pk").values_list("pk", flat=True)):
            yield model, pk, fields


def _kept_closed() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Models with columns of ciphertext, and those columns."""
    for model in apps.get_models():
        if fields := [field.name for field in model._meta.local_concrete_fields if isinstance(field, SecretField)]:
            yield model, fields


@transaction.atomic
def _close_again(model: type[models.Model], pk: object, fields: list[str]) -> int:
    row = model._default_manager.select_for_update().get(pk=pk)
    held = [name for name in fields if getattr(row, name)]
    for name in held:
        setattr(row, name, getattr(row, name).again())
    row.save(update_fields=held)
    return len(held)
