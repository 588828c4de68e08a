"""The rows for bench/leak_response.py, in a process that knows that bench's database."""

import sys
import time
from datetime import timedelta


def fill(sessions: int, tokens: int, links: int) -> None:
    """People who are signed in and seen, tokens and links that live."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from opsportal.accounts.doors import SessionStore
    from opsportal.models import ApiToken, LoginLink, User

    at, stamp = timezone.now(), time.monotonic_ns()
    ends = at + timedelta(hours=1)
    person = User.objects.filter(username="bench").first() or User.objects.create(username="bench", role="viewer")
    data = SessionStore().encode({"_auth_user_id": str(person.pk), "seen_at": 1.0})
    keys = [f"{stamp:020}{number:012}" for number in range(sessions)]
    Session.objects.bulk_create(Session(session_key=key, session_data=data, expire_date=ends) for key in keys)
    UserSession.objects.bulk_create(
        UserSession(user=person, ip="203.0.113.0", session_key=key, user_agent="Firefox on Linux") for key in keys
    )
    ApiToken.objects.bulk_create(
        ApiToken(
            user=person, name="bench", scopes=["checks:read"], token_hash=f"{stamp:x}-{number}", created_by="bench",
            created_at=at, expires_at=ends,
        )
        for number in range(tokens)
    )  # fmt: skip
    LoginLink.objects.bulk_create(
        LoginLink(purpose="login", user=person, token_hash=f"{stamp:x}-{number}", expires_at=ends)
        for number in range(links)
    )


def main() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from opsportal.leaks import actions

    fill(*map(int, sys.argv[2:5]))
    if sys.argv[1] == "respond":
        started = time.perf_counter()
        actions.respond(by="bench", reason="how long it takes", at=timezone.now())
        print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
