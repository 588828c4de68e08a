"""The environment, read once: every name the portal understands, with its type and its default.

Names are listed for operators in docs/configuration.md. A value of a secret never leaves this module except
into the setting that needs it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    return dict(dj_database_url.parse(text(name, default)))


def email(name: str, default: str) -> dict[str, Any]:
    """Django's mail settings from an address such as smtp+tls://user:password@host:587."""
    return dict(dj_email_url.parse(text(name, default)))


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


def missing_names() -> list[str]:
    """Names that production needs and that are unset, in the order of the contract; never a value."""
    names = [name for name in REQUIRED_ALWAYS if not text(name)]
    for switch, needed in REQUIRED_WHEN.items():
        if flag(switch):
            names += [name for name in needed if not text(name)]
    return names
