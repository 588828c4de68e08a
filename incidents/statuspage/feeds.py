"""Atom and RSS of the history: one entry an incident, its updates in the HTML shape that scrapers look for."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit
from xml.etree import ElementTree

from incidents.statuspage.content import Content, Incident, Update

ENTRIES = 25
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ElementTree.register_namespace("atom", _ATOM)


def atom(content: Content) -> bytes:
    """`published` is the first public word, `updated` the last."""
    host = urlsplit(content.url).hostname or "localhost"
    feed = ElementTree.Element("feed", {"xml:lang": "en-US", "xmlns": _ATOM})
    _add(feed, "id", f"tag:{host},2005:/history")
    _link(feed, "alternate", content.url + "/", "text/html")
    _link(feed, "self", f"{content.url}/history.atom", "application/atom+xml")
    _add(feed, "title", f"{content.name} Status - Incident History")
    _add(feed, "updated", _iso(content.updated_at))
    _add(_add(feed, "author"), "name", content.name)
    for incident in content.incidents[:ENTRIES]:
        entry = _add(feed, "entry")
        _add(entry, "id", f"tag:{host},2005:Incident/{incident.number}")
        _add(entry, "published", _iso(incident.told_at))
        _add(entry, "updated", _iso(incident.updated_at))
        _link(entry, "alternate", address(content, incident), "text/html")
        _add(entry, "title", incident.name)
        _add(entry, "content", as_html(incident), type="html")
    return _written(feed)


def rss(content: Content) -> bytes:
    """The same entries for older readers."""
    root = ElementTree.Element("rss", {"version": "2.0"})
    channel = _add(root, "channel")
    _add(channel, "title", f"{content.name} Status - Incident History")
    _add(channel, "link", content.url + "/")
    _add(channel, "description", "Statuspage")
    _add(channel, "pubDate", format_datetime(content.updated_at.astimezone(UTC)))
    for incident in content.incidents[:ENTRIES]:
        item = _add(channel, "item")
        _add(item, "title", incident.name)
        _add(item, "description", as_html(incident))
        _add(item, "pubDate", format_datetime(incident.told_at.astimezone(UTC)))
        _add(item, f"{{{_ATOM}}}updated", _iso(incident.updated_at))
        _add(item, "link", address(content, incident))
        _add(item, "guid", address(content, incident))
    return _written(root)


def address(content: Content, incident: Incident) -> str:
    return f"{content.url}/incidents/{incident.public_id}/"


def as_html(incident: Incident) -> str:
    """All updates, newest first."""
    return "".join(_as_html(update) for update in incident.updates)


def _as_html(update: Update) -> str:
    moment = update.published_at.astimezone(UTC)
    body = "<br>".join(escape(line, quote=False) for line in update.body.splitlines())
    if update.corrected_at:
        body += f"<br>Corrected at {update.corrected_at.astimezone(UTC):%H:%M} UTC, {update.corrected_at:%-d %b}."
    return (
        f"<p><small>{moment:%b} <var data-var='date'>{moment.day}</var>, "
        f"<var data-var='time'>{moment:%H:%M}</var> UTC</small><br>"
        f"<strong>{update.status.capitalize()}</strong> - {body}</p>"
    )


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name, attributes)
    # Characters that XML forbids would make the whole feed unreadable.
    element.text = _NOT_XML.sub("", text) or None
    return element


def _link(parent: ElementTree.Element, rel: str, href: str, kind: str) -> None:
    ElementTree.SubElement(parent, "link", {"rel": rel, "type": kind, "href": href})


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(root: ElementTree.Element) -> bytes:
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
