"""A Slack-compatible incoming webhook. Pure."""

import json

from opsportal.outbox.channels import web
from opsportal.outbox.channels.answer import Answer
from opsportal.outbox.letter import Letter


def send(letter: Letter) -> Answer:
    """Post the text; nobody is called by a name that a title happens to hold."""
    text = f"*{_plain(letter.subject)}*\n{_plain(letter.body)}"
    headers = {"Content-Type": "application/json", "Idempotency-Key": letter.key}
    return web.post(letter.address, json.dumps({"text": text}).encode(), headers, letter.guard)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
