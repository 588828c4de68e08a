"""Where allauth asks the house: nobody signs up by themselves."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class PortalAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closed sign-up; people are added on the People screen."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
