"""The environment, read once: every name the portal understands, with its type and its default.

Names are listed for operators in docs/configuration.md. A value of a secret never leaves this module except
into the setting that needs it.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import dj_database_url
import dj_email_url
from environs import Env

from opsportal.network import Forbidden, Guard

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
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LEAST_TOKEN = 24
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
# What libpq would refuse only when it connects, in words that repeat the address.
_LIBPQ_WORDS = {
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "channel_binding": {"disable", "prefer", "require"},
    "gssencmode": {"disable", "prefer", "require"},
    "target_session_attrs": {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"},
}
_LIBPQ_NUMBERS = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
# How the address of a mail server begins, as its parser knows it; STARTTLS for +tls, TLS from the first byte for +ssl.
_MAIL_SCHEMES = {
    "smtp": "smtp",
    "smtp+tls": "submission",
    "smtp+ssl": "smtp",
    "smtps": "smtp",
    "submission": "submission",
}
_TLS_FROM_THE_START = {"smtp+ssl", "smtps"}
_HOST = re.compile(r"\*|\.?[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]")
_MAILBOX = re.compile(r"[^@\s<>,]+@[^@\s<>,]+|[^@<>,]*<[^@\s<>,]+@[^@\s<>,]+>")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def text(name: str, default: str = "") -> str:
    """The value of a name; empty counts as unset, and an alias stands in where the first name is missing."""
    value = env.str(name, "").strip()
    if not value and name in ALIASES:
        value = env.str(ALIASES[name], "").strip()
    return value or default


def flag(name: str, default: bool = False) -> bool:
    """1, true, yes, on, or 0, false, no, off, in any case; an empty value is the default.

    Anything else is refused: a mistyped LAUNCH_MODE must not start a portal that is open to everybody.
    """
    value = text(name).lower()
    if value and value not in _TRUE | _FALSE:
        raise SystemExit(f"{name} must be true or false.")
    return value in _TRUE if value else default


def number(name: str, default: int, *, least: int = 1, most: int = 2**31 - 1) -> int:
    """A whole number within its bounds; anything else is refused in one sentence that names the variable only."""
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", value) or not least <= int(value) <= most:
        raise SystemExit(f"{name} must be a whole number from {least} to {most}.")
    return int(value)


def words(name: str) -> list[str]:
    """A comma list without blanks."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def database(name: str, default: str) -> dict[str, Any]:
    """Django's database settings from an address; the default stands in when the name and its alias are unset."""
    address = text(name, default)
    try:
        found = dict(dj_database_url.parse(address))
        options = parse_qsl(urlsplit(address).query, strict_parsing=True) if "?" in address else []
    except ValueError:
        found, options = {}, []
    if found.get("ENGINE") != POSTGRES or not found["NAME"]:
        raise _not_an_address(name, "a PostgreSQL database", "postgresql://user:password@host:5432/name")
    if not all(_is_libpq(*option) for option in options) or len(options) != len(dict(options)):
        raise SystemExit(
            f"{_spoken(name)} has something behind its ? that is no option of PostgreSQL's client, "
            "such as ?sslmode=verify-full&sslrootcert=/path."
        )
    return found


def _is_libpq(name: str, value: str) -> bool:
    """Whether the client library knows the option and could read the value."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    if name == "currentSchema":
        return True
    try:
        make_conninfo(**{name: value})
    except ProgrammingError:
        return False
    if name in _LIBPQ_NUMBERS:
        return value.isdecimal()
    return value in _LIBPQ_WORDS.get(name, {value})


def redis(name: str) -> str:
    """The address of a Redis, or an empty text."""
    address = text(name)
    if address and not _is_redis(address):
        raise _not_an_address(name, "a Redis", "redis://:password@host:6379/0")
    return address


def _is_redis(address: str) -> bool:
    """Whether both of its clients could read it: redis-py, and Celery, which wants a number behind the last slash."""
    from redis import ConnectionPool, RedisError

    scheme = _scheme(address)
    if scheme not in {"redis", "rediss", "unix"}:
        return False
    path = urlsplit(address).path
    if scheme == "unix" and not path.strip("/"):
        return False
    if scheme != "unix" and not re.fullmatch(r"/?|/[0-9]{1,4}", path):
        return False
    try:
        ConnectionPool.from_url(address).make_connection()  # made, not opened
    except (ValueError, TypeError, RedisError):
        return False
    return True


def email(name: str, default: str) -> dict[str, Any]:
    """Django's mail settings from an address such as smtp+tls://user:password@host:587."""
    address = text(name, default)
    scheme = _scheme(address)
    try:
        known = _MAIL_SCHEMES[scheme]
        found = dict(dj_email_url.parse(known + address[len(scheme) :]))
    except (ValueError, KeyError):
        raise _not_an_address(name, "a mail server", "smtp+tls://user:password@host:587") from None
    if scheme in _TLS_FROM_THE_START:
        found.update(EMAIL_USE_SSL=True, EMAIL_USE_TLS=False, EMAIL_PORT=urlsplit(address).port or 465)
    return found


def networks(name: str) -> tuple[Network, ...]:
    """A comma list of addresses and networks; one that is neither is refused by its place in the list."""
    found = []
    for place, word in enumerate(words(name), start=1):
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            raise SystemExit(
                f"{name}: entry {place} is neither an address nor a network, such as 10.0.0.5 or 10.0.0.0/8."
            ) from None
    return tuple(found)


def internal(name: str) -> list[str]:
    """A comma list of networks and single targets that checks may reach inside."""
    found = words(name)
    for place, word in enumerate(found, start=1):
        try:
            guard = Guard.from_list([word])
        except Forbidden:
            guard = Guard()
        if not guard.networks and not any(host and 0 < port < 65536 for host, port in guard.targets):
            raise SystemExit(f"{name}: entry {place} is neither a network such as 10.0.0.0/8 nor host:port.")
    return found


