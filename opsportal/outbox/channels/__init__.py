"""How a message leaves: one function for each channel, one error token from a fixed set, never an exception's text."""

from opsportal.outbox.channels import github, mail, slack, webhook
from opsportal.outbox.channels.answer import Answer
from opsportal.outbox.letter import Letter
from opsportal.outbox.models import Channel

_CHANNELS = {
    Channel.SLACK.value: slack.send,
    Channel.EMAIL.value: mail.send,
    Channel.GITHUB.value: github.send,
    Channel.WEBHOOK.value: webhook.send,
}


def send(letter: Letter) -> Answer:
    """Hand the message over and say how it went. Touches no row, so it may run in any thread."""
    carry = _CHANNELS.get(letter.channel)
    if carry is None:
        return Answer("unknown_channel")
    if not letter.address:
        return Answer("not_configured")
    return carry(letter)
