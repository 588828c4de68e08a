"""What a value looks like: a stand-in, a word, a measure, something random; and numbers with a check digit."""

# ruff: noqa: E501 - tables of patterns, which a broken line makes harder to read

import ipaddress
import re

_STAND_IN = re.compile(
    r"(?i)(?:[<\[{(]|%(?:[sdr(]|[A-Za-z_]{2,40}%)|\$(?![\w!@#%^&*+?-]{0,40}\d[^\s}]{0,40}[!@#%^&*?$]|\d)|\*{2,}|\.{3}|…|•{2}|!!?(?:ref|sub|getatt|vault|env)\b|[&|]\s?$"
    r"|(?:x{3,}|\?{3,}|#{3,}|_{3,}|-{2,})[^\w]{0,2}$|x{6,}|0+$"
    r"|(?:your|my|the|some|insert|enter|put|use|see|ask|from)[-_ .](?:\w|$)|(?:removed|redacted|masked|hidden|filtered|elided|censored|obfuscated)\b"
    r"|change[-_]?me$|change[-_]?it$|replace[-_]?(?:me|this|with)|to[-_]?do\b|tbd\b|n/?a$"
    r"|os\.(?:environ|getenv)|getenv|environ|process\.env|env[.(:\[]|config[.(\[]|settings\.|secrets\.|vars?\.|self\.|data\.|local\.|module\.|params?\.|request\.|lookup\("
    r"|vault:|vault/|arn:|op://|sops|ssm:|aws-?sm|secretsmanager|projects/|gcpsm|kms:|awskms|keyvault|akv:|file:|https?://|keychain|1password|bitwarden|lastpass|keepass"
    r"|(?:\.{0,2}|~)/[\w.-]|example|sample|dummy|placeholder|fake|test(?:ing)?$|foo$|bar$|foobar$|null|none|nil|undefined|true|false|nan$|empty|unset)"
)
_STATE_WORDS = frozenset(
    [
        "absent",
        "access",
        "active",
        "ago",
        "alert",
        "alerts",
        "all",
        "also",
        "and",
        "any",
        "api",
        "app",
        "auth",
        "back",
        "bad",
        "basic",
        "bearer",
        "blank",
        "blocked",
        "both",
        "broken",
        "bug",
        "by",
        "cert",
        "change",
        "changes",
        "check",
        "client",
        "config",
        "configured",
        "correct",
        "count",
        "cookie",
        "cookies",
        "creds",
        "credentials",
        "dead",
        "default",
        "delay",
        "denied",
        "digest",
        "disabled",
        "down",
        "due",
        "dead",
        "enabled",
        "encoded",
        "error",
        "errors",
        "even",
        "exists",
        "exit",
        "expired",
        "expires",
        "expiry",
        "external",
        "fail",
        "failing",
        "failed",
        "failure",
        "failures",
        "false",
        "file",
        "fine",
        "for",
        "found",
        "from",
        "full",
        "gone",
        "good",
        "hash",
        "hashed",
        "header",
        "healthy",
        "high",
        "host",
        "ignored",
        "in",
        "incorrect",
        "internal",
        "invalid",
        "issue",
        "issued",
        "issuer",
        "it",
        "key",
        "kubernetes",
        "late",
        "later",
        "leak",
        "leaked",
        "length",
        "limit",
        "live",
        "local",
        "lock",
        "locked",
        "login",
        "lost",
        "low",
        "match",
        "mandatory",
        "manager",
        "missing",
        "mismatch",
        "more",
        "name",
        "names",
        "needed",
        "never",
        "new",
        "next",
        "no",
        "none",
        "not",
        "now",
        "null",
        "off",
        "ok",
        "okay",
        "old",
        "on",
        "once",
        "only",
        "open",
        "optional",
        "or",
        "out",
        "outage",
        "outdated",
        "own",
        "page",
        "pages",
        "paste",
        "pending",
        "period",
        "policy",
        "present",
        "prod",
        "production",
        "prompt",
        "public",
        "query",
        "read",
        "ready",
        "redacted",
        "ref",
        "refresh",
        "refused",
        "rejected",
        "reset",
        "required",
        "reused",
        "rotate",
        "rotated",
        "rotation",
        "same",
        "secret",
        "secure",
        "seen",
        "server",
        "service",
        "session",
        "set",
        "short",
        "shared",
        "signed",
        "skipped",
        "slow",
        "soon",
        "stale",
        "status",
        "store",
        "stored",
        "string",
        "strong",
        "success",
        "team",
        "timeout",
        "token",
        "tokens",
        "type",
        "unavailable",
        "unchanged",
        "unhealthy",
        "unknown",
        "unreachable",
        "until",
        "update",
        "updated",
        "use",
        "used",
        "user",
        "username",
        "valid",
        "value",
        "values",
        "variable",
        "vault",
        "verified",
        "version",
        "wait",
        "warn",
        "weak",
        "when",
        "works",
        "wrong",
        "yes",
        "yet",
        "password",
        "passwd",
        "pass",
        "text",
        "hidden",
        "input",
        "number",
        "object",
        "integer",
        "boolean",
        "bool",
        "array",
        "varchar",
        "char",
        "bytes",
        "int",
        "str",
        "any",
        "optional",
        "secretstr",
        "nullable",
        "gelöscht",
        "falsch",
        "abgelaufen",
        "geändert",
        "richtig",
        "leer",
        "fehlt",
        "expiré",
        "incorrecta",
        "incorrecte",
        "absente",
        "caducada",
    ]
)
_WORD_ENDS = re.compile(r"(?i)(?:ed|ing|able|ible|tion|tions|ment|less|ly|ness|ity|ism|ance|ence)$")
_ALGORITHMS = re.compile(
    r"(?i)(?:sha-?\d{1,3}|md5|hs\d{3}|rs\d{3}|es\d{3}|argon2\w{0,3}|bcrypt|scrypt|pbkdf2|base64|utf-?8|oauth2?|aes-?\d{3}\w{0,4}"
    r"|x509|ed25519|tls1?[._]?\d?|http/?\d?|k8s|s3|ec2|ipv[46]|1password|2fa|mfa|totp|auth0|log4j|oidc|p\d{2,3}|ldaps?)(?![A-Za-z0-9])"
)
_MEASURE = re.compile(
    r"(?i)[~<>≈±+-]{0,2}[$€£]?\d[\d.,:/x×_–-]{0,30}(?:[-/ ]?(?:[kmgt]i?b?|bytes?|bits?|ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|"
    r"weeks?|months?|y|years?|%|percent|rps|qps|req|rpm|x|xx|st|nd|rd|th|px|chars?|characters?|am|pm|utc|z|cest|cet|times?|"
    r"attempts?|errors?|users?|rows?|keys?|secrets?|tokens?)){0,3}(?:/(?:s|m|h|d|min|sec|day|hour))?$"
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[tT ][\d:.,]{2,18}(?:[zZ]|[+-]\d\d:?\d\d)?)?$|\d{8}[tT]?\d{0,6}[zZ]$")
_VERSION = re.compile(
    r"[vV]?\d{1,4}(?:\.\d{1,6}){1,4}(?:[-+.]?(?:rc|alpha|beta|dev|post|lts|alpine|slim)[\w.-]{0,20})?$"
)
_TICKET = re.compile(r"#?[A-Z]{2,10}-\d{1,7}$|#\d{1,9}$")
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9]{0,30}(?:_[A-Z][A-Z0-9]{0,30}|_\d{1,3}){1,8}$")
_UUID = re.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_REFERENCE = re.compile(
    r"(?i)(?:req|request|trace|span|task|job|run|pod|inc|sha\d{0,3}|build|commit|digest|deploy|deployment|node|rev|image|corr|event|evt|"
    r"ticket|pr|issue|x|order|inv|arn|i|vpc|subnet|sg|ami|user|phone|ip|card|iban|ssn|root|id|sev)[-_:#][\w-]{1,80}$"
)
_POD = re.compile(r"[a-z][a-z0-9]{0,30}(?:-[a-z0-9]{1,30}){0,6}-(?:[a-f0-9]{8,10}-[a-z0-9]{5}|[a-z0-9]{5}|\d{1,3})$")
_CHUNK = re.compile(r"[_\-./:+~=@]")
_WORDY = (
    rf"(?:(?:[A-Z]?[a-z]{{1,24}}\d{{0,2}}|[A-Z]{{1,20}}\d{{0,2}}|\d{{1,4}}|[a-z]\d[a-z]|(?:[A-Z]?[a-z]{{2,16}}){{2,4}})"
    rf"(?={_CHUNK.pattern}|$))"
)
# One match of the whole: a long value that holds many names is asked about once for each of them.
_WORDS = re.compile(rf"(?>{_WORDY}?)(?:{_CHUNK.pattern}(?>{_WORDY}?))*$")


