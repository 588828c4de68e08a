"""The page's own words in the language of its readers. What operators type stays as they typed it.

One catalogue serves both sides: templates ask Django for it, the rules without Django read the same file here.
"""

from datetime import UTC, datetime
from functools import lru_cache
from gettext import NullTranslations, translation
from pathlib import Path

# A language is offered once its catalogue is whole: tests/incidents/statuspage/test_language.py.
LANGUAGES = {"en": "English", "de": "German"}
CATALOGUES = Path(__file__).resolve().parents[1] / "locale"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The words are written in it, so it has no catalogue.
ENGLISH = NullTranslations()


@lru_cache(maxsize=8)
def of(code: str) -> NullTranslations:
    """English for a language that there is no catalogue for.

    >>> of("en").gettext("Today"), of("de").gettext("Today")
    ('Today', 'Heute')
    """
    return translation("django", CATALOGUES, languages=[code], fallback=True)


def moment(when: datetime, words: NullTranslations = ENGLISH) -> str:
    """
    >>> moment(datetime(2026, 11, 21, 3, 12, tzinfo=UTC)), moment(datetime(2026, 12, 1, 3, tzinfo=UTC), of("de"))
    ('21 Nov, 03:12 UTC', '1. Dez, 03:00 UTC')
    """
    when = when.astimezone(UTC)
    month = words.gettext(MONTHS[when.month - 1])
    return words.gettext("{day} {month}, {time} UTC").format(day=when.day, month=month, time=f"{when:%H:%M}")
