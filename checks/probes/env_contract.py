"""Are the names set that must be, and is the posture as agreed? Names and counts, never a value."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checks.probes.context import Context, Spec
from checks.probes.outcome import ErrorClass, Outcome, failed, passed

NAME = re.compile(r"[A-Z][A-Z0-9_]{2,63}")
# A posture is one of a few plain words; what looks like anything else could be a secret.
POSTURE = re.compile(r"[a-z][a-z-]{0,15}|[01]")
_OFF = ("", "false")
SAME = {"1": "true", "yes": "true", "on": "true", "0": "false", "no": "false", "off": "false"}


@dataclass(frozen=True)
class Contract:
    """What must be set, what must be set while a switch is on, which names must hold which plain word, which must be on
    where they are set at all, and which may not be on."""

    names: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    when: Mapping[str, tuple[str, ...]] | None = None
    on_if_set: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    def with_own(self, own: "Contract") -> "Contract":
        """What an operator says of a name goes before what a preset says of it."""
        said = own.values or {}
        return Contract(
            names=tuple(dict.fromkeys(self.names + own.names)),
            values={**(self.values or {}), **said},
            when=self.when,
            on_if_set=tuple(name for name in self.on_if_set if name not in said),
            off=tuple(name for name in self.off if name not in said),
        )

    def broken(self, environment: Callable[[str], str]) -> list[str]:
        """Names that are unset or hold another word, with which of the two, in order; each name once."""
        needed = list(self.names)
        for switch, names in (self.when or {}).items():
            if _plain(environment(switch)) == "true":
                needed += names
        found = {name: "set" for name in needed if not environment(name)}
        for name, wanted in (self.values or {}).items():
            if _plain(environment(name)) != _plain(wanted):
                found.setdefault(name, wanted)
        found |= {name: "true" for name in self.on_if_set if _plain(environment(name)) not in ("", "true")}
        found |= {name: "off" for name in self.off if _plain(environment(name)) not in _OFF}
        return [f"{name} is not {wanted}." for name, wanted in found.items()]


# The launch posture of the day-1 playbook: billing enforced with hard limits and paywall, and nothing of a demo. That
# enforcement is strict has to be said; products that have switches of their own for limits and paywall have them on.
LAUNCH = Contract(
    names=("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "INTEGRATION_ENCRYPTION_KEY", "ALLOWED_HOSTS", "BASE_URL"),
    values={
        "LAUNCH_MODE": "true",
        "ENVIRONMENT": "production",
        "SECURITY_HEADERS_ENABLED": "true",
        "BILLING_ENABLED": "true",
        "BILLING_ENFORCEMENT": "strict",
    },
    on_if_set=("HARD_LIMITS_ENABLED", "PAYWALL_ENABLED"),
    off=("DEMO_MODE", "DEMO_DATA", "DEMO_SEED"),
    when={
        "BILLING_ENABLED": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
        "ZERO_TRUST_ENABLED": ("ZERO_TRUST_API_KEY",),
        "SSO_ENABLED": ("SSO_CLIENT_ID", "SSO_CLIENT_SECRET", "SSO_ISSUER"),
    },
)
PRESETS = {"launch": LAUNCH}


def parse_names(text: str) -> tuple[str, ...]:
    """Names divided by blanks or commas; ValueError names no value: what is no name may be one."""
    names = tuple(text.replace(",", " ").split())
    if not all(NAME.fullmatch(name) for name in names):
        raise ValueError("Write names only: capital letters, digits and _, such as DATABASE_URL.")
    return names


def parse_values(text: str) -> dict[str, str]:
    """`NAME=word` line by line; only plain words, because they are stored."""
    found = {}
    for line in text.replace(",", " ").split():
        name, equals, word = line.partition("=")
        if not equals or not NAME.fullmatch(name) or not POSTURE.fullmatch(word):
            raise ValueError("Write NAME=word with a plain word, such as LAUNCH_MODE=true. No secret belongs here.")
        found[name] = word
    return found


async def probe(spec: Spec, context: Context) -> Outcome:
    """The value kept is how many names are unset or differ."""
    try:
        own = Contract(parse_names(str(spec.get("names") or "")), parse_values(str(spec.get("values") or "")))
    except ValueError:
        return failed(ErrorClass.CONFIG)
    preset = PRESETS.get(str(spec.get("preset") or ""), Contract())
    broken = preset.with_own(own).broken(context.environment)
    if broken:
        return failed(ErrorClass.MISSING, value=float(len(broken)), notes=tuple(broken))
    return passed(value=0.0)


def _plain(value: str) -> str:
    word = value.strip().lower()
    return SAME.get(word, word)