def folders(name: str) -> tuple[Path, ...]:
    """A comma list of folders by their full path; whether they are there is seen when somebody looks into them."""
    found = tuple(Path(word) for word in words(name))
    for place, folder in enumerate(found, start=1):
        if not folder.is_absolute() or folder == Path(folder.anchor):
            raise SystemExit(f"{name}: entry {place} is not the full path of a folder, such as /srv/backups.")
    return found


def _refuse_unlike(like: re.Pattern[str], of: str, name: str) -> None:
    """Every word of a comma list has the form."""
    for place, word in enumerate(words(name), start=1):
        if not like.fullmatch(word):
            raise SystemExit(f"{name}: entry {place} is not {of}.")


def _refuse_short(name: str) -> None:
    """Whoever guesses it is in: a word that a person would think of is none."""
    if len(text(name)) < LEAST_TOKEN:
        raise SystemExit(f"{name} needs {LEAST_TOKEN} characters or more.")


def _refuse_no_page(name: str) -> None:
    """An address that a browser or an HTTP client could open."""
    address = text(name)
    if address and not (_scheme(address) in {"http", "https"} and urlsplit(address).hostname):
        raise SystemExit(f"{name} must be an address that begins with http:// or https:// and has a host.")


def issuer(name: str) -> str:
    """The address of an identity provider, or an empty text. Whoever listens on the way could let anybody in: https.

    A provider on this machine may speak http outside production, for trying it out.
    """
    address = text(name).rstrip("/")
    if not address:
        return ""
    scheme = _scheme(address)
    host = urlsplit(address).hostname if scheme else None
    if scheme == "http" and host in {"localhost", "127.0.0.1", "::1"} and not posture().is_production:
        return address
    if scheme != "https" or not host:
        raise SystemExit(f"{name} must be the https address of an identity provider, such as https://id.example.org.")
    return address


def status_host() -> str:
    """The host name on which only the public page answers, or an empty text. It cannot be the one that staff use."""
    host = text("STATUS_HOST").lower()
    if host and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", host):
        raise SystemExit("STATUS_HOST is not a host name without scheme and port.")
    if host and host == urlsplit(text("BASE_URL")).hostname:
        raise SystemExit("STATUS_HOST is the host of BASE_URL: staff would be locked out. Give the page another name.")
    return host


def file(name: str) -> str:
    """The path of a file that is there and holds something, or an empty text."""
    path = text(name)
    if path and not (Path(path).is_file() and Path(path).stat().st_size):
        raise SystemExit(f"{name} must name a file that is there and not empty.")
    return path


def _refuse_bad_patterns() -> None:
    """Read now: a guard that cannot be made would otherwise be noticed by the first person who writes something."""
    from opsportal.privacy import own

    own.rules()


_CHECKS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(
        (
            *("LAUNCH_MODE", "SECURITY_HEADERS_ENABLED", "MFA_REQUIRED", "OPSPORTAL_DB_POOL", "DATABASE_PREPARES"),
            *("SSO_ENABLED", "BILLING_ENABLED", "ZERO_TRUST_ENABLED"),
        ),
        flag,
    ),
    **dict.fromkeys(
        (
            *("MAX_REQUEST_BODY_BYTES", "INGEST_MAX_BATCH_ITEMS", "SESSION_HOURS", "SESSION_IDLE_MINUTES"),
            *("API_REQUESTS_PER_MINUTE", "API_STRANGER_REQUESTS_PER_MINUTE"),
            *("OPSPORTAL_STATEMENT_TIMEOUT_MS", "OPSPORTAL_MIN_FREE_MB"),
        ),
        lambda name: number(name, 1, least=0 if name == "OPSPORTAL_MIN_FREE_MB" else 1),
    ),
    **dict.fromkeys(("BASE_URL", "OPSPORTAL_INTERNAL_URL", "GITHUB_API_URL", "SLACK_WEBHOOK_URL"), _refuse_no_page),
    "SSO_ISSUER": issuer,
    "PASSWORD_LEAKS_FILE": file,
    "STATUS_HOST": lambda _: status_host(),
    "ALLOWED_HOSTS": partial(_refuse_unlike, _HOST, "a host name without scheme and port"),
    "ALERT_EMAIL": partial(_refuse_unlike, _MAILBOX, "an e-mail address"),
    "EMAIL_FROM": partial(_refuse_unlike, _MAILBOX, "an e-mail address"),
    "GITHUB_ISSUES_REPO": partial(_refuse_unlike, _REPOSITORY, "owner/repository"),
    "TRUSTED_PROXIES": networks,
    "METRICS_NETWORKS": networks,
    "METRICS_TOKEN": lambda name: _refuse_short(name),
    "PROBE_ALLOWED_INTERNAL": internal,
    "PROBE_FOLDERS": folders,
    "DATABASE_URL": lambda name: database(name, ""),
    "DATABASE_MIGRATE_URL": lambda name: database(name, ""),
    "REDIS_URL": redis,
    "EMAIL_URL": lambda name: email(name, ""),
    "PRIVACY_PATTERNS_FILE": lambda _: _refuse_bad_patterns(),
}


def refuse_bad_values() -> None:
    """Raises SystemExit with one sentence that names the variable, never its value, before anything is started."""
    posture()
    for name, check in _CHECKS.items():
        if text(name):
            check(name)


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
    return SystemExit(
        f"{_spoken(name)} is not the address of {of}, such as {example}; "
        "in a password write / as %2F, @ as %40, # as %23."
    )


def _spoken(name: str) -> str:
    """The name that the operator set: itself or its alias."""
    return name if env.str(name, "").strip() else ALIASES.get(name, name)


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
