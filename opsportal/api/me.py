"""Whom a token acts for: the first thing a program asks."""

from datetime import datetime

from ninja import Router, Schema

from opsportal.api.access import ApiRequest, Scoped

router = Router(tags=["Token"])


class Me(Schema):
    """The person, and what this token may do now."""

    name: str
    role: str
    scopes: list[str]
    token: str
    expires_at: datetime


@router.get("/me", response=Me, auth=Scoped(None), summary="Who am I")
def me(request: ApiRequest) -> Me:
    """The token's owner, their role, and the scopes that the role lets through at this moment."""
    caller = request.auth
    return Me(
        name=caller.user.username,
        role=caller.user.role,
        scopes=list(caller.scopes),
        token=caller.token.name,
        expires_at=caller.token.expires_at,
    )
