"""What a password must be: long, not what everybody guesses first, nothing of the house in it, not known from a leak.

NIST SP 800-63B-4 and ASVS 5.0 (6.2): no rules about kinds of characters, no end after some months, at least 64 allowed.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from opsportal.accounts import factors
from opsportal.models import User

LEAST_BESIDE_A_FACTOR, LEAST_ALONE = 12, 15
PRODUCT = ("opsportal", "incident", "statuspage")
_SHORTEST_WORD = 4
# The usual disguises; what looks like two letters is the more usual one.
_DISGUISES = str.maketrans("01345789@$!", "oleastbgasi")
_NO_LETTER = re.compile(r"[\W\d_]+")


class LengthValidator:
    """Twelve characters beside a second factor, fifteen where nothing else guards the door."""

    def validate(self, password: str, user: User | None = None) -> None:
        least = LEAST_BESIDE_A_FACTOR if user is not None and _has_more(user) else LEAST_ALONE
        if len(password) < least:
            raise ValidationError(f"This password is too short. It must have at least {least} characters.", "too_short")

    def get_help_text(self) -> str:
        return f"At least {LEAST_ALONE} characters, {LEAST_BESIDE_A_FACTOR} with a second factor."


def _has_more(person: User) -> bool:
    """A second factor, or a role that gets nowhere without setting one up."""
    return factors.needs_factor(person) or (person.pk is not None and factors.has_factor(person))


class OwnWordsValidator:
    """Words that somebody who attacks this house tries first: the product, the company, the person."""

    def validate(self, password: str, user: User | None = None) -> None:
        disguised = (password.casefold(), _undisguised(password))
        if any(word in text for word in _own_words(user) for text in disguised):
            words = "This password holds the name of the product, of your company or your own. Leave that out."
            raise ValidationError(words, "own_words")

    def get_help_text(self) -> str:
        return "Without the name of the product, of your company, or your own."


def _own_words(person: User | None) -> set[str]:
    host = (urlsplit(settings.BASE_URL).hostname or "").removeprefix("www.")
    address = person.email.partition("@")[0] if person is not None else ""
    given = (*PRODUCT, *host.split("."), *([person.username, address] if person is not None else []))
    return {word.casefold() for word in given if len(word) >= _SHORTEST_WORD}


class GuessedValidator(CommonPasswordValidator):
    """Django's 20,000 common passwords, and what people make of them to reach a length.

    Hardly any of the list has twelve characters, so a password is also refused when it is one of them with digits and
    signs around it, twice or three times the same, two of them in a row, or a run of neighbouring characters.

    >>> [GuessedValidator().is_guessed(one) for one in ("P@ssw0rd-12345678", "dragon monkey 1987", "abcdefghijklmnop")]
    [True, True, True]
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if self.is_guessed(password):
            raise ValidationError("This password is one of those that are guessed first. Try a sentence.", "guessed")

    def is_guessed(self, password: str) -> bool:
        return any(self._is_made_of_common(text) for text in _readings(password)) or _is_run(password)

    def _is_made_of_common(self, text: str) -> bool:
        if len(text) < _SHORTEST_WORD or text in self.passwords:
            return True
        places = range(3, len(text) - 2)
        return any(text[:place] in self.passwords and text[place:] in self.passwords for place in places)


def _readings(password: str) -> Iterator[str]:
    """The password as it is and without its disguises, signs around and between, and repetitions."""
    for text in (password.casefold(), _undisguised(password)):
        letters = _NO_LETTER.sub("", text)
        yield from {_once(text), _once(letters), _once(_NO_LETTER.sub("", text.strip("0123456789")))}


def _undisguised(password: str) -> str:
    """Digits at the end are a year or a number, not a disguise."""
    return password.casefold().rstrip("0123456789!?.").translate(_DISGUISES)


def _once(text: str) -> str:
    """abcabcabc is abc."""
    place = (text + text).find(text, 1)
    return text[:place] if 0 < place < len(text) else text


def _is_run(password: str) -> bool:
    """abcdef, 987654: each character is the neighbour of the one before."""
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    return steps in ({1}, {-1}, {0})


class LeakedValidator:
    """Passwords of a list on this host's disk, `PASSWORD_LEAKS_FILE`: SHA-1 in hex, one a line, in order.

    That is the form in which Have I Been Pwned gives its list away. Nothing is asked over the network.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if settings.PASSWORD_LEAKS_FILE and _is_in(Path(settings.PASSWORD_LEAKS_FILE), password):
            raise ValidationError("This password is known from a leak elsewhere. Choose another.", "leaked")

    def get_help_text(self) -> str:
        return "Not known from a leak elsewhere."


def _is_in(file: Path, password: str) -> bool:
    """Some thirty looks into a file of any size; the lines may carry a count behind a colon."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            start = lines.rfind(b"\n", 0, (low + high) // 2) + 1
            end = lines.find(b"\n", start)
            end = len(lines) if end < 0 else end
            found = lines[start:end].partition(b":")[0].strip().upper()
            if found == wanted:
                return True
            low, high = (end + 1, high) if found < wanted else (low, start)
    return False
