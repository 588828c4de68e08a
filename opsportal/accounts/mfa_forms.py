"""The forms of second factors in the portal's words; a wrong code is written down."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms

from opsportal.audit import actions as audit
from opsportal.audit.models import AuditEvent
from opsportal.privacy.forms import GuardedForm

_CODE = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "class": "input--code"}


def _code_field(help_text: str) -> forms.CharField:
    return forms.CharField(label="Code", max_length=16, help_text=help_text, widget=forms.TextInput(attrs=_CODE))


class CodeForm(AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The second step of signing in."""

    code = _code_field("Six digits from your app, or one of your recovery codes.")

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        super()._emit_authentication_failed(authenticator)
        name = self.user.username
        audit.record("mfa.refused", by=name, object=name, result=AuditEvent.Result.DENIED)


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """Proof before a sensitive act."""

    code = _code_field("Six digits from your app, or one of your recovery codes.")

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        super()._emit_authentication_failed(authenticator)
        name = self.user.username
        audit.record("mfa.refused", by=name, object=name, result=AuditEvent.Result.DENIED)


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    """Shows that the app has the right secret."""

    code = _code_field("The six digits that the app shows now.")

    def clean_code(self) -> str:
        """Used up by showing it: whoever looked on cannot sign in with it."""
        code: str = super().clean_code()
        if not TOTP(Authenticator(user=self.user))._mark_code_used(code):  # allauth has no public name for it
            raise get_adapter().validation_error("incorrect_code")
        return code


class PasskeyForm(GuardedForm, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, and whether it may stand alone."""

    unguarded = ("credential",)

    name = forms.CharField(label="Name", required=False, max_length=60, help_text="So that you know it again.")
    passwordless = forms.BooleanField(
        label="Also sign in with it alone",
        required=False,
        initial=True,
        help_text="Without name and password. The device then asks for its PIN, finger or face.",
    )
