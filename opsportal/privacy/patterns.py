"""Our own patterns, for the way people on call write: addresses, headers, pastes of settings, shells, logs and prose.

Most rules go from a word that says what follows (`password`, `Bearer`, `user`) to the value after it and then ask
opsportal.privacy.looks what the value looks like. So a rule holds for texts nobody has listed. Every quantifier is
bounded, and every rule looks at a bounded stretch on either side of its word.
"""

# ruff: noqa: E501, S105 - tables of patterns, which a broken line makes harder to read; words, not passwords

import base64
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from opsportal.privacy import kinds, looks
from opsportal.privacy.kinds import Kind, Span
from opsportal.privacy.vendors import NEEDS_RANDOM, VENDORS


class Text(NamedTuple):
    """A text and the same in small letters, place for place."""

    text: str
    low: str


def prepared(text: str) -> Text:
    low = text.lower()
    if len(low) != len(text):
        low = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    return Text(text, low)


Rule = Callable[[Text], Iterator[Span]]

_QUOTES = "\"'`´‘’‚“”„«»"
_TAIL = ",;:.)]}>!?|\\" + _QUOTES


_DIGEST_BEFORE = re.compile(r"(?:sha-?\d{1,3}|digest|integrity|hash|etag)[\"'\s:=-]{0,4}$")


# --- the vendor table ---------------------------------------------------------------------------------------------


_BEGINS = tuple({begin for vendor in VENDORS for begin in vendor.begins})


def vendors(seen: Text) -> Iterator[Span]:
    """Tokens that a vendor's own beginning gives away. Most texts have no such beginning, and are left at once."""
    met = {begin for begin in _BEGINS if begin in seen.low}
    for vendor in VENDORS if met else ():
        if met.isdisjoint(vendor.begins):
            continue
        for match in vendor.pattern.finditer(seen.text):
            found = match.group()
            if vendor.name in NEEDS_RANDOM:
                if looks.switches(found) < 4 or looks.is_words(max(re.split(r"[./_-]", found), key=len)):
                    continue
                if vendor.name == "Fernet key" and _DIGEST_BEFORE.search(
                    seen.low[max(0, match.start() - 14) : match.start()]
                ):
                    continue
            elif looks.is_stand_in(re.split(r"[-_.]", found, maxsplit=1)[-1]) and not any(map(str.isdigit, found)):
                continue
            yield Span(vendor.kind, *match.span())


_PEM = re.compile(
    r"-----BEGIN[ \w]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]{0,8192}-----END[ \w]{0,40}PRIVATE KEY(?: BLOCK)?-----|[^-]{0,8192})"
    r"|BEGIN[ \w]{0,40}PRIVATE KEY(?: BLOCK)?-{3,5}|PuTTY-User-Key-File-\d"
    r"|(?<![\w+/])(?:MII[EJCB][\w+/]{2}IBA[ADKM][\w+/]{8}|b3BlbnNzaC1rZXktdjE|M[CH][4cgkM]CAQ[AE][\w+/]{8})[\w+/=\\\r\n]{16,8192}"
)


def private_keys(seen: Text) -> Iterator[Span]:
    """PEM, PuTTY, or the first letters of a key's body."""
    if "private key" in seen.low or "putty" in seen.low or any(one in seen.text for one in ("MII", "b3Bl", "CAQ")):
        for match in _PEM.finditer(seen.text):
            yield Span(kinds.PRIVATE_KEY, *match.span())


_JWT = re.compile(r"(?<![\w+/-])eyJ[\w-]{6,2048}\.[\w-]{6,4096}(?:\.[\w-]{0,2048}){0,3}")


def signed_tokens(seen: Text) -> Iterator[Span]:
    """JSON web tokens, whole or cut off."""
    if "eyJ" in seen.text:
        for match in _JWT.finditer(seen.text):
            yield Span(kinds.SIGNED, *match.span())


# --- addresses ----------------------------------------------------------------------------------------------------

_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,24}:){0,2}$")
_USER_INFO = re.compile(r"([^\s:/@?#\"'`<>|]{0,128}):([^\s\"'`<>]{1,256}?)@(?=[\w\[({$%<.-])")
_USER_ONLY = re.compile(r"([\w.~%-]{16,256})(?::[\w.~%-]{0,3})?@(?=[\w\[])")
_WEB = re.compile(r"(?:https?|wss?|git|svn)(?:\+\w{1,8})?:$")
_REST = re.compile(r"(?:\[[0-9a-fA-F:.%]{2,64}\])?[^\s\"'`<>,;)\]}]{1,512}")
_POOR = frozenset(
    [
        "password",
        "pass",
        "passwd",
        "pwd",
        "secret",
        "user",
        "username",
        "xxx",
        "token",
        "pw",
        "mypassword",
        "yourpassword",
        "p",
        "w",
        "pword",
    ]
)


def addresses(seen: Text) -> Iterator[Span]:
    """`scheme://user:password@host`, of databases, brokers and the web; also a token in the place of the user."""
    place = seen.text.find("//")
    while place >= 0:
        yield from _address(seen, place)
        place = seen.text.find("//", place + 2)


def _address(seen: Text, slashes: int) -> Iterator[Span]:
    left = max(0, slashes - 50)
    scheme = _SCHEME.search(seen.low[left:slashes])
    start = left + scheme.start() if scheme else slashes
    is_web = scheme is not None and _WEB.search(scheme.group()) is not None
    after = slashes + 2
    if (match := _USER_INFO.match(seen.text, after)) and _is_password_of(match[1], match[2], is_web):
        end = _end_of(seen.text, match.end())
        kind = kinds.URL_PASSWORD if is_web or not (scheme and scheme.group()) else kinds.DATABASE
        yield Span(kind, start, end)
    elif (match := _USER_ONLY.match(seen.text, after)) and looks.is_random(match[1], 16):
        yield Span(kinds.URL_PASSWORD if is_web else kinds.DATABASE, start, _end_of(seen.text, match.end()))


def _end_of(text: str, place: int) -> int:
    rest = _REST.match(text, place)
    return place + len(rest.group().rstrip(_TAIL)) if rest else place


def _is_password_of(user: str, password: str, is_web: bool) -> bool:
    if looks.is_stand_in(password) or password.lower() in _POOR or re.fullmatch(r"[A-Z_]{3,40}|[*x•.]{1,64}", password):
        return False
    if "/" in password and (is_web or re.match(r"\d{2,5}/", password)):
        return False
    return not re.fullmatch(r"\d{2,5}", password) or not is_web or "." not in user


_GO_DSN = re.compile(r"[\w.-]{1,64}:([^\s@\"'`]{2,128})@(?:tcp|unix|udp)\([^\s)]{0,128}\)[^\s\"'`]{0,256}")
_ORACLE = re.compile(
    r"(?:jdbc:oracle:\w{1,8}:|sqlplus\s{1,3}(?:-\w{1,4}\s{1,3}){0,3})[\w$#]{1,64}/([^\s@\"']{2,128})@[^\s\"']{1,256}"
)
_PG_PASS = re.compile(
    r"(?<![\w.:/-])(?=[\w.-]{1,128}:)[\w.*-]{1,128}:(?:\d{4,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:([^\s:]{6,128})(?!\S)"
)


