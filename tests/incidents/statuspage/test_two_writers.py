"""Two people with the same draft: the second is told, both texts are kept, and saving again is knowing."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.statuspage import drafts
from incidents.statuspage.models import StatusUpdate
from opsportal.errors import Conflict


def test_another_title_is_no_conflict(draft, write):
    update = write(title="Checkout fails for some", seen=drafts.fingerprint(draft))

    assert update.public_incident.name == "Checkout fails for some"


def test_whoever_saw_no_draft_does_not_overwrite_the_words_of_somebody_else(incident, write, publisher):
    write(body="Theirs.")

    with pytest.raises(Conflict):
        write(body="Mine.", by=publisher)

    assert StatusUpdate.objects.get().body == "Theirs."


def test_words_on_top_of_what_the_portal_laid_ready_are_a_persons_own(draft, write, publisher):
    write(body="Theirs.")

    with pytest.raises(Conflict):
        write(body="Mine.", by=publisher)


def test_after_a_conflict_the_same_text_can_be_saved_on_top(client_as, responder, draft):
    room = f"/incidents/{draft.public_incident.incident.label}/public/"
    due = int((timezone.now() + timedelta(minutes=30)).timestamp())
    words = {"title": "API fails", "status": "identified", "body": "We have found the cause.", "next_update": due}
    client, seen = client_as(responder), drafts.fingerprint(draft)
    StatusUpdate.objects.update(body="The other words.")
    refused = client.post(f"{room}save/", words | {"seen": seen})
    fresh = re.search(r'name="seen" value="([^"]+)"', refused.text)
    assert refused.status_code == 409
    assert fresh is not None

    assert client.post(f"{room}save/", words | {"seen": fresh[1]}).status_code == 302
    assert StatusUpdate.objects.get().body == words["body"]
