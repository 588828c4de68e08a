"""The frame's Django app."""

from django.apps import AppConfig


class OpsportalConfig(AppConfig):
    """Registers what the frame itself can say about its health, the audit log's chain, and who hears of sign-ins."""

    name = "opsportal"

    def ready(self) -> None:
        from allauth.usersessions.models import UserSession
        from django.db.models.signals import post_migrate, pre_save

        from opsportal import health_figures
        from opsportal.abuse import listening
        from opsportal.accounts import alarms, factors, sessions
        from opsportal.audit import chain, sign_in, verification
        from opsportal.privacy import leaks
        from opsportal.secrets.actions import closed_elsewhere, opened_elsewhere, require_key_after_migrate

        health_figures.register()
        post_migrate.connect(require_key_after_migrate, sender=self)
        closed_elsewhere.append(factors.close_again)
        opened_elsewhere.append(factors.open_all)
        chain.keep()
        verification.when_broken.append(alarms.chain_is_broken)
        sign_in.listen()
        pre_save.connect(sessions.keep_browser_only, sender=UserSession, dispatch_uid="accounts.browser_only")
        leaks.connect()
        listening.listen()