def drivers(seen: Text) -> Iterator[Span]:
    """Connection strings that are no address: Go's MySQL, Oracle, .pgpass."""
    if "@tcp(" in seen.low or "@unix(" in seen.low or "@udp(" in seen.low:
        yield from (Span(kinds.DATABASE, *m.span()) for m in _GO_DSN.finditer(seen.text) if not looks.is_stand_in(m[1]))
    if "oracle" in seen.low or "sqlplus" in seen.low:
        yield from (Span(kinds.DATABASE, *m.span()) for m in _ORACLE.finditer(seen.text) if not looks.is_stand_in(m[1]))
    if seen.text.count(":") >= 4:
        for match in _PG_PASS.finditer(seen.text):
            if looks.is_password(match[1]):
                yield Span(kinds.DATABASE, *match.span())


_PARAMETER = re.compile(r"[?&#;]([\w.\[\]%-]{1,48})=([^\s&#\"'`<>|]{4,1024})")
_STRONG_PARAMETER = re.compile(
    r"(?:token|secret|passw(?:or)?d|passphrase|pwd|pass|api[_.-]?key|signature|credentials?|jwt|sess(?:ion)?(?:[_-]?id)?|sid|otp|"
    r"(?:access|private|auth|app|client|shared|subscription|functions?|secret|license|signing)[_.-]?key|hmac|sig|sign|bearer|"
    r"authorization|assertion|access|ticket|appid|magic)$"
)
_WEAK_PARAMETER = re.compile(r"(?<![a-z0-9])(?:key|auth|code|hash|k|t|s|p|st|tk|invite|nonce|verifier|id_token_hint)$")
_HARMLESS_NAME = re.compile(
    r"(?:page|next|prev|continuation|sync|cursor|cancel|idempotenc[ye]|idempotent|request|trace|span|correlation|fencing|stable|lease|"
    r"cache|sort|order|partition|routing|primary|foreign|public|dedup(?:e|lication)?|object|row|group|message|lock|index|shard|"
    r"s3|redis|metric|config|feature|lookup|hash|map|dict|translation|i18n|lang|event|queue|topic|kafka|record|json|yaml|data|field|column|"
    r"meta|host|known|authorized|label|annotation|issue|jira|project|unique|composite|range|state|map|sharding|join|search|surrogate|token)"
    r"[_.\[-]?$"
)


def queries(seen: Text) -> Iterator[Span]:
    """A token, a key or a signature in the query of an address, whole or as a log line shows it."""
    for match in _PARAMETER.finditer(seen.text):
        name, value = match[1].lower().rstrip("]"), match[2].rstrip(_TAIL)
        strong = _STRONG_PARAMETER.search(name)
        named = strong or _WEAK_PARAMETER.search(name)
        if not named or _HARMLESS_NAME.search(name[: named.start()]) or looks.is_stand_in(value):
            continue
        if _is_query_secret(name[named.start() :], value) if strong else _is_weak_secret(value):
            yield Span(kinds.URL_TOKEN, match.start(2), match.start(2) + len(value))


def _is_query_secret(name: str, value: str) -> bool:
    if looks.is_word(value) or (looks.is_measure(value) and not looks.is_uuid(value)):
        return False
    if name.startswith(("pass", "pwd", "secret")):
        return True
    if len(value) < 6 or (looks.is_words(value) and not any(map(str.isdigit, value))):
        return False
    return any(map(str.isdigit, value)) or looks.is_random(value, 12) or "%" in value


def _is_weak_secret(value: str) -> bool:
    return looks.is_random(value, 12) and not looks.is_uuid(value)


_LINK = re.compile(
    r"/(?:[a-z-]{0,24}(?:reset|set-?password|verify|verification|confirm|invit(?:e|ation)s?|magic|login-link|one-time|setup|activate|"
    r"accept|unlock|recover|otp|sso-token|share|signin-link|bot\d{7,11}:)[a-z-]{0,16})(?:/[\w-]{1,24}){0,2}/([\w.:~-]{16,512})(?=[/?#\s\"'`<>),.;]|$)"
)


def one_time_links(seen: Text) -> Iterator[Span]:
    """Addresses whose last part lets their reader in."""
    for match in _LINK.finditer(seen.low):
        value = seen.text[slice(*match.span(1))]
        if looks.is_random(value, 16) and not looks.is_uuid(value) and not re.fullmatch("[0-9a-f]{40}", value):
            yield Span(kinds.ONE_TIME_LINK, *match.span(1))


# --- headers ------------------------------------------------------------------------------------------------------

_AUTH = re.compile(
    r"(?<![a-z])(?:proxy-|x-)?authori[sz]ation[\"'`\\]{0,3}\s{0,3}(?:=>|[:=,])\s{0,3}(?:\[\s{0,2})?[\"'`\\]{0,3}\s{0,2}"
    r"(?:(bearer|basic|token|apikey|api-key|negotiate|ntlm|digest|key|splunk|bot|genie-?key|sso-key|discogs)[\s:=]\s{0,3}(?:token=|username=)?[\"'`]?)?"
    r"([^\s\"'`,;<>\\]{8,4096})"
)
_BEARER = re.compile(
    r"(?<![a-z])bearer(?:\s{1,4}|\s{0,2}[:=]\s{0,3}|_|%20|\+)(?:token[:=\s]\s{0,2})?[\"'`]{0,2}([\w.~+/=|:-]{8,4096})"
)
_BASIC = re.compile(r"(?<![a-z])basic\s{1,4}[\"'`]?([A-Za-z0-9+/_-]{8,1024}={0,2})(?![\w+/-])", re.IGNORECASE)


def headers(seen: Text) -> Iterator[Span]:
    """Bearer, Basic and their kin, in a header, a shell line, JSON or a log."""
    if "authori" in seen.low:
        for match in _AUTH.finditer(seen.low):
            value = seen.text[slice(*match.span(2))].rstrip(_TAIL)
            if _is_bearer(value) or (match[1] == "basic" and _BASE64ISH.fullmatch(value) and not looks.is_word(value)):
                kind = kinds.BASIC if match[1] == "basic" else kinds.BEARER
                yield Span(kind, match.start(2), match.start(2) + len(value))
    if "bearer" in seen.low:
        for match in _BEARER.finditer(seen.low):
            value = seen.text[slice(*match.span(1))].rstrip(_TAIL)
            if _is_bearer(value):
                yield Span(kinds.BEARER, match.start(1), match.start(1) + len(value))
    if "basic" in seen.low:
        for match in _BASIC.finditer(seen.text):
            if _is_pair(match[1]):
                yield Span(kinds.BASIC, *match.span(1))


_BASE64ISH = re.compile(r"[A-Za-z0-9+/_-]{8,4096}={0,2}")


