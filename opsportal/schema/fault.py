"""Why an operation on the database's shape failed: a stable token, and a sentence for the person who reads stderr."""


class Fault(Exception):  # noqa: N818 - a finding that the command prints, not a defect
    """`reason` is one of the tokens of the contract; `sentence` says what to do, without an address or a value."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence
