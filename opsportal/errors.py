"""Expected refusals: what the house says no to, in words that tell the person what to do."""


class Refused(Exception):  # noqa: N818 - it is a refusal, not an error
    """An action said no.

    `code` is a stable token for programs, `sentence` is shown to the person as it is. It is not logged as an error.
    """

    status = 422

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Denied(Refused):
    """No because of who asks, of whom: the answer is 403, and every 403 stands in the audit log."""

    status = 403


class Conflict(Refused):
    """Somebody else saved first; the answer is 409 and carries both texts."""

    status = 409
