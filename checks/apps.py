"""The app of what workers do."""

from django.apps import AppConfig


class ChecksConfig(AppConfig):
    """Registers counts beside the navigation, the scheduler's health, which steps it runs, and the shell's history."""

    name = "checks"

    def ready(self) -> None:
        from checks import shell
        from checks.evidence import actions as evidence
        from checks.operations import steps
        from checks.operations.shell import note
        from opsportal import shell_runs

        shell.register()
        steps.register()
        evidence.register()
        shell_runs.register(note)
