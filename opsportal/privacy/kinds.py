"""The kinds of things that are looked for, in the words a person reads, and what must happen with each."""

import enum
from typing import NamedTuple


class Must(enum.StrEnum):
    """BLOCK: a secret, stored nowhere. WARN: it says who somebody is, so a token stands in for it."""

    BLOCK = "block"
    WARN = "warn"


class Kind(NamedTuple):
    """A kind in words; `token` is the first part of the stable token that stands in for a personal identifier."""

    name: str
    must: Must = Must.BLOCK
    token: str = ""


DATABASE = Kind("database connection string")
URL_PASSWORD = Kind("address with a password")
URL_TOKEN = Kind("address with a token in its query")
ONE_TIME_LINK = Kind("one-time link")
PRIVATE_KEY = Kind("private key")
BEARER = Kind("bearer token")
BASIC = Kind("basic authorisation")
SIGNED = Kind("signed token")
CLOUD = Kind("cloud access key")
VENDOR = Kind("vendor token")
WEBHOOK = Kind("chat webhook address")
PASSWORD = Kind("password")
SECRET = Kind("secret key or token")
COOKIE = Kind("session cookie")
KUBERNETES = Kind("Kubernetes secret")

EMAIL = Kind("e-mail address", Must.WARN, "user")
USER = Kind("user id", Must.WARN, "user")
PHONE = Kind("phone number", Must.WARN, "phone")
IP = Kind("public IP address", Must.WARN, "ip")
CARD = Kind("payment card number", Must.WARN, "card")
IBAN = Kind("bank account number", Must.WARN, "iban")
SSN = Kind("social security number", Must.WARN, "ssn")


class Span(NamedTuple):
    """Where a kind was seen in a text, from `start` to before `end`."""

    kind: Kind
    start: int
    end: int
