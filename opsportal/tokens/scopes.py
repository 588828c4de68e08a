"""What a token may be allowed to do: a table, so that the screen, the API and its documentation say the same."""

from dataclasses import dataclass

from opsportal.roles import Role


@dataclass(frozen=True)
class Scope:
    """One right. `role` is what the token's owner must be at the moment of use, whatever the token says."""

    name: str
    words: str
    role: Role


ALL: tuple[Scope, ...] = (
    Scope("incidents:read", "Read incidents and their timelines", Role.VIEWER),
    Scope("incidents:write", "Declare incidents, post to their timelines, change their state", Role.RESPONDER),
    Scope("checks:read", "Read checks, their results and trends", Role.VIEWER),
    Scope("checks:run", "Run, pause, resume and mute checks", Role.RESPONDER),
    Scope("checks:write", "Define, change, archive and remove checks", Role.ADMIN),
    Scope("status:read", "Read components and public updates, drafts too", Role.VIEWER),
    Scope("status:write", "Publish updates and set components", Role.PUBLISHER),
    Scope("changes:read", "Read changes", Role.VIEWER),
    Scope("changes:write", "Record changes", Role.RESPONDER),
    Scope("ownership:read", "Read who owns what and who is on call", Role.VIEWER),
    Scope("audit:read", "Read the audit log", Role.ADMIN),
)
BY_NAME = {scope.name: scope for scope in ALL}


def within(role: str) -> tuple[Scope, ...]:
    """The scopes that somebody of this role can use."""
    return tuple(scope for scope in ALL if Role(role).rank >= scope.role.rank)
