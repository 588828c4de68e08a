"""Addresses of allauth under the names it looks for: second step, factors, passwords, proof again, single sign-on.

Each that changes a credential asks for a proof of the last five minutes.
"""

from allauth.account import views as account
from allauth.mfa.base import views as step
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from opsportal.accounts import sso
from opsportal.recent import View, provable, recent_sign_in
from opsportal.roles import Role, require


def own(view: View) -> View:
    """For everybody who is signed in."""
    return require(Role.VIEWER)(view)


def sensitive(view: View) -> View:
    """For everybody who proved it within five minutes."""
    return own(recent_sign_in(view))


def proof(view: View) -> View:
    """For everybody who has something to prove it with."""
    return own(provable(view))


urlpatterns = [
    path("login/step/", step.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/sso/", sso.begin, name="sso"),
    path("login/<str:provider_id>/start/", sso.begin, name="openid_connect_login"),
    path("login/<str:provider_id>/callback/", sso.finish, name="openid_connect_callback"),
    path("account/again/", proof(account.reauthenticate), name="account_reauthenticate"),
    path("account/again/code/", proof(step.reauthenticate), name="mfa_reauthenticate"),
    path("account/again/passkey/", proof(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("account/password/", sensitive(account.password_change), name="account_change_password"),
    path("account/password/set/", sensitive(account.password_set), name="account_set_password"),
    path("account/factors/", own(step.index), name="mfa_index"),
    path("account/factors/app/", sensitive(totp.activate_totp), name="mfa_activate_totp"),
    path("account/factors/app/remove/", sensitive(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/factors/codes/", sensitive(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/factors/codes/new/", sensitive(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/factors/passkeys/", own(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("account/factors/passkeys/add/", sensitive(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/factors/passkeys/<int:pk>/", sensitive(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/factors/passkeys/<int:pk>/remove/", sensitive(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
]
