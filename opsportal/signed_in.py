"""Who acts in a request."""

from django.http import HttpRequest

from opsportal.models import User


def person(request: HttpRequest) -> User:
    """The person signed in; the login middleware lets nobody else reach a view that asks."""
    assert isinstance(request.user, User)
    return request.user