def is_stand_in(value: str) -> bool:
    """A placeholder, a reference to where the value lies, or a mask."""
    return _STAND_IN.match(value) is not None


def is_word(value: str) -> bool:
    """A word that says how things stand, such as missing or expired, not a password."""
    low = value.lower().strip(".,;:!?()'\"")
    if low in _STATE_WORDS or low[:-1] in _STATE_WORDS or _ALGORITHMS.fullmatch(low):
        return True
    return low.isalpha() and _WORD_ENDS.search(low) is not None


def is_words(value: str) -> bool:
    """Words and small numbers with dashes, dots or slashes between: names of hosts, files, metrics, secrets."""
    return _WORDS.match(value) is not None and not _is_noise(value)


def is_amount(value: str) -> bool:
    """A number with its unit, a time, a version, a ticket, an environment's name."""
    return any(pattern.match(value) for pattern in (_MEASURE, _MOMENT, _VERSION, _TICKET, _ENV_NAME))


def is_measure(value: str) -> bool:
    """The same, or a reference to a request, a task or a pod."""
    return is_amount(value) or _REFERENCE.match(value) is not None or _POD.match(value) is not None


def is_uuid(value: str) -> bool:
    return _UUID.match(value) is not None


def switches(value: str) -> int:
    """How often it changes between small letters, capitals and digits; a capital that begins a word does not count."""
    count, before = 0, ""
    for letter in value:
        now = "d" if letter.isdigit() else "l" if letter.islower() else "u" if letter.isupper() else ""
        if now and before and now != before and not (before == "u" and now == "l"):
            count += 1
        before = now
    return count