def _is_bearer(value: str) -> bool:
    if looks.is_stand_in(value) or (looks.is_measure(value) and not looks.is_uuid(value) and len(value) < 32):
        return False
    has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return (len(value) >= 12 and has_both and not looks.is_words(value)) or looks.is_random(value, 16)


def _is_pair(value: str) -> bool:
    """base64 of `user:password`."""
    bare = value.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return False
    try:
        said = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except ValueError:
        return False
    return said.isprintable() and said.find(":") > 0


_COOKIE_PAIR = re.compile(r"([\w.!$-]{1,64})=([^\s;,\"'`]{8,4096})")
_HARMLESS_COOKIE = re.compile(
    r"_g[ai]|_gid|locale|lang|theme|tz|consent|expires|max-age|path|domain|samesite|version|ab_|experiment"
    # What stands in the same line of a log and lets nobody in.
    r"|(?:x[-_.])?(?:request|req|trace|span|parent|correlation|task|job|run)[-_.]?id|traceparent|commit|sha|digest"
)


def cookies(seen: Text) -> Iterator[Span]:
    """Values in a Cookie or Set-Cookie header, and `-b`, `--cookie` of a shell line."""
    if "cookie" not in seen.low:
        return
    for line in _COOKIE_LINE.finditer(seen.low):
        for match in _COOKIE_PAIR.finditer(seen.text, *line.span(1)):
            value = match[2].rstrip(_TAIL)
            if _HARMLESS_COOKIE.match(match[1].lower()) or looks.is_stand_in(value):
                continue
            if looks.is_random(value, 12) or looks.is_uuid(value) or (len(value) >= 16 and _is_bearer(value)):
                yield Span(kinds.COOKIE, match.start(2), match.start(2) + len(value))


_COOKIE_LINE = re.compile(r"cookies?\b[\"'`\\\])]{0,3}[:=\s,({\[\"'`]{1,6}([^\n]{4,2048})")


# --- named values -------------------------------------------------------------------------------------------------

_PASSWORD_WORD = (
    r"passwords?|passwort|passwörter|passwd|passphrase|passcode|passwrd|kennwort|pass[ _-]word|contraseñas?|contrasena|mot de passe|motdepasse|"
    r"wachtwoord|parola|hasło|haslo|пароль|密码|パスワード|lösenord|losenord|salasana|adgangskode|şifre|sifre|heslo|jelszó"
)
_SHORT_PASSWORD = r"pass|pwd|psw|pw|mdp|senha|cred|creds|credential|credentials|zugangsdaten|kw"
_SECRET_WORD = (
    r"secret[ _.-]?(?:access[ _.-]?)?keys?|secrets?|geheimnis|clave secreta|private[ _.-]?key|privatekey|signing[ _.-]?key|encryption[ _.-]?key|fernet[ _.-]?key|master[ _.-]?key|"
    r"shared[ _.-]?key|sharedkey|storage[ _.-]?key|account[ _.-]?key|accountkey|hmac[ _.-]?key|cookie[ _.-]?key|webhook[ _.-]?key|licen[sc]e[ _.-]?key|"
    r"api[ _.-]?keys?|apikeys?|access[ _.-]?keys?|accesskey|auth[ _.-]?key|app[ _.-]?key|service[ _.-]?key|client[ _.-]?key|deploy[ _.-]?key|"
    r"django[ _.-]?key|jwt[ _.-]?key|session[ _.-]?key|integration[ _.-]?key|ingest(?:ion)?[ _.-]?key|subscription[ _.-]?key|write[ _.-]?key|"
    r"server[ _.-]?key|admin[ _.-]?key|root[ _.-]?key|aes[ _.-]?key|rsa[ _.-]?key|schlüssel|clé|llave|clave|salt|pepper|"
    r"auth[ _.-]?tok(?:en)?|dsn"
)
_TOKEN_WORD = r"tokens?|jeton|jwt|authtoken|accesstoken|_auth|x-auth|_key|-key|\.key|key"
_SESSION_WORD = r"sess(?:ion)?[ _.-]?ids?|phpsessid|jsessionid|connect\.sid|asp\.net_sessionid|csrftoken|xsrf-token|_session(?![a-z])|session(?![a-z])|sid(?![a-z])|sessid(?![a-z])|auth_cookie|remember_me"

_WORD = re.compile(
    rf"(?P<password>{_PASSWORD_WORD})|(?P<secret>{_SECRET_WORD})|(?P<session>(?<![a-z]){_SESSION_WORD})"
    rf"|(?P<short>(?<![a-z])(?:{_SHORT_PASSWORD})(?![a-z]))|(?P<token>{_TOKEN_WORD})"
)
_NAME_TAIL = re.compile(r"(?:[_.-]?[a-z0-9]{1,20}){0,3}")
_NAME_HEAD = re.compile(r"[\w.\[-]{0,48}$")
_TAIL_STOP = re.compile(
    r"id$|ids$|name|path|file|ref$|count|total|len|polic|reset|type|ttl|age$|expir|rotat|manager|version|arn|url|uri|status|state|strength|min|max|"
    r"field|hint|err|attempt|fail|latenc|_ms|second|rate|limit|bucket|valid|check|length|size|usage|error|change|updat|creat|kind|class|form|input|"
    r"page|endpoint|store|engine|provider|source|mount|dir$|list|store|less|protected|algorithm|alg$|hasher|hashing|cache|hit|miss|per|used|budget|space|"
    r"board|word|stroke|ring|note|pair|mgmt|issuer|scope|service|server|client$|user$|flow|prompt|completion|issu|requir|enabled|present|missing|exist|bytes|bits"
)
_SEPARATOR = re.compile(
    r"[\"']?,?\s{1,24}[\"']?value[\"']?(?P<pair>\s{0,3}[:=]\s{0,3})"
    r"|[\"'`”»\\)\]*]{0,4}[ \t]{0,3}(?P<sign>=>|->|→|:=|={1,3}|:|\|)[ \t]{0,4}(?:(?:\(?(?:str|string)\)?|b|r|f|u|!str|!!str|!!binary|\|[-+]?)(?=[\"'`\s\n])[ \t]{0,8})?"
    r"|</?(?P<tag>[\w.-]{1,40}>)|>(?P<xml>)|[\"'](?P<comma>\s{0,2},\s{0,3})(?=[\"'])"
    r"|[\"'`]?(?P<space>[ \t]{1,4})"
)
_QUOTED = re.compile(r"\\{0,2}([\"'`´‘“„«])((?:(?!\1)[^\n\\]|\\.){1,512}?)\\{0,2}(?:\1|[’”“»])")
_BARE = re.compile(r"[^\s\"'`<>]{1,512}")
_PROSE_GAP = re.compile(
    r"(?:[\"'`]?[ \t]{0,2}\([^)\n]{1,40}\))?(?:[ \t]{1,3}(?:for|of|to|on|at|in|from|used by|für|fuer|von|vom|zum|zur|der|des|de|du|para|del|voor|per|di|till|för|als|as|behind)[ \t]{1,2}"
    r"[^\s,;.=:]{1,48}(?:[ \t]{1,2}(?!is\b|was\b|ist\b|est\b|es\b)[^\s,;=:]{1,32}){0,4}?)?"
    r"[ \t]{0,3}(?:was set to|is set to|set to|changed to|has been changed to|was changed to|changed back to|is now|is still|was still|should be|would be|must be|"
    r"will be|reads|became|is|was|are|were|=|:|→|->|=>|–|—|-|to|ist|war|lautet|est|es|era|é|è|jest|är|er|zu|auf|ändert auf)"
    r"(?:[ \t]{1,3}(?:now|still|just|currently|set to|again|back to|jetzt|ahora|literally|simply|probably))?[ \t]{0,2}:?[ \t]{1,3}"
)
_ENV_LIKE = re.compile(r"[A-Z][A-Z0-9_]{2,64}$")


