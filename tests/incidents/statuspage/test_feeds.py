"""Atom and RSS as readers and scrapers take them."""

import re
from calendar import timegm
from xml.etree import ElementTree

import feedparser
import pytest

from incidents.statuspage import content, feeds
from tests.incidents.statuspage.conftest import NOW, a_page, ago, an_incident, an_update

Element = ElementTree.Element
ATOM = {"a": "http://www.w3.org/2005/Atom"}
# What mrshu/github-statuses and its kin look for.
SCRAPED = re.compile(
    r"<p><small>(\w{3}) <var data-var='date'>(\d+)</var>, <var data-var='time'>(\d\d:\d\d)</var> UTC</small><br>"
    r"<strong>(\w+)</strong> - (.*?)</p>"
)


def found(parent: Element, path: str) -> Element:
    """The one element; its absence is a failure."""
    element = parent.find(path, ATOM)
    assert element is not None, path
    return element


def text(parent: Element, path: str) -> str:
    return found(parent, path).text or ""


def page() -> content.Content:
    updates = (
        an_update(2, "monitoring", body="A <fix> & a wait.\nSecond line.", published_at=ago(minutes=5)),
        an_update(1, published_at=ago(minutes=40)),
    )
    return a_page(an_incident(7, updates=updates, published_at=ago(minutes=40), updated_at=ago(minutes=5)))


def test_an_incident_is_one_entry_with_its_first_and_last_time():
    feed = ElementTree.fromstring(feeds.atom(page()))
    entry = found(feed, "a:entry")

    assert len(feed.findall("a:entry", ATOM)) == 1
    assert text(entry, "a:id") == "tag:ops.example,2005:Incident/7"
    assert text(entry, "a:published") == "2026-11-21T02:32:30Z"
    assert text(entry, "a:updated") == "2026-11-21T03:07:30Z"
    assert found(entry, "a:link").get("href") == "https://ops.example/status/incidents/incident0007/"
    assert text(feed, "a:title") == "Harbour Status - Incident History"


def test_updates_have_the_shape_that_scrapers_look_for_newest_first():
    html = text(ElementTree.fromstring(feeds.atom(page())), "a:entry/a:content")

    assert SCRAPED.findall(html) == [
        ("Nov", "21", "03:07", "Monitoring", "A &lt;fix&gt; &amp; a wait.<br>Second line."),
        ("Nov", "21", "02:32", "Investigating", "We are looking into it."),
    ]


def test_rss_holds_the_same_entries():
    item = found(ElementTree.fromstring(feeds.rss(page())), "channel/item")

    assert text(item, "title") == "Problem with Component 1"
    assert text(item, "pubDate") == "Sat, 21 Nov 2026 02:32:30 +0000"
    assert text(item, "guid") == "https://ops.example/status/incidents/incident0007/"
    assert len(SCRAPED.findall(text(item, "description"))) == 2


def test_feeds_hold_the_twenty_five_newest():
    many = a_page(*(an_incident(number) for number in range(30)))

    assert len(ElementTree.fromstring(feeds.atom(many)).findall("a:entry", ATOM)) == 25
    assert len(ElementTree.fromstring(feeds.rss(many)).findall("channel/item")) == 25


def test_characters_that_xml_forbids_do_not_break_the_feed():
    odd = a_page(an_incident(1, name="Bell \x07 and null \x00", updates=(an_update(body="\x1b[31mred\x0b"),)))

    for feed, title in ((feeds.atom(odd), "a:entry/a:title"), (feeds.rss(odd), "channel/item/title")):
        assert text(ElementTree.fromstring(feed), title) == "Bell  and null "


def test_an_empty_history_is_a_valid_feed():
    feed = ElementTree.fromstring(feeds.atom(a_page(components=())))

    assert text(feed, "a:updated") == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("form", [feeds.atom, feeds.rss], ids=["atom", "rss"])
def test_a_reader_s_program_finds_every_entry_with_both_times_and_every_word(form):
    many = a_page(*page().incidents, *(an_incident(number) for number in range(40, 8, -1)))
    read = feedparser.parse(form(many))
    entry = read.entries[0]

    assert (read.bozo, len(read.entries)) == (False, 25)
    assert read.feed.title == "Harbour Status - Incident History"
    assert entry.link == "https://ops.example/status/incidents/incident0007/"
    assert timegm(entry.published_parsed) == int(ago(minutes=40).timestamp())
    assert timegm(entry.updated_parsed) == int(ago(minutes=5).timestamp())
    assert len({one.id for one in read.entries}) == 25
    html = entry.content[0].value if "content" in entry else entry.summary
    assert re.findall(r"<strong>(\w+)</strong>", html) == ["Monitoring", "Investigating"]
