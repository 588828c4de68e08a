"""The names production needs and whether they are set: present or missing, and nothing else about them."""

from dataclasses import dataclass

from opsportal import env


@dataclass(frozen=True)
class Name:
    """An environment name, when it is needed, and whether it has a value."""

    name: str
    needed: str
    is_set: bool

    @property
    def is_missing(self) -> bool:
        """Needed now and not set."""
        return not self.is_set and self.needed in {"always", "switched on"}


_OPTIONAL = (
    "POSTGRES_DSN_PROD", "DATABASE_MIGRATE_URL", "SECRET_KEY_FALLBACKS", "SLACK_WEBHOOK_URL", "EMAIL_URL",
    "ALERT_EMAIL", "PROBE_ALLOWED_INTERNAL", "TRUSTED_PROXIES", "GITHUB_ISSUES_REPO", "GITHUB_TOKEN",
)  # fmt: skip


def names() -> list[Name]:
    """Required ones first, in the order of the contract."""
    always = [Name(name, "always", bool(env.text(name))) for name in env.REQUIRED_ALWAYS]
    switched = [
        Name(name, "switched on" if env.flag(switch) else f"with {switch}", bool(env.text(name)))
        for switch, needed in env.REQUIRED_WHEN.items()
        for name in needed
    ]
    return [*always, *switched, *(Name(name, "by choice", bool(env.text(name))) for name in _OPTIONAL)]