class _Named(NamedTuple):
    """A name and what stands behind it."""

    group: str
    word: str
    head: str
    tail: str
    sign: str
    value: str
    start: int
    is_quoted: bool
    is_last: bool
    is_env: bool


def named_values(seen: Text) -> Iterator[Span]:
    """`name=value`, `name: value`, `--name value`, `"name": "value"`, `the name for x is value`, in any language of the list."""
    done = 0
    for word in _WORD.finditer(seen.low):
        if word.start() < done:
            continue
        for span in _after_word(seen, word):
            done = max(done, span.end)
            yield span


def _after_word(seen: Text, word: re.Match[str]) -> Iterator[Span]:
    group = word.lastgroup or ""
    head = _head(seen.low, word.start())
    if word.group().startswith("key") and head[-1:].isalpha() and seen.text[word.start()].islower():
        return  # monkey, Valkey, turkey
    if _RESOURCE.search(seen.low[max(0, word.start() - 100) : word.start()]):
        return
    if group not in {"password", "short"} and _HARMLESS_NAME.search(head):
        return
    tail = _NAME_TAIL.match(seen.low, word.end())
    place = tail.end() if tail else word.end()
    behind = seen.low[word.end() : place]
    if not _TAIL_STOP.search(behind):
        if (named := _value(seen, word, group, head, behind, place)) and _is_secret(named):
            yield Span(_kind_of(group), named.start, named.start + len(named.value))
            return
        if group in {"token", "session"} and word.group() in {"key", "session", "sid"} and not head:
            return
    if not behind.strip("s") or not _TAIL_STOP.search(behind):
        yield from _prose(seen, word.end() if behind.strip("s_0123456789") == "" else place, group)
    if group in {"password", "short", "secret", "token"}:
        yield from _before(seen, word)


_RESOURCE = re.compile(r"arn:[\w:-]{1,80}:$")


def _kind_of(group: str) -> Kind:
    return {"password": kinds.PASSWORD, "short": kinds.PASSWORD, "session": kinds.COOKIE}.get(group, kinds.SECRET)


def _head(low: str, start: int) -> str:
    match = _NAME_HEAD.search(low[max(0, start - 48) : start])
    return match.group() if match else ""


def _value(seen: Text, word: re.Match[str], group: str, head: str, tail: str, place: int) -> _Named | None:
    separator = _SEPARATOR.match(seen.text, place)
    if not separator:
        return None
    sign = (
        separator["sign"]
        or ("tag" if separator["tag"] or separator["xml"] is not None else "")
        or ("=" if separator["pair"] else "," if separator["comma"] else " ")
    )
    start = separator.end()
    if quoted := _QUOTED.match(seen.text, start):
        value, start, is_quoted, after = quoted[2].rstrip("\\"), quoted.start(2), True, quoted.end()
    elif bare := _BARE.match(seen.text, start):
        value, is_quoted = bare.group(), False
        if cut := re.search(r"(?<=.{4})&[a-zA-Z_.-]{2,40}=", value):
            value = value[: cut.start()]
        for mark in (";", ","):
            if mark in value and (sign in "=:" and re.search(rf"{mark}[\w .-]{{1,40}}[=:]", value)):
                value = value.partition(mark)[0]
        after = start + len(value)
        value = value.rstrip(_TAIL.replace("!", "").replace("?", ""))
    else:
        return None
    following = seen.text[after : after + 3]
    if separator["xml"] is not None and not following.startswith("</"):
        return None
    is_last = (
        not following.strip(_TAIL + " ")
        or following.lstrip(_TAIL + " ")[:1] in ("\n", "\r")
        or following[:1] in ",;\n\r&"
    )
    name = seen.text[word.start() - len(head) : place]
    is_env = _ENV_LIKE.match(name) is not None
    return _Named(group, word.group(), head, tail, sign, value, start, is_quoted, is_last, is_env)


def _is_secret(one: _Named) -> bool:
    value = one.value
    if len(value) < 4 or looks.is_stand_in(value) or looks.is_word(value):
        return False
    if one.sign == " ":
        return _is_secret_after_blank(one)
    if one.sign == "tag" and not one.is_quoted and len(value) > 256:
        return False
    if one.group in {"password", "short"}:
        return _is_named_password(one)
    if one.group == "secret":
        return _is_named_secret(one)
    return _is_named_token(one)


def _is_secret_after_blank(one: _Named) -> bool:
    value = one.value
    if one.head.startswith("-") or one.head.endswith("--"):  # --password value
        return (
            len(value) >= 5
            and not value.startswith("-")
            and (looks.is_password(value) if one.group in {"password", "short"} else looks.is_random(value, 12))
        )
    if one.group in {"password", "short"}:
        if one.is_quoted:
            return looks.is_password(value) or (
                " " not in value and one.is_last and len(value) >= 5 and not _holds_state(value)
            )
        return looks.is_password(value, 6 if one.is_last else 7) and not looks.is_uuid(value)
    if one.group == "session" or (one.word == "key" and not one.head):
        return False
    return looks.is_random(value, 20) and not re.fullmatch(r"\d{1,40}", value)


def _is_named_password(one: _Named) -> bool:
    value = one.value
    if " " in value and not one.is_quoted:
        return False
    if _is_place(value):
        return False
    if re.fullmatch(r"[\d.,]+", value):
        return (
            len(value) >= 4
            and value.isdigit()
            and (one.is_quoted or "=" in one.sign or (one.is_last and len(value) >= 6))
        )
    if looks.is_amount(value) and not one.is_quoted and re.search(r"[^a-zA-Z0-9]|^\d+[a-z]{1,3}$|^[A-Z_]+$", value):
        return False
    letters_only = value.isalpha()
    if letters_only and (value.islower() or value.istitle() or value.isupper()):
        if one.is_quoted or one.is_env:
            return len(value) >= 5 or one.is_env
        return (one.is_last and (("=" in one.sign and len(value) >= 5) or len(value) >= 16)) or looks.is_random(value)
    if " " in value:
        return one.is_quoted and len(value) <= 64 and any(map(str.isdigit, value)) and not _reads_like_text(value)
    if looks.is_words(value) and not any(map(str.isdigit, value)):
        return ("=" in one.sign or one.is_quoted or one.is_last) and not _holds_state(value)
    return True


