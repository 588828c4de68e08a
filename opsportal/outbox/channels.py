"""How a message leaves: one function, one error token from a fixed set, never an exception's text."""

import asyncio
import smtplib

import aiohttp
from django.conf import settings
from django.core.mail import EmailMessage

from opsportal.outbox.models import Delivery

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


def send(delivery: Delivery) -> str:
    """Hand the message over; an empty string when the other side took it, else the error's token."""
    match delivery.channel:
        case Delivery.Channel.SLACK:
            return asyncio.run(_post(settings.SLACK_WEBHOOK_URL, delivery))
        case Delivery.Channel.EMAIL:
            return _mail(delivery)
    return "unknown_channel"


async def _post(url: str, delivery: Delivery) -> str:
    if not url:
        return "not_configured"
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.post(
                url,
                json={"text": f"*{_plain(delivery.subject)}*\n{_plain(delivery.body)}"},
                headers={"Idempotency-Key": delivery.key},
                allow_redirects=False,
            ) as response,
        ):
            return "" if 200 <= response.status < 300 else f"status_{response.status // 100}xx"
    except TimeoutError:
        return "timeout"
    except (aiohttp.ClientError, ValueError, OSError):
        return "connect"


def _plain(text: str) -> str:
    """So that words which people and machines wrote are neither links nor calls to everybody (<!channel>)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mail(delivery: Delivery) -> str:
    message = EmailMessage(
        subject=delivery.subject,
        body=delivery.body,
        to=[delivery.destination],
        headers={"Message-ID": f"<{delivery.pk}.{delivery.created_at:%Y%m%d%H%M%S}@opsportal>"},
    )
    try:
        message.send()
    except TimeoutError:
        return "timeout"
    except (smtplib.SMTPException, ValueError):
        return "refused"
    except OSError:
        return "connect"
    return ""
