"""The app of what workers do."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """Registers counts beside the navigation, which steps it runs, the shell's history, and the doctor's canary."""

    name = "checks"

    def ready(self) -> None:
        from checks import shell
        from checks.catalogue import canary
        from checks.evidence import actions as evidence
        from checks.operations import steps
        from checks.operations.shell import note
        from opsportal import shell_runs
        from opsportal.doctor import examination

        shell.register()
        steps.register()
        evidence.register()
        shell_runs.register(note)
        examination.register(canary.finding)