def _reads_like_text(value: str) -> bool:
    return len(value.split()) > 3 or any(looks.is_word(word) for word in value.split())


def _holds_state(value: str) -> bool:
    return any(looks.is_word(part) or part.lower() in _POOR for part in re.split(r"[-_./:]", value) if part)


def _is_place(value: str) -> bool:
    """An address or a path where the value lies, or a call."""
    return (
        re.match(
            r"(?:[a-z][a-z0-9+.-]{1,16}://|(?:\.{0,2}|~)/[\w.-]|[a-z_]+(?:/[\w.-]+){2,6}#|[a-zA-Z_.]{2,60}[\[(])", value
        )
        is not None
    )


def _is_named_secret(one: _Named) -> bool:
    value = one.value
    if " " in value or _is_place(value):
        return False
    if looks.is_uuid(value) or re.fullmatch("[0-9a-fA-F]{16,256}", value):
        return True
    if looks.is_measure(value) or (_holds_state(value) and looks.is_words(value)):
        return False
    if looks.is_random(value, 8) and len(value) >= 8:
        return True
    both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    signs = re.search(r"[!@#$%^&*()+=?~]", value.rstrip("=")) is not None
    if len(value) >= 6 and ((both and not looks.is_words(value)) or (signs and not value.endswith(")"))):
        return True
    if both and len(value) >= 8 and not re.search(r"[-_./:]", value):
        return one.is_quoted or "=" in one.sign or one.is_last
    return one.is_env and one.group == "secret" and "=" in one.sign and len(value) >= 12


def _is_named_token(one: _Named) -> bool:
    value = one.value
    if " " in value or _is_place(value):
        return False
    if one.group == "session":
        return (looks.is_random(value, 16) and (not looks.is_uuid(value) or "=" in one.sign)) or (
            "=" in one.sign and len(value) >= 16 and _is_bearer(value) and not looks.is_measure(value)
        )
    is_key = "key" in one.head + one.tail or (one.head == "" and one.tail == "")
    hexadecimal = re.fullmatch("[0-9a-fA-F]{16,128}", value) is not None
    if one.is_env:
        return hexadecimal or looks.is_random(value, 12) or (_is_bearer(value) and not looks.is_measure(value))
    if hexadecimal or looks.is_uuid(value):
        return bool(one.head) or not is_key
    if is_key and not one.head:
        return looks.is_random(value, 20) and looks.is_mixed(value)
    return looks.is_random(value, 12) or (len(value) >= 12 and _is_bearer(value) and not looks.is_measure(value))


_FAR = re.compile(r"s?\s[^\n:=]{1,60}[:=]\s{0,2}[\"'`“„]([^\s\"'`“”„]{8,64})[\"'`”“]")


def _prose(seen: Text, place: int, group: str) -> Iterator[Span]:
    """`the password for the staging database is now "…"`."""
    gap = _PROSE_GAP.match(seen.low, place)
    if not gap:
        if group in {"password", "short"} and (far := _FAR.match(seen.text, place)) and looks.is_password(far[1], 8):
            yield Span(kinds.PASSWORD, *far.span(1))
        return
    found = _piece(seen.text, gap.end())
    if found is None:
        return
    start, value, is_quoted = found
    if looks.is_stand_in(value) or looks.is_word(value) or _is_place(value):
        return
    if group in {"password", "short"}:
        fits = looks.is_password(value, 5) or (
            is_quoted and " " not in value and len(value) >= 5 and not _holds_state(value)
        )
    else:
        fits = looks.is_random(value, 12) or re.fullmatch("[0-9a-f]{20,128}", value) is not None
        fits = fits or (group == "secret" and is_quoted and looks.is_password(value, 8))
    if fits:
        yield Span(_kind_of(group), start, start + len(value))


def _piece(text: str, place: int) -> tuple[int, str, bool] | None:
    if quoted := _QUOTED.match(text, place):
        return quoted.start(2), quoted[2], True
    bare = _BARE.match(text, place)
    return (place, bare.group().rstrip(_TAIL.replace("!", "").replace("?", "")), False) if bare else None


_VALUE_FIRST = re.compile(
    rf"(?<!\S)[{_QUOTES}(]{{0,2}}([^\s{_QUOTES}()]{{6,80}})[{_QUOTES})]{{0,2}},?\s{{1,2}}(?:as|is|was|for|als|ist|comme|como|est|es)\s{{1,2}}(?:[\w./-]{{1,24}}\s{{1,2}}){{0,4}}$"
)
_WORD_ENDS_CLAUSE = re.compile(
    r"s?(?:\s{0,2}(?:$|[.,;:!?)\n#\"'`*/-]|for\b|on\b|of\b|to\b|in\b|there\b|now\b|everywhere\b|again\b|until\b|and\b))"
)


def _before(seen: Text, word: re.Match[str]) -> Iterator[Span]:
    """`use "…" as the root password`."""
    if not _WORD_ENDS_CLAUSE.match(seen.low, word.end()):
        return
    left = max(0, word.start() - 160)
    match = _VALUE_FIRST.search(seen.text[left : word.start()])
    if not match or looks.is_uuid(match[1]) or "://" in match[1]:
        return
    value = match[1].rstrip(_TAIL.replace("!", ""))
    strong = looks.is_password(value, 8) if word.lastgroup in {"password", "short"} else looks.is_random(value, 16)
    if strong and (looks.is_mixed(value) or not looks.is_words(value)) and not re.fullmatch("[0-9a-f]{7,64}", value):
        yield Span(_kind_of(word.lastgroup or ""), left + match.start(1), left + match.start(1) + len(value))


_PAIR = re.compile(
    r"(?<![a-z])(?:cred|creds|credentials?|log(?:ged|s)?[ -]?(?:in|on)|login|sign(?:ed)?[ -]?in|zugangsdaten|anmelden|anmeldung|identifiants|credenciales|inloggen|ssh|auth|authenticate|"
    r"access|account|admin|root|user|with|mit|avec|con|as)\b[:=]?\s{0,2}[^\n/:]{0,40}?(?<![\w/.:-])[\"'`(]?([\w.@-]{2,40})[\"'`]?(?:\s{0,2}/\s{0,2}|[:|])[\"'`]?([^\s\"'`/:,]{6,64})"
)


def pairs(seen: Text) -> Iterator[Span]:
    """`log in with admin / …`: a name and a password side by side."""
    for match in _PAIR.finditer(seen.low):
        start = match.start(2)
        value = seen.text[slice(*match.span(2))].rstrip(_TAIL.replace("!", ""))
        if (
            looks.is_words(value)
            or not looks.is_password(value, 8)
            or looks.is_uuid(value)
            or re.fullmatch("[0-9a-f]+", value)
        ):
            continue
        signs = re.search(r"[!@#$%^&*?]", value) is not None
        if (
            (signs or looks.is_mixed(value))
            and not re.search(r"[=(){}\[\]<>]", value)
            and not re.search(r"@[\w-]+\.|\d@|#\d+$", value)
        ):
            yield Span(kinds.PASSWORD, start, start + len(value))


