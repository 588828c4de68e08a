"""How soon what is owed, by severity. The operating documents' periods, as data."""

from dataclasses import dataclass
from datetime import timedelta

from incidents.response.states import Severity


@dataclass(frozen=True)
class Policy:
    """Periods of one severity; None means that nothing is owed."""

    acknowledge: timedelta
    first_public: timedelta | None
    public_every: timedelta
    words: str
    postmortem: timedelta | None = None


POLICIES: dict[Severity, Policy] = {
    Severity.SEV1: Policy(
        acknowledge=timedelta(0),
        first_public=timedelta(minutes=15),
        public_every=timedelta(minutes=30),
        words="Public within 15 min, then every 30 min.",
        postmortem=timedelta(hours=48),
    ),
    Severity.SEV2: Policy(
        acknowledge=timedelta(0),
        first_public=timedelta(minutes=15),
        public_every=timedelta(minutes=60),
        words="Public within 15 min, then every 60 min.",
        postmortem=timedelta(hours=48),
    ),
    Severity.SEV3: Policy(
        acknowledge=timedelta(0),
        first_public=None,
        public_every=timedelta(minutes=60),
        words="Public only if you decide so.",
    ),
}


def of(severity: str) -> Policy:
    """The periods of a severity: of("SEV-1").public_every is 30 minutes."""
    return POLICIES[Severity(severity)]
