"""A signed webhook in the form of Standard Webhooks."""

import json
import time

from opsportal.outbox import signing
from opsportal.outbox.channels import web
from opsportal.outbox.channels.answer import Answer
from opsportal.outbox.letter import Letter


def send(letter: Letter) -> Answer:
    """Post `{type, timestamp, data}`; id and body are the same at every try, only the signing time moves on."""
    body = json.dumps(
        {
            "type": "opsportal.message",
            "timestamp": letter.queued_at.isoformat(),
            "data": {"event": letter.event, "subject": letter.subject, "text": letter.body},
        }
    ).encode()
    signed_at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": letter.key,
        "webhook-id": letter.message_id,
        "webhook-timestamp": str(signed_at),
        "webhook-signature": signing.signature(letter.message_id, signed_at, body, letter.credentials),
    }
    return web.post(letter.address, body, headers, letter.guard)