_SHELL = re.compile(
    r"(?:(?<![a-z-])curl\b[^\n]{0,200}?\s(?:-u|--user|--proxy-user)[ =]?\s{0,2}[\"']?[^\s:\"']{1,64}:(?P<curl>[^\s\"']{3,128}))"
    r"|(?:(?<![a-z-])(?:mysql|mysqldump|mysqladmin|mariadb|mycli|mongo|mongosh|mongodump|mongorestore|sshpass|sqlcmd|isql|docker login|podman login|helm registry login|"
    r"skopeo login|oc login|az login|htpasswd|unzip|zip|7z|openssl|ldapsearch|smbclient|rabbitmqctl|redis-cli|valkey-cli|keydb-cli|bcp|influx|cqlsh|clickhouse-client|psql|xfreerdp|net use|wget|http)\b"
    r"[^\n]{0,200}?\s(?:-p|-P|-a|-w|-W|-pw|--pass|--pass(?:word|wd)?|/p:|add_user|change_password)[ =]?[\"']?(?P<flag>[^\s\"'|>&;]{4,128}))"
    r"|(?:(?<![a-z-])identified\s(?:with\s\w{1,40}\s)?by\s{1,2}(?:password\s)?[\"'](?P<sql>[^\"'\n]{3,128}))"
    r"|(?:(?<![a-z-])rabbitmqctl\s(?:add_user|change_password)\s{1,2}[\w.-]{1,64}\s{1,2}[\"']?(?P<rabbit>[^\s\"']{4,128}))"
    r"|(?:(?<![a-z-])--from-literal[= ][\"']?[\w.-]{1,64}=[\"']?(?P<literal>[^\s\"']{4,512}))"
    r"|(?:(?<![a-z-])echo\s{1,2}(?:-n\s)?[\"']?(?P<echo>[^\s\"'|]{6,128})[\"']?\s{0,2}\|\s{0,2}(?:docker|podman|helm|sudo\s-s|passwd|chpasswd|vault|gh|oc))"
    r"|(?:(?<![a-z-])machine\s[\w.-]{1,128}\slogin\s\S{1,64}\spassword\s(?P<netrc>\S{3,128}))",
)
_SHELL_WORDS = ("curl", "mysql", "mongo", "sshpass", "login", "redis-cli", "valkey-cli", "identified", "rabbitmqctl", "--from-literal",
                "echo", "machine", "sqlcmd", "openssl", "ldap", "unzip", "zip", "7z", "psql", "influx", "cqlsh", "clickhouse", "wget", "mariadb")  # fmt: skip


def shells(seen: Text) -> Iterator[Span]:
    """Passwords where commands take them."""
    if not any(word in seen.low for word in _SHELL_WORDS):
        return
    for match in _SHELL.finditer(seen.low):
        group = match.lastgroup
        if not group:
            continue
        value = seen.text[slice(*match.span(group))].rstrip(_TAIL.replace("!", "").replace("?", ""))
        if len(value) < 3 or looks.is_stand_in(value) or value.startswith(("$", "-")) or _is_place(value):
            continue
        if group in {"flag", "literal"} and (
            (looks.is_words(value) and not looks.is_mixed(value))
            or re.fullmatch(r"[\d:./-]+", value)
            or looks.is_measure(value)
        ):
            continue
        if group == "echo" and not looks.is_password(value):
            continue
        yield Span(kinds.PASSWORD, match.start(group), match.start(group) + len(value))


_AWS_SECRET = re.compile(r"(?<![\w+/.-])[A-Za-z0-9+/]{40}(?![\w+/=])")


def cloud_secrets(seen: Text) -> Iterator[Span]:
    """Forty characters of an AWS secret near a word that says so."""
    for match in _AWS_SECRET.finditer(seen.text):
        near = seen.low[max(0, match.start() - 90) : match.end() + 60]
        if (
            looks.is_mixed(match.group())
            and looks.switches(match.group()) >= 8
            and re.search(r"aws|secret|akia|asia|access|credential|key|token", near)
        ):
            yield Span(kinds.CLOUD, *match.span())


_CLUSTER_KIND = re.compile(r"kind[\"']?\s{0,3}:\s{0,3}[\"']?secret\b")
_CLUSTER_DATA = re.compile(r"[\"'\n {,]([\w.-]{1,64})[\"']?:\s{0,3}[\"']?([A-Za-z0-9+/]{4,4096}={0,2})(?![\w+/.:-])")


def cluster_secrets(seen: Text) -> Iterator[Span]:
    """The data of a Kubernetes Secret."""
    for kind in _CLUSTER_KIND.finditer(seen.low):
        data = max(
            seen.low.find("data", kind.end(), kind.end() + 2000),
            seen.low.rfind("data", max(0, kind.start() - 4000), kind.start()),
        )
        if data < 0:
            continue
        for match in _CLUSTER_DATA.finditer(seen.text, data + 4, data + 6000):
            name, value = match[1].lower(), match[2]
            if (
                name not in _MANIFEST_NAMES
                and len(value) % 4 == 0
                and (len(value) >= 16 or value.endswith("=") or looks.switches(value) >= 2)
            ):
                yield Span(kinds.KUBERNETES, *match.span(2))


_MANIFEST_NAMES = frozenset(
    [
        "kind",
        "type",
        "name",
        "namespace",
        "apiversion",
        "metadata",
        "labels",
        "app",
        "uid",
        "resourceversion",
        "data",
        "stringdata",
    ]
)


# --- personal identifiers -----------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+'-]{1,64}@(?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24}(?![\w-])")
_EMAIL_IN_WORDS = re.compile(
    r"(?<![\w.])[\w.+-]{1,64}\s?[\[({<]\s?(?:at|@)\s?[\])}>]\s?[\w-]{1,63}(?:\s?(?:[\[({<]\s?(?:dot|\.)\s?[\])}>]|\.)\s?[\w-]{2,63}){1,4}",
    re.IGNORECASE,
)
_HOUSE_DOMAIN = re.compile(
    r"\.(?:internal|local|localdomain|svc|cluster|lan|corp|intra|home|consul|ec2|compute|localhost|invalid|sock|service|py|js|ts|go|rb|java|ya?ml|json|md|sh|lock|toml|png|jpe?g|svg|css)$",
    re.IGNORECASE,
)


