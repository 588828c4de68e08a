"""The matrix: everybody reads, an admin edits, and two edits at once are told apart."""

import pytest
from django.core.exceptions import ValidationError

from incidents.ownership import actions, queries
from incidents.ownership.models import Contact, Domain
from opsportal.errors import Conflict, Refused
from opsportal.models import AuditEvent
from tests.incidents.cast import SECRET, cost, domain

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
URL = "/ownership/domains/payments/"
CONTACT = "/ownership/contacts/security-contact/"


def typed(**changes: str) -> dict[str, str]:
    words = {"primary": "@pay-a", "backup": "@pay-b", "contact": "Channel #pay", "services": "", "version": "1"}
    return {f"payments-{name}": value for name, value in (words | changes).items()}


def typed_contact(**changes: str) -> dict[str, str]:
    words = {"handle": "@sec", "note": "Phone list in the safe", "version": "1"}
    return {f"security-contact-{name}": value for name, value in (words | changes).items()}


def test_the_five_domains_of_the_handbook_are_there_from_the_start():
    assert [(one.name, one.primary, one.backup) for one in queries.matrix()] == [
        ("DevOps/SRE", "@sre-lead", "@sre-oncall"),
        ("Backend", "@be-lead", "@be-oncall"),
        ("Frontend", "@fe-lead", "@fe-oncall"),
        ("Payments", "@payments-lead", "@payments-oncall"),
        ("Support", "@support-manager", "@support-lead"),
    ]
    assert [one.name for one in queries.contacts()] == [
        "Primary on-call",
        "Secondary on-call",
        "Status page admin",
        "Security contact",
    ]


@pytest.mark.parametrize(
    ("primary", "backup", "words"),
    [
        ("@a", "@b", ""),
        ("@a", "@a", "The same person"),
        ("", "@b", "No primary"),
        ("@a", "", "No backup"),
        ("", "", "Nobody holds it"),
    ],
)
def test_a_weak_row_is_named(primary, backup, words):
    assert queries.weakness(Domain(primary=primary, backup=backup)) == words


def test_an_edit_is_saved_and_audited(admin):
    stored = actions.change_domain(domain(), actions.Holders("@a", "@b", "Channel"), seen=1, by=admin)

    assert (stored.primary, stored.backup, stored.version) == ("@a", "@b", 2)
    event = AuditEvent.objects.get(act="ownership.change")
    assert (event.actor, event.object) == ("admin", "payments")
    assert event.reason == "from @payments-lead @payments-oncall to @a @b"


def test_the_second_of_two_edits_is_a_conflict(admin):
    actions.change_domain(domain(), actions.Holders("@a", "@b", ""), seen=1, by=admin)

    with pytest.raises(Conflict):
        actions.change_domain(domain(), actions.Holders("@c", "@d", ""), seen=1, by=admin)

    assert domain().primary == "@a"


@pytest.mark.parametrize("holders", [("no-at", "@b", ""), ("@a b", "@b", ""), ("@a", "@" + "x" * 80, "")])
def test_a_handle_begins_with_an_at(admin, holders):
    with pytest.raises(ValidationError):
        actions.change_domain(domain(), actions.Holders(*holders), seen=1, by=admin)


def test_a_secret_is_refused(admin):
    with pytest.raises(Refused):
        actions.change_domain(domain(), actions.Holders("@a", "@b", SECRET), seen=1, by=admin)


@pytest.mark.parametrize("path", [URL, CONTACT])
def test_only_an_admin_edits(client_as, viewer, responder, publisher, admin, path):
    for person in (viewer, responder, publisher):
        assert client_as(person).get(path).status_code == 403
        assert client_as(person).post(path, typed() | typed_contact()).status_code == 403
    assert client_as(admin).get(path).status_code == 200


def test_everybody_reads_the_matrix_and_sees_the_gaps(client_as, viewer):
    Domain.objects.filter(slug="frontend").update(backup="@fe-lead")

    page = client_as(viewer).get("/ownership/").content.decode()

    assert "@payments-oncall" in page
    assert "the same person" in page
    assert "Name the security contact" in page
    assert "Edit" not in page


def test_without_javascript_the_whole_page_opens_with_the_row_and_comes_back(client_as, admin):
    client = client_as(admin)

    page = client.get(URL).content.decode()
    answer = client.post(URL, typed(), follow=True)

    assert "<html" in page
    assert 'name="payments-primary"' in page
    assert answer.redirect_chain == [("/ownership/", 302)]
    assert "@pay-a" in answer.content.decode()


def test_with_htmx_only_the_row_is_swapped(client_as, admin):
    client = client_as(admin)

    form = client.get(URL, headers=HTMX).content.decode()
    row = client.post(URL, typed(), headers=HTMX).content.decode()

    assert form.lstrip().startswith('<tr class="row--edit" id="domain-payments"')
    assert row.lstrip().startswith('<tr class="row--none" id="domain-payments"')
    assert "@pay-a" in row
    assert "Payments saved." in row
    assert "DevOps" not in row


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_conflict_shows_both_texts_and_a_second_try_replaces(client_as, admin, headers):
    actions.change_domain(domain(), actions.Holders("@other", "@one", "Elsewhere"), seen=1, by=admin)
    client = client_as(admin)

    answer = client.post(URL, typed(), headers=headers)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="@pay-a"' in page
    assert "Stored now: @other" in page
    assert "Stored now: Elsewhere" in page
    assert 'name="payments-version" value="2"' in page
    client.post(URL, typed(version="2"), headers=headers)
    assert domain().primary == "@pay-a"


@pytest.mark.parametrize("wrong", [{"primary": "pay"}, {"contact": SECRET}, {"version": "x"}])
def test_a_wrong_row_comes_back_with_what_was_typed(client_as, admin, wrong):
    answer = client_as(admin).post(URL, typed(**wrong), headers=HTMX)

    assert answer.status_code == 422
    assert 'value="@pay-b"' in answer.content.decode()
    assert "hunter2" not in answer.content.decode()
    assert domain().version == 1


@pytest.mark.parametrize("missing", ["payments-primary", "payments-backup", "payments-contact", "payments-version"])
def test_a_row_that_did_not_arrive_whole_empties_no_seat(client_as, admin, missing):
    words = typed()
    del words[missing]

    answer = client_as(admin).post(URL, words, headers=HTMX)

    assert answer.status_code == 422
    assert "Part of this row did not arrive." in answer.content.decode()
    assert domain().primary == "@payments-lead"


def test_a_contact_is_named(client_as, admin):
    answer = client_as(admin).post(CONTACT, typed_contact(), headers=HTMX)

    stored = Contact.objects.get(slug="security-contact")
    assert (stored.handle, stored.note, stored.version) == ("@sec", "Phone list in the safe", 2)
    assert "@sec" in answer.content.decode()
    assert AuditEvent.objects.get(act="contact.change").reason == "now @sec"


def test_a_contacts_conflict_keeps_both_texts(client_as, admin):
    client = client_as(admin)
    client.post(CONTACT, typed_contact(handle="@first"))

    answer = client.post(CONTACT, typed_contact(handle="@second"), headers=HTMX)

    assert answer.status_code == 409
    assert 'value="@second"' in answer.content.decode()
    assert "Stored now: @first" in answer.content.decode()


def test_the_matrix_costs_three_queries(client_as, viewer):
    assert cost(client_as(viewer), "/ownership/") == 3
