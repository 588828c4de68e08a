"""Mail by SMTP, bounded as a whole: a server that drips its answers is cut off."""

import smtplib
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend

from opsportal.outbox.channels.answer import TAKEN, Answer
from opsportal.outbox.letter import Letter

TOTAL_SECONDS = 15.0


class _CutOff:
    """Closes the connection under smtplib when its time is over; smtplib itself bounds single answers only."""

    sock: Any
    putcmd: Any

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        self.is_late = False
        self._clock = threading.Timer(TOTAL_SECONDS, self._cut)
        self._clock.daemon = True
        self._clock.start()
        return super().connect(*args, **kwargs)  # type: ignore[misc]

    def quit(self) -> tuple[int, bytes]:
        """Say it and go. While we waited for the goodbye, a mail that was taken would not be marked as sent."""
        with suppress(OSError, smtplib.SMTPException):
            self.putcmd("quit")
        self.close()
        return 221, b""

    def close(self) -> None:
        self._clock.cancel()
        super().close()  # type: ignore[misc]

    def _cut(self) -> None:
        self.is_late = True
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _Plain(_CutOff, smtplib.SMTP):
    """Plain, or encrypted by STARTTLS."""


class _Encrypted(_CutOff, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""


class BoundedBackend(EmailBackend):
    """Django's SMTP with an end."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain


def send(letter: Letter) -> Answer:
    """Hand the mail to the server of EMAIL_URL. Its Message-ID is the same at every try."""
    fixed = {"Message-ID": f"<{letter.message_id}@opsportal>", "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),  # a line break would be a header of its own
        body=letter.body,
        to=[letter.address],
        headers={**dict(letter.headers), **fixed},
        connection=get_connection(),
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    began = time.monotonic()
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refusal:
        codes = [code for code, _ in refusal.recipients.values()]
        return Answer("recipient" if codes and min(codes) >= 500 else "deferred")
    except smtplib.SMTPServerDisconnected:
        return Answer("timeout" if time.monotonic() - began >= TOTAL_SECONDS else "connect")
    except smtplib.SMTPConnectError:
        return Answer("connect")
    except smtplib.SMTPException:
        return Answer("refused")
    except TimeoutError:
        return Answer("timeout")
    except socket.gaierror:
        return Answer("dns")
    except OSError:
        return Answer("connect")
    except ValueError:
        return Answer("refused")
    return TAKEN