def emails(seen: Text) -> Iterator[Span]:
    """Mail addresses; not `git@host:`, `ssh deploy@host.internal`, the user part of an address, a package version."""
    if "@" in seen.text:
        for match in _EMAIL.finditer(seen.text):
            before = seen.text[max(0, match.start() - 80) : match.start()]
            found = match.group()
            name = found.partition("@")[0].lower()
            if re.search(r"://[^\s/]{0,80}$", before) or _HOUSE_DOMAIN.search(found) or name in {"git", "celery", "hg"}:
                continue
            if re.search(
                r"(?:^|[\s$#`(])(?:ssh|scp|sftp|rsync|mosh|autossh|sshfs)(?:\s{1,3}-\w{1,3}(?:\s[\w./~-]{1,60})?){0,4}\s{1,3}$",
                before,
            ):
                continue
            strip = len(found) - len(found.lstrip("'.%+-"))
            yield Span(kinds.EMAIL, match.start() + strip, match.end())
    if "at" in seen.low or "@" in seen.low:
        for match in _EMAIL_IN_WORDS.finditer(seen.text):
            yield Span(kinds.EMAIL, *match.span())


_USER_WORD = (
    r"users?|customers?|tenants?|accounts?|members?|subscribers?|clients?|patients?|employees?|buyers?|shoppers?|players?|learners?|merchants?|"
    r"cardholders?|holders?|visitors?|persons?|profiles?|drivers?|passengers?|guests?|sellers?|students?|owners?|actors?|principals?|subjects?|recipients?|"
    r"konto|kunden?|benutzers?|nutzers?|mandanten?|utilisateurs?|clientes?|usuarios?|utente|utenti|klant|gebruikers?|usuário|compte|cuenta|käyttäjä|användare|użytkownik|пользователь|"
    r"org|orgs|organi[sz]ation|workspace|company|household|customer account|user account"
)
_VALUE_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERSON = re.compile(
    rf"(?P<word>(?:(?<![a-z.-])(?:{_USER_WORD})|(?<=[_.])(?:user|customer|account|member|tenant|subscriber|client)|(?<![a-z])(?:uid|user_?name|userid|customerid|accountid|tenantid|clientid|memberid|(?<!e)mail_?id)))"
    r"(?P<id>(?:[ _.-]?(?:uu)?ids?|[ _-]?(?:no|nr|num|number|nummer|ref|reference|handle)\.?|[ _-]?pk|[ _-]?guid|[ _-]?key)?)(?![a-z])"
    r"(?P<sign>[\"'`\\\])]{0,3}\s{0,2}(?:(?:=>|==?|:=|->|:|\#|/)\s{0,3}|(?:is|was|ist|war|est|es|in|=)\s{1,2}|(?:with\s)?(?:the\s)?(?:uu)?id\s{1,2})?[\"'`\\(\[\#]{0,3}\s{0,2})"
    rf"(?P<value>{_VALUE_UUID}|\d{{2,20}}|[a-z]{{1,12}}[-_:]?[0-9a-z]{{3,40}}|[0-9a-z]{{8,40}})(?![\w-])"
)
_PERSON_PATH = re.compile(
    rf"/(?:users?|customers?|tenants?|accounts?|members?|subscribers?|clients?|patients?|people|profiles?|u|orgs|organizations|workspaces|kunden|employees|persons?|contacts|guests|players|students|merchants)/"
    rf"(?:id/|by-id/)?({_VALUE_UUID}|\d{{2,20}}|[a-z]{{1,12}}[-_][0-9a-z]{{4,40}}|[0-9a-z]{{12,40}})(?![\w-])"
)
_PERSON_ALONE = re.compile(
    r"(?<![\w/-])(?:usr|cus|cust|acct|uid|mbr|pat|ten|tnt|user|customer|account|tenant|member)[_-](?=[a-z]{0,20}\d)(?:[0-9a-z]{8,40})(?![\w-])"
)
_ID_PREFIX = re.compile(
    r"(?:u|usr|user|cus|cust|customer|c|acc|acct|account|a|ten|tenant|tnt|t|org|o|mem|member|mbr|m|client|cl|uid|id|p|pat|sub|k|kd|kunde|s|e|emp|w|ws|d|g|b|mer|auth0)[-_:]?(?=\d|[0-9a-z]{6})"
)
_NOT_A_PERSON = re.compile(
    r"\s{0,2}(?:%|ms\b|req|rps|err|times\b|per\b|/\s?(?:s|min|h|d)\b|[a-z]{0,12}\s?limit|requests?\b|errors?\b|users?\b|rows?\b|events?\b|accounts?\b|customers?\b|tenants?\b|"
    r"responses?\b|status\b|timeouts?\b|sessions?\b|connections?\b|seconds?\b|minutes?\b|hours?\b|days?\b|retries\b|calls?\b|of\s\d|affected|[.,:]\d|[(]\w|:\d)"
)
_EACH = re.compile(
    r"(?:\bper|\beach|\bevery|\bany|\bno|\bone|\bsingle|\btotal|\bactive|\bmax|\bof|\bservice|\bthan|\btop)[ _-]$"
)


def people(seen: Text) -> Iterator[Span]:
    """Ids of users, customers, tenants and accounts, after the word that says so or in a path."""
    for match in _PERSON.finditer(seen.low):
        if _is_person(seen, match):
            yield Span(kinds.USER, *match.span("value"))
    if "/" in seen.text:
        for match in _PERSON_PATH.finditer(seen.low):
            value = match[1]
            if any(map(str.isdigit, value)) and not re.fullmatch(r"v\d|[a-z]+[-_]\d{1,2}", value):
                yield Span(kinds.USER, *match.span(1))
    for match in _PERSON_ALONE.finditer(seen.low):
        if sum(map(str.isdigit, match.group())) >= 2:
            yield Span(kinds.USER, *match.span())


def _is_person(seen: Text, match: re.Match[str]) -> bool:
    word, sign, value = match["word"], match["sign"].strip(" \"'`\\()[]"), match["value"]
    says_id = bool(match["id"]) or "id" in sign.split() or sign.endswith("#") or "#" in match["sign"]
    digits = sum(map(str.isdigit, value))
    if not digits or looks.is_word(value) or looks.is_stand_in(value) or re.match(r"p\d\d|v\d", value):
        return False
    before = seen.low[max(0, match.start() - 12) : match.start()]
    if looks.is_uuid(value):
        return word != "uid" and ("key" not in match["id"])
    if _NOT_A_PERSON.match(seen.low, match.end()) or (_EACH.search(before) and not says_id):
        return False
    if word.endswith("s") and word not in {"uids"} and not says_id and not sign:
        return False
    if "key" in match["id"] or word.startswith(("username", "user_name")):
        return False
    if sign in {"in", "is", "was", "ist", "war", "est", "es", "/"} and not says_id and sign != "/":
        return digits >= 5 and value.isdigit()
    if word == "uid":
        return digits >= 5 and value != "65534"
    if value.isdigit():
        if says_id:
            return True
        if word.endswith("s") or before.endswith("_"):
            return False
        return len(value) >= (2 if "#" in match["sign"] else 3 if sign in {":", "="} else 4) and not (
            sign == "" and re.match(r"(?:19|20)\d\d$", value)
        )
    if (looks.is_measure(value) and not _ID_PREFIX.match(value)) or word.endswith("s"):
        return False
    if says_id:
        return digits >= 2 or looks.switches(value) >= 3
    return (_ID_PREFIX.match(value) is not None and digits >= 3) or (
        len(value) >= 12 and digits >= 3 and looks.switches(value) >= 3
    )