def _is_noise(value: str) -> bool:
    """Letters no language puts together: one long run of a single case with few vowels."""
    low = value.lower()
    if not low.isalpha() or len(low) < 16:
        return False
    vowels = sum(letter in "aeiouyäöüéè" for letter in low)
    return vowels / len(low) < 0.28 or re.search(r"[^aeiouyäöüéè]{6}", low) is not None


def is_random(value: str, least: int = 16) -> bool:
    """Made by a machine to be guessed by nobody. Says no to words, measures, references and names of pods.

    >>> is_random("q8Zt1nX0vLw72PfKr"), is_random("delivered_total_0_of_day")
    (True, False)
    """
    if len(value) < least or is_words(value) or is_measure(value):
        return False
    return _is_noise(value) or is_uuid(value) or switches(value) >= max(2, len(value) // 9)


def is_mixed(value: str) -> bool:
    """Capitals, small letters and digits together: not a commit, not a digest."""
    return bool(re.search("[a-z]", value) and re.search("[A-Z]", value) and re.search("[0-9]", value))


def is_password(value: str, least: int = 6) -> bool:
    """What a person would type as a password and would not say otherwise: letters with digits or signs in one word."""
    value = value.strip("*_~")
    if not least <= len(value) <= 200 or is_stand_in(value) or is_word(value) or is_measure(value):
        return False
    if re.match(
        r"(?i)[a-z][\w+.-]{1,20}://|[\w./-]{0,60}\.(?:com|net|org|io|py|js|go|ya?ml|json|md|txt|env|conf)\b", value
    ):
        return False
    if len(_CHUNK.split(value)) > 1 and is_words(value) and not is_mixed(value):
        return False
    letters = any(letter.isalpha() for letter in value)
    digits = any(letter.isdigit() for letter in value)
    signs = re.search(r"[!@#$%^&*?+~=]", value.rstrip("?!")) is not None
    return letters and (digits or signs or switches(value) >= 2 or _is_noise(value))


def has_luhn(digits: str) -> bool:
    """The check digit of payment cards."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


_CARDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}|(?:5[06-8]|6[0379])\d{14}"
)


def is_card(digits: str) -> bool:
    """A number of a known card company with the right check digit."""
    return _CARDS.fullmatch(digits) is not None and len(set(digits)) > 1 and has_luhn(digits)


_IBAN_LENGTHS = {
    pair[:2]: int(pair[2:])
    for pair in [
        "AD24",
        "AE23",
        "AL28",
        "AT20",
        "AZ28",
        "BA20",
        "BE16",
        "BG22",
        "BH22",
        "BR29",
        "BY28",
        "CH21",
        "CR22",
        "CY28",
        "CZ24",
        "DE22",
        "DK18",
        "DO28",
        "EE20",
        "EG29",
        "ES24",
        "FI18",
        "FO18",
        "FR27",
        "GB22",
        "GE22",
        "GI23",
        "GL18",
        "GR27",
        "GT28",
        "HR21",
        "HU28",
        "IE22",
        "IL23",
        "IQ23",
        "IS26",
        "IT27",
        "JO30",
        "KW30",
        "KZ20",
        "LB28",
        "LC32",
        "LI21",
        "LT20",
        "LU20",
        "LV21",
        "MC27",
        "MD24",
        "ME22",
        "MK19",
        "MR27",
        "MT31",
        "MU30",
        "NL18",
        "NO15",
        "PK24",
        "PL28",
        "PS29",
        "PT25",
        "QA29",
        "RO24",
        "RS22",
        "SA24",
        "SC31",
        "SE24",
        "SI19",
        "SK24",
        "SM27",
        "ST25",
        "SV28",
        "TL23",
        "TN24",
        "TR26",
        "UA29",
        "VA22",
        "VG24",
        "XK20",
    ]
}


def iban_in(value: str) -> int:
    """How many characters of `value` (blanks and dashes among them) are an IBAN with the right checksum; 0 when none."""
    wanted = _IBAN_LENGTHS.get(value[:2].upper(), 0)
    taken = ""
    for place, letter in enumerate(value):
        if letter.isalnum():
            taken += letter.upper()
        if wanted and len(taken) == wanted:
            moved = "".join(str(int(one, 36)) for one in taken[4:] + taken[:4])
            return place + 1 if taken.isascii() and int(moved) % 97 == 1 else 0
    return 0


# Resolvers that everybody names; they are nobody's address.
_RESOLVERS = frozenset(
    ["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "208.67.222.222", "208.67.220.220", "169.254.169.254"]
)
_HOUSE = [
    ipaddress.ip_network(network)
    for network in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    ]
]


def is_public_address(value: str) -> bool:
    """An address on the public network. Those kept for documentation count: people write them as if they were real."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address in ipaddress.IPv6Network("2000::/3")
    return value not in _RESOLVERS and not any(address in network for network in _HOUSE)
