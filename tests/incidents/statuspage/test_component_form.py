"""The form of a component: what may not be stored is neither kept nor given back."""

import pytest

from incidents.statuspage.models import Component


@pytest.mark.parametrize("field", ["name", "description", "group_name", "start_date"])
def test_a_secret_in_a_component_is_not_given_back(client_as, publisher, backend, snapshot_dir, field):
    words = {
        "name": "Login",
        "description": "",
        "group_name": "",
        "domain": backend.pk,
        "start_date": "2026-01-31",
        "follows": "set",
    }
    before = Component.objects.count()

    answer = client_as(publisher).post("/statuspage/components/new/", words | {field: "DB_PASSWORD=hunter2hunter2"})

    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert Component.objects.count() == before


def test_a_component_sent_with_nothing_in_it_says_what_is_missing(client_as, publisher, snapshot_dir):
    assert client_as(publisher).post("/statuspage/components/new/").status_code == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_start_in_a_year_that_nobody_means_is_refused_in_words(client_as, publisher, backend, snapshot_dir, day):
    words = {"name": "Login", "domain": backend.pk, "start_date": day, "follows": "set"}

    answer = client_as(publisher).post("/statuspage/components/new/", words)

    assert answer.status_code == 422
    assert "Look at the year" in answer.content.decode()
