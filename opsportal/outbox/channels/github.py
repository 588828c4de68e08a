"""A GitHub issue for each event: opened once, brought up to date, closed.

Its number is kept with the message that opened it. When that message was lost between sending and marking, the issue
is found again by a marker in its text.
"""

import json
import re
from typing import Any

from opsportal.outbox.channels import web
from opsportal.outbox.channels.answer import TAKEN, Answer
from opsportal.outbox.letter import Letter, github_api

# Not `..`, which would end in another address of the API.
REPOSITORY = re.compile(r"(?!\.+/)[A-Za-z0-9._-]{1,100}/(?!\.+\Z)[A-Za-z0-9._-]{1,100}")
_LABEL = "opsportal"
_PAGES = 5
# Somebody deleted the issue, or moved it away: another is opened in its place.
_ISSUE_IS_AWAY = frozenset({"gone", "not_found", "redirect"})


def send(letter: Letter) -> Answer:
    """Open the event's issue, or write the newest text into it; a closing message closes it. Safe to run twice."""
    if not REPOSITORY.fullmatch(letter.address) or not any(letter.credentials):
        return Answer("not_configured")
    if letter.receipt.isdecimal():
        answer = _update(letter, int(letter.receipt))
        if answer.error not in _ISSUE_IS_AWAY:
            return answer
    number, answer = _find(letter)
    if answer.error:
        return answer
    if number is not None:
        return _update(letter, number)
    return TAKEN if letter.closes else _open(letter)


def _open(letter: Letter) -> Answer:
    reply = _ask(letter, "POST", "/issues", _content(letter) | {"labels": [_LABEL]})
    return reply.answer if reply.answer.error else Answer(receipt=_number(_read(reply)))


def _update(letter: Letter, number: int) -> Answer:
    content = _content(letter) | {"state": "closed" if letter.closes else "open"}
    answer = _ask(letter, "PATCH", f"/issues/{number}", content).answer
    return answer if answer.error else Answer(receipt=str(number))


def _content(letter: Letter) -> dict[str, Any]:
    return {"title": letter.subject, "body": f"{_plain(letter.body)}\n\n{letter.marker}"}


def _plain(text: str) -> str:
    """Nobody is called by a name that a text happens to hold, and no text passes for a marker."""
    return text.replace("<", "&lt;").replace("@", "@<!-- -->")


def _find(letter: Letter) -> tuple[int | None, Answer]:
    """The number of the issue that carries the marker.

    The list is asked, because the search of GitHub lags behind; all of it, because a label is dropped without a word
    where the token may not set one.
    """
    for page in range(1, _PAGES + 1):
        reply = _ask(letter, "GET", f"/issues?state=all&sort=updated&per_page=100&page={page}")
        if reply.answer.error:
            return None, reply.answer
        issues = _read(reply)
        if not isinstance(issues, list):
            return None, Answer("status_5xx")
        for one in issues:
            if _is_ours(one, letter) and (number := _number(one)):
                return int(number), TAKEN
        if len(issues) < 100:
            break
    return None, TAKEN


def _is_ours(issue: Any, letter: Letter) -> bool:
    """Pull requests stand in the same list."""
    return isinstance(issue, dict) and "pull_request" not in issue and letter.marker in str(issue.get("body") or "")


def _number(issue: Any) -> str:
    number = issue.get("number") if isinstance(issue, dict) else None
    return str(number) if isinstance(number, int) and number > 0 else ""


def _read(reply: web.Reply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _ask(letter: Letter, method: str, path: str, content: dict[str, Any] | None = None) -> web.Reply:
    headers = {
        "Authorization": f"Bearer {letter.credentials[0]}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Content-Type": "application/json",
    }
    body = json.dumps(content).encode() if content is not None else None
    return web.ask(method, f"{github_api()}/repos/{letter.address}{path}", body, headers, letter.guard)
