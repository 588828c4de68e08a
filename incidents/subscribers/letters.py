"""What one reader's message says beside the news: how to leave, how to choose, in words and in headers."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils import translation

from incidents.statuspage import language, queries
from incidents.statuspage.models import Page
from incidents.subscribers import links
from incidents.subscribers.models import Announcement, Subscriber
from opsportal.outbox.models import Channel, Delivery
from opsportal.outbox.recipients import Recipient

State = Subscriber.State
_TEMPLATE = "incidents/subscribers/mail.html"
_ASKED = "Somebody, probably you, asked that updates of %(name)s status be sent here."


@dataclass(frozen=True)
class Frame:
    """What all messages of one batch share."""

    page: str
    host: str
    language: str

    def say(self, text: str) -> str:
        """In the language of the page, with its name."""
        return language.of(self.language).gettext(text) % {"name": self.page}


def find(deliveries: Iterable[Delivery]) -> dict[int, Recipient]:
    """Readers who are still there, with the text each gets. News that was taken back finds nobody."""
    rows = list(deliveries)
    people = Subscriber.objects.in_bulk([int(row.recipient.partition(":")[2]) for row in rows])
    news = {one.key: one for one in Announcement.objects.filter(key__in={row.event for row in rows}, withdrawn_at=None)}
    page = Page.objects.get()
    frame = Frame(page.name, urlsplit(queries.origin()).hostname or "localhost", page.language)
    found: dict[int, Recipient] = {}
    for row in rows:
        reader = people.get(int(row.recipient.partition(":")[2]))
        if reader is None or not reader.address:
            continue
        if row.event in news and reader.state == State.ACTIVE:
            found[row.pk] = _news(row, reader, news[row.event], frame)
        elif row.key == f"confirm:{reader.pk}:{reader.nonce}":
            found[row.pk] = _known(reader, frame) if reader.state == State.ACTIVE else _question(reader, frame)
    return found


def _news(row: Delivery, reader: Subscriber, news: Announcement, frame: Frame) -> Recipient:
    page, leave, choose = f"{queries.origin()}{news.path}", links.unsubscribe(reader.pk), links.manage(reader.pk)
    text = (
        f"{row.body}\n\n{page}\n\n-- \n{frame.say('You asked for updates of %(name)s status.')}\n"
        f"{frame.say('Choose components')}: {choose}\n{frame.say('Unsubscribe')}: {leave}\n"
    )
    return _recipient(reader, text, frame, body=row.body, page=page, leave=leave, choose=choose)


def _question(reader: Subscriber, frame: Frame) -> Recipient:
    link = links.confirm(reader.pk, reader.nonce)
    text = (
        f"{frame.say(_ASKED)}\n\n"
        f"{frame.say('To confirm, open this link within 24 hours and press the button:')}\n{link}\n\n"
        f"{frame.say('If it was not you, do nothing: no more will come.')}\n"
    )
    return _recipient(reader, text, frame, link=link)


def _known(reader: Subscriber, frame: Frame) -> Recipient:
    leave, choose = links.unsubscribe(reader.pk), links.manage(reader.pk)
    text = (
        f"{frame.say(_ASKED)} {frame.say('They are already.')}\n\n"
        f"{frame.say('Choose components')}: {choose}\n{frame.say('Unsubscribe')}: {leave}\n"
    )
    return _recipient(reader, text, frame, leave=leave, choose=choose)


def _recipient(reader: Subscriber, text: str, frame: Frame, **words: str) -> Recipient:
    if reader.channel != Channel.EMAIL:
        return Recipient(reader.address, reader.credentials, text=text)
    with translation.override(frame.language):
        html = render_to_string(_TEMPLATE, {"name": frame.page, "language": frame.language, **words})
    headers = [("List-Id", f"{frame.page} status <status.{frame.host}>".replace('"', ""))]
    if leave := words.get("leave"):
        headers += [("List-Unsubscribe", f"<{leave}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    return Recipient(reader.address, text=text, html=html, headers=tuple(headers))
