"""Which operations there are on the screen, in which forms, and who may start them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.management import get_commands

from opsportal.roles import Role


@dataclass(frozen=True)
class Blank:
    """A form with a word that a person types: what it is called, how it looks, and what to say when it does not."""

    form: str
    name: str
    pattern: str
    sentence: str


@dataclass(frozen=True)
class Operation:
    """One kind: its name, what it is for, its forms as words behind the name, and who may run it.

    `speaks` is how its token line begins when that is not its name. What changes something is for admins.
    """

    name: str
    what: str
    forms: tuple[str, ...] = ("",)
    role: Role = Role.RESPONDER
    speaks: str = ""
    blanks: tuple[Blank, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """What may be run, as it is typed."""
        return tuple(f"{self.name} {form}".strip() for form in self.forms)

    def blank(self, command: str) -> Blank | None:
        """The word that this command wants behind it, if any."""
        return next((one for one in self.blanks if f"{self.name} {one.form}" == command), None)

    def allows(self, command: str) -> bool:
        """Whether it is one of ours, its blank filled as it has to be."""
        filled = (rf"{re.escape(f'{self.name} {one.form}')} (?:{one.pattern})" for one in self.blanks)
        return command in self.commands or any(re.fullmatch(one, command) for one in filled)

    def line(self, status: str, reason: str) -> str:
        """A token line that the command itself did not live to say."""
        return f"{self.speaks or self.name} status={status} reason={reason}"


_ALL = (
    Operation("prod_verify", "Configuration, database, checks, running portal", ("--dry-run", "--verify")),
    Operation(
        "ops_daily",
        "Daily checks over 24 hours",
        ("--mode=ci", "--mode=ci --strict", "--mode=prod"),
    ),
    Operation("db_verify", "Connection, tables, migrations"),
    Operation("db_bootstrap", "Whether the migrations fit together", ("--dry-run",), speaks="db_bootstrap_dry_run"),
    Operation("db_rollback_plan", "Which of the newest migrations can go back"),
    Operation(
        "prod_config_contract",
        "Names that production needs",
        ("--mode=ci", "--mode=prod_required"),
        speaks="prod_config",
    ),
    Operation("policy_check", "Routes, schema, version, owners"),
    Operation("check_docs_routes", "Documents against routes"),
    Operation("check_schema_policy", "Models and database against the policy"),
    Operation("check_version_consistency", "Changelog, package and API"),
    Operation("check_slo_policy", "Owners and rules of checks"),
    Operation("check_runtime_health", "This portal from outside", speaks="runtime_health"),
    Operation("benchmark_queries", "Hot queries on the live data"),
    Operation(
        "replay_deliveries",
        "Messages that failed, once more",
        ("--failed-since 1h", "--failed-since 1d"),
        role=Role.ADMIN,
        blanks=(
            Blank("--event-id", "ID", r"[A-Za-z0-9][\w.:/-]{0,149}", "Write the event id, as Deliveries shows it."),
            Blank("--failed-since", "AGE", r"\d{1,4}[smhd]", "Write how long ago as 30m, 1h or 2d."),
        ),
    ),
    Operation("backup", "A copy of everything, closed", ("--keep 14", ""), role=Role.ADMIN),
    Operation("backup_verify", "The newest copy, restored elsewhere and compared", role=Role.ADMIN),
    Operation("audit_verify", "The chain of the audit log"),
    Operation("timeline_verify", "The chain of the timelines"),
    Operation("doctor", "Every part of the portal"),
)


def operations() -> tuple[Operation, ...]:
    """Those whose command this version has, in the order of the screen."""
    there = get_commands()
    return tuple(one for one in _ALL if one.name in there)


def named(name: str) -> Operation | None:
    """The operation of that name."""
    return next((one for one in operations() if one.name == name), None)


def names(found: Iterable[Operation]) -> list[str]:
    return [one.name for one in found]