_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9a-f]{1,4}:)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])")
_VERSION_BEFORE = re.compile(
    r"(?:\bv|version|versions|release|build|chart|upgraded? (?:to|from)|tag|rev|firmware|agent|driver|[a-z]/|@|==|>=|<=|~=|\bsdk|\boid|section|chapter|§|chrome|library)[\s:=]{0,2}$"
)
_NETWORK_AFTER = re.compile(r"/(?:[0-9]|1\d|2[0-4])(?!\d)")


def public_addresses(seen: Text) -> Iterator[Span]:
    """Addresses of people on the public network; not networks, not versions with four parts."""
    for match in _IPV4.finditer(seen.text):
        before = seen.low[max(0, match.start() - 16) : match.start()]
        if not looks.is_public_address(match.group()) or _NETWORK_AFTER.match(seen.text, match.end()):
            continue
        if not _VERSION_BEFORE.search(before) or before.endswith("://"):
            yield Span(kinds.IP, *match.span())
    for match in _IPV6.finditer(seen.low):
        value = match.group()
        if looks.is_public_address(value) and not _NETWORK6_AFTER.match(seen.text, match.end()):
            yield Span(kinds.IP, *match.span())


_NETWORK6_AFTER = re.compile(r"/(?:[1-5]?\d)(?!\d)")
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")


def cards(seen: Text) -> Iterator[Span]:
    """Numbers of payment cards with the right check digit."""
    for match in _CARD.finditer(seen.text):
        found = match.group()
        groups = [len(group) for group in re.split("[ -]", found)]
        if looks.is_card(re.sub("[ -]", "", found)) and (len(groups) == 1 or min(groups[:-1]) >= 3):
            yield Span(kinds.CARD, *match.span())


_IBAN = re.compile(r"(?<![\w-])[a-z]{2}\d\d(?:[ -]?[0-9a-z]){10,36}")


def ibans(seen: Text) -> Iterator[Span]:
    """Bank accounts with the right checksum."""
    for match in _IBAN.finditer(seen.low):
        length = looks.iban_in(match.group())
        if length and not seen.text[match.start() + length : match.start() + length + 1].isalnum():
            yield Span(kinds.IBAN, match.start(), match.start() + length)


_SSN = re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w-]|\.\d)")
_SSN_WORD = re.compile(
    r"(?:\bssn|social[ -]security|\bitin|\btax[ -]?(?:id|payer)|sozialversicherung|\bnational[ -](?:id|insurance)|\bsoc\.? sec)[^\d\n]{0,40}?(\d{3}[- ]?\d{2}[- ]?\d{4})(?![\w-])"
)


def social_numbers(seen: Text) -> Iterator[Span]:
    """US social security numbers, by their form or after a word that says so."""
    for match in _SSN.finditer(seen.text):
        if match[1] == "-" or re.search(r"ssn|social|tax", seen.low[max(0, match.start() - 40) : match.start()]):
            yield Span(kinds.SSN, *match.span())
    for match in _SSN_WORD.finditer(seen.low):
        yield Span(kinds.SSN, *match.span(1))


_PHONE = re.compile(
    r"(?<![\w.+/#-])(?:"
    r"(?:\+|00)(?!0)\d{1,3}[ .()/-]{0,3}(?:\(0\)[ .-]?)?\d(?:[ .()/-]{0,2}\d){5,12}"
    r"|\(\d{2,5}\)[ .-]{0,2}\d{3,4}[ .-]?\d{3,5}"
    r"|(?:1[ .-])?[2-9]\d{2}([.-])[2-9]\d{2}\1\d{4}|[2-9]\d{2} [2-9]\d{2}[ -]\d{4}"
    r"|0[1-9]\d{1,4}[ /-]{1,3}\d{3,4}(?:[ -]?\d{2,5}){0,3}|0[1-9](?:[ .]\d\d){4}"
    r")(?![\w-]|\.\d)"
)
_PHONE_WORD = re.compile(
    r"(?<![a-z])(?:phone|telephone|tel|mobile|cell|cellphone|handy|telefon|telefonnummer|mobil|téléphone|telephone|portable|teléfono|telefono|móvil|telefoon|fax|sms|whatsapp|msisdn|call(?:ed|s|back)?|callback|"
    r"ring|rang|texted|dial|reach(?:ed|able)?|rückruf|anrufen|contact|hotline|signal)"
    r"(?:[ _-]?(?:number|no|nr|nummer|num))?\b[\"'`\\]{0,2}[.:=]{0,2}[ \t]{0,3}(?:(?:me|us|him|her|them|back|the customer|is|was|at|on|to|unter|au|al|under|via|from)[:\s]\s{0,2}){0,4}[\"'`\\(+]{0,3}"
    r"(\+?\(?\d[\d ()./-]{5,22}\d)(?![\w-])"
)


def phones(seen: Text) -> Iterator[Span]:
    """Phone numbers: international, in the ways of several countries, or after a word that says so."""
    for match in _PHONE.finditer(seen.text):
        found = match.group()
        digits = re.sub(r"\D", "", found)
        if (9 <= len(digits) <= 15 and _is_phone(found, digits)) or (found.startswith("(") and len(digits) >= 9):
            yield Span(kinds.PHONE, *match.span())
    for match in _PHONE_WORD.finditer(seen.low):
        digits = re.sub(r"\D", "", match[1])
        if (
            7 <= len(digits) <= 15
            and not re.search(r"\d{4}-\d\d-\d\d|^\d{1,3}(?:\.\d{1,3}){2,3}(?:$|\s)", match[1])
            and not re.match(r"1[5-9]\d{8}(?:\d{3})?$", match[1])
        ):
            yield Span(kinds.PHONE, *match.span(1))


def _is_phone(found: str, digits: str) -> bool:
    if found.startswith("00") and found.isdigit():
        return 11 <= len(digits) <= 14
    if found.startswith("+"):
        return len(set(digits)) > 2
    return not re.match(r"0\d[.-]\d\d[.-]\d{4}|\d{4}-\d\d-\d\d", found)


# Secrets first: where two overlap the first one counts. A rule for wrapped lines has `True`.
RULES: tuple[tuple[Rule, bool], ...] = (
    (private_keys, True),
    (addresses, True),
    (drivers, False),
    (vendors, True),
    (signed_tokens, True),
    (headers, True),
    (cookies, False),
    (queries, True),
    (one_time_links, False),
    (cluster_secrets, False),
    (named_values, False),
    (shells, False),
    (pairs, False),
    (cloud_secrets, True),
    (emails, False),
    (ibans, False),
    (cards, False),
    (social_numbers, False),
    (people, False),
    (public_addresses, False),
    (phones, False),
)
