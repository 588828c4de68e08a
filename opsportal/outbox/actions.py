"""Queue a message and send what is due."""


def deliver_due() -> None:
    """Send everything that is due."""
