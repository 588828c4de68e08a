"""The keys that close what integrations need: from INTEGRATION_ENCRYPTION_KEY, newest first.

In development a key of its own is made once in the data folder, so that nobody has to think of one; production posture
takes the name only. No sentence here ever holds a key.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

from opsportal import env
from opsportal.errors import Refused
from opsportal.processes import write_privately

NAME = "INTEGRATION_ENCRYPTION_KEY"
_LEAST_CHARACTERS = 16
# After a rotation the key before it stays for one more, because a process may have closed something with it meanwhile.
_KEPT_IN_FILE = 2


def ring() -> MultiFernet:
    """All keys; the first closes, each opens. Refused when a key is too weak or, in production, when there is none."""
    return MultiFernet([_fernet(key) for key in _keys()])


def known() -> MultiFernet:
    """The keys that there are, to open what was closed elsewhere; Refused when there is none, and none is made."""
    if found := [*env.words(NAME), *_own()]:
        return MultiFernet([_fernet(key) for key in found])
    raise Refused("MISSING_KEY", f"There is no key: set {NAME}, or put the file {_file().name} in the data folder.")


def renew_own() -> None:
    """Put a new key in front in the data folder; keys from the environment are the operator's to renew."""
    if not env.words(NAME):
        write_privately(_file(), ",".join([_new(), *_own()][:_KEPT_IN_FILE]))


def _keys() -> list[str]:
    given = env.words(NAME)
    if settings.POSTURE.is_production:
        if not given:
            raise Refused("MISSING_KEY", f"Production posture needs {NAME}.")
        return given
    # What was closed before the name was set opens still.
    return [*given, *_own()] or [_made_once()]


def _own() -> list[str]:
    try:
        return [key for key in _file().read_text().strip().split(",") if key]
    except FileNotFoundError:
        return []


def _made_once() -> str:
    """The first process makes the key; whoever comes second reads that one."""
    _file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = _file().with_name(f"{_file().name}.{os.getpid()}")
    write_privately(fresh, _new())
    try:
        os.link(fresh, _file())
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return _own()[0]


def _file() -> Path:
    return Path(settings.DATA_DIR) / "integration_key"


def _new() -> str:
    return Fernet.generate_key().decode()


def _fernet(key: str) -> Fernet:
    """A Fernet key as it is; any other long text becomes one by its digest."""
    try:
        return Fernet(key)
    except ValueError:
        if len(key) < _LEAST_CHARACTERS:
            raise Refused(
                "WEAK_KEY", f"{NAME} holds a key of fewer than {_LEAST_CHARACTERS} characters: make a longer one."
            ) from None
        digest = hashlib.sha256(b"opsportal integration key\0" + key.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))
