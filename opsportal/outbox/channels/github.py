"""A GitHub issue for each event: opened once, brought up to date, closed; found again by a marker in its text."""

import json
import re
from typing import Any

from opsportal.outbox.channels import web
from opsportal.outbox.channels.answer import TAKEN, Answer
from opsportal.outbox.letter import Letter, github_api

REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_LABEL = "opsportal"
_PAGES = 5


def send(letter: Letter) -> Answer:
    """Open the event's issue, or write the newest text into it; a closing message closes it. Safe to run twice."""
    if not REPOSITORY.fullmatch(letter.address) or not any(letter.credentials):
        return Answer("not_configured")
    number, answer = _find(letter)
    if answer.error:
        return answer
    if number is None and letter.closes:
        return TAKEN
    content: dict[str, Any] = {"title": letter.subject, "body": f"{letter.body}\n\n{letter.marker}"}
    if number is None:
        return _ask(letter, "POST", "/issues", content | {"labels": [_LABEL]}).answer
    return _ask(letter, "PATCH", f"/issues/{number}", content | {"state": "closed" if letter.closes else "open"}).answer


def _find(letter: Letter) -> tuple[int | None, Answer]:
    """The number of the issue that carries the marker. The list is asked, because the search of GitHub lags behind."""
    for page in range(1, _PAGES + 1):
        reply = _ask(letter, "GET", f"/issues?labels={_LABEL}&state=all&sort=updated&per_page=100&page={page}")
        if reply.answer.error:
            return None, reply.answer
        try:
            issues = [one for one in json.loads(reply.body) if isinstance(one, dict)]
        except ValueError:
            return None, Answer("status_5xx")
        for one in issues:
            if letter.marker in str(one.get("body") or "") and "pull_request" not in one:
                return int(one["number"]), TAKEN
        if len(issues) < 100:
            break
    return None, TAKEN


def _ask(letter: Letter, method: str, path: str, content: dict[str, Any] | None = None) -> web.Reply:
    headers = {
        "Authorization": f"Bearer {letter.credentials[0]}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Content-Type": "application/json",
    }
    body = json.dumps(content).encode() if content is not None else None
    return web.ask(method, f"{github_api()}/repos/{letter.address}{path}", body, headers, letter.guard)
