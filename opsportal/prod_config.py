"""Which names production needs and does not have: the lines that operations print, never a value."""

from dataclasses import dataclass

from opsportal import env
from opsportal.errors import Refused

MODES = ("ci", "prod_required")


@dataclass(frozen=True)
class ProdConfig:
    """The names that are missing; none means that production may start."""

    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    def lines(self) -> list[str]:
        """One `missing=<NAME>` line for each name, then the token line."""
        if self.is_complete:
            return ["prod_config status=ok"]
        return [*(f"missing={name}" for name in self.missing), "prod_config status=fail reason=missing_env"]


def read(mode: str) -> ProdConfig:
    """The contract in a mode: `ci` tolerates names that only production has."""
    if mode not in MODES:
        raise Refused("UNKNOWN_MODE", f"There is no mode {mode!r}. Known modes: {', '.join(MODES)}.")
    return ProdConfig(() if mode == "ci" else tuple(env.missing_names()))
