"""Strangers who knock too often are counted by hash, banned with a reason, and never named."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from opsportal.abuse import actions, queries
from opsportal.abuse.models import Ban, KnockCount
from opsportal.errors import Refused
from opsportal.models import AuditEvent

pytestmark = pytest.mark.django_db
ADDRESS = "198.51.100.7"


def ban(address: str = ADDRESS, hours: int = 1) -> Ban:
    return actions.ban(
        actions.who(address), reason="four hundred tries", lasts=timedelta(hours=hours), by="admin", at=timezone.now()
    )


def test_a_refused_sign_in_is_counted_under_a_hash_and_not_under_its_address():
    Client(REMOTE_ADDR=ADDRESS).post("/login/", {"login": "nobody", "password": "wrong wrong wrong"})

    row = KnockCount.objects.get()
    assert (row.door, row.count) == ("sign_in", 1)
    assert row.who == actions.who(ADDRESS)
    assert ADDRESS not in str(KnockCount.objects.values().get())


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("fe80::1%eth0", "fe80::1", True),
    ],
)
def test_one_stranger_is_an_ipv4_address_or_an_ipv6_network(one, other, is_same):
    assert (actions.who(one) == actions.who(other)) is is_same


def test_a_banned_stranger_gets_no_page_and_others_do(admin, client_as):
    ban()

    assert Client(REMOTE_ADDR=ADDRESS).get("/login/").status_code == 403
    assert Client(REMOTE_ADDR="198.51.100.8").get("/login/").status_code == 200
    assert Client(REMOTE_ADDR=ADDRESS).get("/health/live").status_code == 200


def test_a_made_up_token_opens_no_page_to_a_banned_stranger():
    ban()
    stranger = Client(REMOTE_ADDR=ADDRESS, headers={"Authorization": "Bearer x"})

    assert stranger.get("/login/").status_code == 403
    assert stranger.post("/login/", {"login": "admin", "password": "x"}).status_code == 403
    assert stranger.get("/api/v1/me").status_code == 401


def test_somebody_signed_in_works_on_from_a_banned_network(client_as, responder):
    ban()
    client = client_as(responder)

    assert client.get("/deliveries/", REMOTE_ADDR=ADDRESS).status_code == 200


def test_a_ban_ends_by_itself():
    row = ban()
    Ban.objects.update(until=timezone.now() - timedelta(seconds=1))

    assert not actions.is_banned(ADDRESS, at=timezone.now())
    assert row.lifted_at is None


def test_a_ban_is_lifted_with_a_reason_and_both_stand_in_the_audit_log():
    row = ban()

    with pytest.raises(Refused, match="Say why"):
        actions.unban(row, reason="oops", by="admin", at=timezone.now())
    actions.unban(row, reason="it was our own monitor", by="admin", at=timezone.now())

    assert not actions.is_banned(ADDRESS, at=timezone.now())
    assert list(AuditEvent.objects.filter(act__startswith="abuse.").order_by("pk").values_list("act", flat=True)) == [
        "abuse.ban",
        "abuse.unban",
    ]


def test_one_stranger_is_banned_once_at_a_time():
    ban()

    with pytest.raises(Refused, match="banned already"):
        ban()


def test_a_spike_stands_out_and_a_steady_trickle_does_not():
    at = timezone.now()
    for _ in range(12):
        actions.note("sign_in", ADDRESS, at=at)
    for hour in range(24):
        actions.note("api", ADDRESS, at=at - timedelta(hours=hour))

    doors = {day.door: day for day in queries.doors(at)}

    assert doors["Sign-in"].has_spike
    assert not doors["API"].has_spike
    assert doors["API"].total == 24


def test_the_desk_bans_and_lifts_and_is_for_admins(client_as, admin, publisher):
    stranger = actions.who(ADDRESS)
    form = {"who": stranger, "hours": "24", "reason": "four hundred tries"}

    assert client_as(publisher).post("/abuse/", form).status_code == 403
    assert client_as(admin).post("/abuse/", {**form, "reason": "short"}).status_code == 422
    assert client_as(admin).post("/abuse/", form).status_code == 302
    page = client_as(admin).get("/abuse/").content.decode()
    assert stranger in page
    row = Ban.objects.get()
    assert client_as(admin).post(f"/abuse/{row.pk}/unban/", {"reason": "it was our own monitor"}).status_code == 302
    assert not actions.is_banned(ADDRESS, at=timezone.now())


def test_old_counts_are_forgotten():
    actions.note("sign_in", ADDRESS, at=timezone.now() - timedelta(days=31))

    assert actions.forget(at=timezone.now()) == 1
