"""News goes out once to everybody whom it concerns, and to nobody after it was taken back."""

import email
import email.policy
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.statuspage import actions as statuspage
from incidents.statuspage import language
from incidents.statuspage.models import Page
from incidents.subscribers import actions, fan_out, queries
from incidents.subscribers.models import Announcement, Subscriber
from opsportal.errors import Refused
from opsportal.models import Delivery
from opsportal.outbox import actions as outbox
from opsportal.outbox.models import Route
from tests.incidents.statuspage.conftest import NOW
from tests.opsportal.outbox import sinks

pytestmark = pytest.mark.django_db


def carry(key: str = "update:one") -> None:
    fan_out.run(key, at=timezone.now())


def recipients() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("recipient", flat=True))


def test_news_reaches_who_follows_everything_and_who_chose_a_touched_component(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    everything = reader("all@example.org")
    api, other = reader("api@example.org", "API"), reader("web@example.org", "Dashboard")
    reader("gone@example.org", state="ended"), reader("new@example.org", state="waiting", confirmed_at=None)

    tell("update:one", "API")
    carry()

    assert recipients() == [everything.reference, api.reference]
    assert other.reference not in recipients()


def test_news_without_components_goes_to_those_who_follow_everything(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    everything, _ = reader("all@example.org"), reader("api@example.org", "API")

    tell()
    carry()

    assert recipients() == [everything.reference]


def test_who_came_after_the_news_does_not_get_it(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    news = tell()
    reader("late@example.org", confirmed_at=news.at + timedelta(seconds=1))

    carry()

    assert recipients() == []


def test_without_a_mail_server_no_mail_is_promised(reader, tell, settings):
    settings.EMAIL_CONFIGURED = False
    reader()

    tell()
    carry()

    assert recipients() == []
    assert queries.audience([]).everybody == "0"


def test_a_worker_lost_in_the_middle_leaves_nobody_out_and_writes_to_nobody_twice(settings, reader, tell, monkeypatch):
    settings.EMAIL_CONFIGURED = True
    monkeypatch.setattr(fan_out, "BATCH", 3)
    people = [reader(f"r{number}@example.org") for number in range(8)]
    tell()

    fan_out._step("update:one", at=timezone.now())  # and then the worker is gone
    assert Announcement.objects.get().cursor == people[2].pk
    carry()
    carry()

    assert recipients() == [one.reference for one in people]
    told = Announcement.objects.get()
    assert (told.queued, told.done_at is None) == (8, False)


def test_a_batch_costs_the_same_number_of_queries_whatever_its_size(
    settings, reader, tell, django_assert_max_num_queries
):
    settings.EMAIL_CONFIGURED = True
    for number in range(40):
        reader(f"r{number}@example.org")
    tell()

    with django_assert_max_num_queries(12):
        carry()

    assert Delivery.objects.count() == 40


def test_a_long_list_is_due_as_the_budget_can_carry_it(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    for number in range(5):
        reader(f"r{number}@example.org")
    Route.objects.create(name="readers:email", per_minute=2)
    tell()
    carry()

    first, *others = Delivery.objects.order_by("pk").values_list("due_at", flat=True)
    assert [one - first for one in others] == [timedelta(minutes=number) for number in (0, 1, 1, 2)]


def test_the_same_news_twice_is_one_message(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    reader()
    tell()
    carry()

    tell()
    carry()

    assert Delivery.objects.count() == Announcement.objects.count() == 1


def test_a_quick_correction_takes_along_what_has_not_left(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    row = reader()
    tell("update:one")
    carry("update:one")

    tell("update:two")
    carry("update:two")

    only = Delivery.objects.get()
    assert only.key == f"update:two:{row.reference}"
    assert "(update:two)" in only.body and "(update:one)" in only.body
    assert only.body.index("(update:two)") < only.body.index("(update:one)")
    assert Announcement.objects.get(key="update:one").joined == 1


@pytest.mark.parametrize("gap", [timedelta(minutes=11), timedelta()])
def test_what_left_and_what_is_older_stays_a_message_of_its_own(settings, reader, tell, gap):
    settings.EMAIL_CONFIGURED = True
    reader()
    at = timezone.now()
    tell("update:one", at=at - gap)
    carry("update:one")
    if not gap:
        Delivery.objects.update(attempts=1)  # it may have arrived

    tell("update:two", at=at)
    carry("update:two")

    assert Delivery.objects.count() == 2


def test_what_is_taken_back_reaches_nobody_who_has_not_heard_it(settings, reader, tell, monkeypatch):
    settings.EMAIL_CONFIGURED = True
    monkeypatch.setattr(fan_out, "BATCH", 2)
    for number in range(5):
        reader(f"r{number}@example.org")
    news = tell()
    fan_out._step(news.key, at=timezone.now())
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(state="sent")

    assert actions.withdraw(news.key, at=timezone.now()) == 1
    carry()

    assert list(Delivery.objects.values_list("state", flat=True)) == ["sent"]
    assert actions.withdraw(news.key, at=timezone.now()) == 0
    assert list(Announcement.objects.filter(key=news.key).values_list("subject", "body")) == [("Taken back", "")]


def test_a_message_in_flight_when_news_is_taken_back_is_given_up(mails, reader, tell):
    reader()
    news = tell()
    carry()
    Announcement.objects.update(withdrawn_at=timezone.now())  # between the two statements of a worker and a publisher

    outbox.deliver_due()

    assert (mails.mails, Delivery.objects.get(event=news.key).last_error) == ([], "unsubscribed")


def test_words_that_are_not_for_the_public_are_not_announced(tell):
    with pytest.raises(Refused):
        tell(text="Ask jane@example.com about it.")


def test_publishing_tells_readers_in_the_same_transaction(
    settings, reader, draft, publisher, django_capture_on_commit_callbacks
):
    settings.EMAIL_CONFIGURED = True
    reader("api@example.org", "API", confirmed_at=NOW - timedelta(days=1))

    statuspage.publish(draft, by=publisher, at=NOW)

    news = Announcement.objects.get()
    assert news.key == draft.outbox_event
    assert news.subject.endswith(f"Investigating: {draft.public_incident.name}")
    assert "replica" not in news.subject + news.body  # the room's own title stays inside


def test_publishing_without_telling_tells_nobody(draft, publisher):
    draft.notify = False
    draft.save()

    statuspage.publish(draft, by=publisher, at=NOW)

    assert not Announcement.objects.exists()


def test_a_mail_says_how_to_leave_in_words_and_headers(mails, reader, tell):
    reader("reader@example.org")
    tell()
    carry()

    outbox.deliver_due()

    (mail,) = mails.mails
    flat = mail.replace("=\n", "")
    assert "To: reader@example.org" in mail
    assert "Content-Type: multipart/alternative" in mail and "text/html" in mail
    assert mails.headers("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert "List-Id: Opsportal status <status.localhost>" in mail
    assert "/status/unsubscribe/" in flat and "/status/manage/" in flat
    row = Delivery.objects.get()
    assert (row.state, row.destination) == ("sent", "subscriber")
    assert "example.org" not in f"{row.destination}{row.subject}{row.body}{row.key}"


def test_readers_are_written_to_in_the_language_of_the_page(mails, reader, draft, publisher):
    german = language.of("de").gettext
    Page.objects.update(language="de", name="Hafen")
    reader("reader@example.org")
    actions.ask(channel="email", address="new@example.org", is_all=True, component_ids=(), at=timezone.now())
    draft.next_update_at = timezone.now() + timedelta(hours=1)
    draft.save()
    update = statuspage.publish(draft, by=publisher, at=timezone.now())
    carry(update.outbox_event)

    outbox.deliver_due()

    sent = [email.message_from_bytes(one.encode(), policy=email.policy.default) for one in mails.mails]
    asked, told = sorted(sent, key=lambda one: str(one["To"]))
    assert str(asked["Subject"]) == f"[Hafen] {german('Please confirm your subscription')}"
    assert "Wird untersucht" in str(told["Subject"])
    for form in ("plain", "html"):
        bodies = [one.get_body((form,)) for one in (told, asked)]
        news, question = (body.get_content() for body in bodies if body)
        assert german("You asked for updates of %(name)s status.") % {"name": "Hafen"} in news
        assert german("Next update by {}.").partition("{}")[0] in news
        assert german("If it was not you, do nothing: no more will come.") in question
        assert 'lang="en"' not in news + question


def test_a_webhook_gets_a_signed_post_and_a_broken_one_shuts_out_nobody(settings, reader, tell):
    settings.PROBE_ALLOWED_INTERNAL = ["127.0.0.0/8"]
    with sinks.crowd() as crowd:
        for number in range(6):
            reader(f"http://127.0.0.1:1/{number}", channel="webhook")
        good = reader(f"{crowd.url}good", channel="webhook")
        tell()
        carry()

        outbox.deliver_due()

    assert [one.place for one in crowd.came] == ["good"]
    assert Delivery.objects.get(recipient=good.reference).state == "sent"


def test_an_address_that_refuses_three_times_is_suspended_and_one_arrival_forgives(mails, reader, tell):
    row = reader()
    for number, mood in enumerate(["unknown", "unknown", "take", "unknown", "unknown", "unknown"]):
        mails.mood = mood
        tell(f"update:{number}", topic=f"incident:{number}")
        carry(f"update:{number}")
        outbox.deliver_due()
        row.refresh_from_db()
        assert row.state == ("suspended" if number == 5 else "active")


def test_our_own_mail_server_being_away_is_no_readers_fault(settings, reader):
    row = reader()

    for _ in range(5):
        actions.Directory().gave_up(row.pk, error="connect", at=timezone.now())

    assert Subscriber.objects.get().failures == 0


def test_the_report_counts_by_channel_and_hides_small_numbers(settings, reader, tell):
    settings.EMAIL_CONFIGURED = True
    for number in range(6):
        reader(f"r{number}@example.org")
    reader("http://hooks.example.org/1", channel="slack")
    news = tell()
    carry()
    Delivery.objects.filter(channel="email").update(state="sent")

    report = queries.report(news.key)
    exact = queries.report(news.key, exact=True)

    assert report is not None and exact is not None
    assert [(one.channel, one.sent, one.waiting) for one in report.lines] == [
        ("E-mail", "6", "0"),
        ("Slack-compatible webhook", "0", "<5"),
    ]
    assert exact.lines[1].waiting == "1"
    assert queries.report("update:none") is None
    assert (queries.audience([]).reached, queries.audience([]).everybody) == ("7", "7")


def test_an_announcement_keeps_components_and_nothing_of_readers(tell):
    news = tell("update:one", "API")

    assert json.dumps(Announcement.objects.get().component_ids) == json.dumps(list(news.component_ids))
