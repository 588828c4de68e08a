"""Where allauth asks the house: nobody signs up by themselves, every way in is written down, and who is told of it."""

import ipaddress
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from opsportal import recent
from opsportal.accounts import limited
from opsportal.accounts.break_glass import tell_admins
from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.models import User
from opsportal.secrets.sealed import Sealed, seal

_LIMITED = {"too_many_login_attempts", "rate_limited"}
# What allauth would send a mail about, in the words of the audit log.
_ACTS = {
    "mfa/email/totp_activated": "mfa.app.add",
    "mfa/email/totp_deactivated": "mfa.app.remove",
    "mfa/email/webauthn_added": "mfa.passkey.add",
    "mfa/email/webauthn_removed": "mfa.passkey.remove",
    "mfa/email/recovery_codes_generated": "mfa.recovery_codes.new",
    "account/email/password_changed": "password.change",
    "account/email/password_set": "password.set",
    "socialaccount/email/account_connected": "sso.connect",
}


class PortalAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closed sign-up; people are added on the People screen."""

    # Which of the two was wrong stays unsaid: it would tell a stranger who has an account.
    error_messages: ClassVar[dict[str, str]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "The name or the password is wrong.",
        "too_many_login_attempts": "Too many tries. Wait some minutes, or use a one-time link.",
        "incorrect_password": "This is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Asked for these words whenever a try is turned away unread, at a password and at a code."""
        if code in _LIMITED and context.request is not None:
            limited.note(context.request, at=timezone.now())
        error: ValidationError = super().validation_error(code, *args)
        return error

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of the last five minutes counts as proof; allauth itself would ask again at once."""
        request = self.request
        return request is None or not recent.is_recent(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("accounts:profile")

    def get_client_ip(self, request: HttpRequest) -> str:
        """The network, not the machine: enough for limits and for recognising a session, and no personal address."""
        return network_of(str(super().get_client_ip(request)))

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        if settings.SSO_ENABLED and "socialaccount" not in recent.methods(request):
            tell_admins(user, "signed in without single sign-on", at=timezone.now())

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        """allauth calls this after each change of a credential: it goes to the audit log."""
        audit.record(_ACTS.get(template_prefix, template_prefix[:64]), by=user.username, object=user.username)


class PortalMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names in authenticator apps and passkeys."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is wrong or was used already. Type the one that the app shows now.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text).token

    def decrypt(self, encrypted_text: str) -> str:
        return Sealed(encrypted_text).open()

    def get_totp_label(self, user: User) -> str:
        return user.username

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return f"Opsportal {urlsplit(settings.BASE_URL).hostname}"

    def build_totp_svg(self, url: str) -> SafeString:
        """The picture as an element of the page: the policy refuses data: images, and HTML has no <?xml ?>."""
        svg: str = super().build_totp_svg(url)
        return mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - drawn by the library from our own address

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        return "My passkey"


class PortalSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on opens the door for people who exist; it makes nobody."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person; what the provider tells about them is not kept."""
        sociallogin.account.extra_data = {}
        if sociallogin.is_existing:
            SocialAccount.objects.filter(pk=sociallogin.account.pk).update(extra_data={})
            return
        person = person_of(sociallogin)
        if person is None:
            audit.record("sign_in.refused", by="unknown", object="sso", result=AuditEvent.Result.DENIED)
            page = render(request, "socialaccount/refused.html", {"reason": "unknown"}, status=403)
            raise ImmediateHttpResponse(page)
        sociallogin.connect(request, person)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        audit.record("sign_in.refused", by="unknown", object="sso", result=AuditEvent.Result.FAILED)
        page = render(request, "socialaccount/refused.html", {"reason": "failed"}, status=403)
        raise ImmediateHttpResponse(page)


def person_of(sociallogin: SocialLogin) -> User | None:
    """The one active person with the provider's verified e-mail address, else with its user name."""
    emails = [one.email for one in sociallogin.email_addresses if one.verified]
    by_email: list[User] = (
        list(User.objects.get_queryset().active().filter(email__iexact=emails[0])[:2]) if emails else []
    )
    if len(by_email) == 1:
        return by_email[0]
    if by_email:
        return None
    name = str(getattr(sociallogin.user, "username", "") or "")
    return User.objects.get_queryset().active().filter(username=name).first() if name else None


def network_of(address: str) -> str:
    """The /24 or /48 an address lies in.

    >>> network_of("203.0.113.77")
    '203.0.113.0'
    """
    length = 48 if ":" in address else 24
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False).network_address)
