"""A program with a token."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from opsportal.models import ApiToken, User
from opsportal.tokens import actions


class Program:
    """Asks the API as a script would: one token, no cookies."""

    def __init__(self, text: str, token: ApiToken) -> None:
        self.text, self.token = text, token
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.text}"}, **more)

    def post(self, path: str, body: Any = None, *, key: str = "", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.text}"} | ({"Idempotency-Key": key} if key else {})
        return self.client.post(path, body, content_type="application/json", headers=headers, **more)


@pytest.fixture
def program() -> Callable[..., Program]:
    """Make a token for a person and a program that uses it."""

    def make(user: User, *scopes: str, **changes: Any) -> Program:
        words: dict[str, Any] = {
            "name": "script",
            "scopes": scopes or ("incidents:read",),
            "lifetime": timedelta(days=1),
            "by": user.username,
            "at": timezone.now(),
        }
        issued = actions.issue(user, **words | changes)
        return Program(issued.text, issued.token)

    return make
