"""The environment, read once: every name the portal understands, with its type and its default.

Names are listed for operators in docs/configuration.md. A value of a secret never leaves this module except
into the setting that needs it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from environs import Env

ROOT = Path(__file__).resolve().parent.parent

env = Env()

# Required in production posture; contract section 3. The second column says when.
REQUIRED_ALWAYS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "INTEGRATION_ENCRYPTION_KEY", "ALLOWED_HOSTS", "BASE_URL")
REQUIRED_WHEN = {
    "BILLING_ENABLED": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    "ZERO_TRUST_ENABLED": ("ZERO_TRUST_API_KEY",),
    "SSO_ENABLED": ("SSO_CLIENT_ID", "SSO_CLIENT_SECRET", "SSO_ISSUER"),
}
ALIASES = {"DATABASE_URL": "POSTGRES_DSN_PROD"}
POSTGRES = "django.db.backends.postgresql"


def text(name: str, default: str = "") -> str:
    """The value of a name; empty counts as unset, and an alias stands in where the first name is missing."""
    value = env.str(name, "").strip()
    if not value and name in ALIASES:
        value = env.str(ALIASES[name], "").strip()
    return value or default


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on in any case; an empty value is the default."""
    value = text(name).lower()
    return value in {"1", "true", "yes", "on"} if value else default


def number(name: str, default: int) -> int:
    """A whole number; anything else is refused in one sentence that names the variable only."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise SystemExit(f"{name} must be a whole number.") from None


def words(name: str) -> list[str]:
    """A comma list without blanks."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    """Django's database settings from an address; the default stands in when the name and its alias are unset."""
    try:
        found = dict(dj_database_url.parse(text(name, default)))
    except ValueError:
        found = {}
    if found.get("ENGINE") != POSTGRES:
        raise _not_an_address(name, "a PostgreSQL database", "postgresql://user:password@host:5432/name")
    return found


def redis(name: str) -> str:
    """The address of a Redis, or an empty text."""
    address = text(name)
    if address and _scheme(address) not in {"redis", "rediss", "unix"}:
        raise _not_an_address(name, "a Redis", "redis://:password@host:6379/0")
    return address


def email(name: str, default: str) -> dict[str, Any]:
    """Django's mail settings from an address such as smtp+tls://user:password@host:587."""
    try:
        return dict(dj_email_url.parse(text(name, default)))
    except (ValueError, KeyError):
        raise _not_an_address(name, "a mail server", "smtp+tls://user:password@host:587") from None


def refuse_bad_addresses() -> None:
    """Raises SystemExit with one sentence that names the variable, before anything is started with it."""
    for name in ("DATABASE_URL", "DATABASE_MIGRATE_URL"):
        if text(name):
            database(name, "")
    redis("REDIS_URL")
    email("EMAIL_URL", "smtp://localhost:25")


def _scheme(address: str) -> str:
    """Empty when no program could read the address."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is the test
    except ValueError:
        return ""
    return parts.scheme


def _not_an_address(name: str, of: str, example: str) -> SystemExit:
    """Never the value: a parser's own words repeat the part it stumbled over, which may be half a password."""
    spoken = name if env.str(name, "").strip() else ALIASES.get(name, name)
    return SystemExit(
        f"{spoken} is not the address of {of}, such as {example}; in a password write / as %2F, @ as %40, # as %23."
    )


@dataclass(frozen=True)
class Posture:
    """How strict the house is: development, ci or production."""

    environment: str
    launch_mode: bool

    @property
    def is_production(self) -> bool:
        return self.launch_mode or self.environment == "production"


def posture() -> Posture:
    """Read ENVIRONMENT and LAUNCH_MODE; an unknown environment is refused with the list of known ones."""
    environment = text("ENVIRONMENT", "development")
    if environment not in {"development", "ci", "production"}:
        raise SystemExit("ENVIRONMENT must be one of development, ci, production.")
    return Posture(environment=environment, launch_mode=flag("LAUNCH_MODE"))


def refuse_weak_production() -> None:
    """End the process when production posture is asked for and the environment does not allow it; names only."""
    if not posture().is_production:
        return
    if missing := missing_names():
        raise SystemExit(f"Production posture needs these names, which are not set: {', '.join(missing)}.")
    if not flag("SECURITY_HEADERS_ENABLED", default=True):
        raise SystemExit("SECURITY_HEADERS_ENABLED=false is refused in production posture.")


def missing_names() -> list[str]:
    """Names that production needs and that are unset, in the order of the contract; never a value.

    What bin/up made up for itself (its embedded servers, its key) is in OPSPORTAL_DECIDED and counts as unset.
    """
    decided = words("OPSPORTAL_DECIDED")
    names = [name for name in REQUIRED_ALWAYS if name in decided or not text(name)]
    for switch, needed in REQUIRED_WHEN.items():
        if flag(switch):
            names += [name for name in needed if not text(name)]
    return names
