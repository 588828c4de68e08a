"""One form of the last part of an address, wherever a person chooses one."""

import pytest
from django.utils import timezone

from incidents.drills import scenarios
from incidents.runbooks import actions as runbooks
from incidents.runbooks.actions import Draft
from opsportal.errors import Refused
from opsportal.slug_field import SlugField
from opsportal.slugs import is_slug, require_slug


@pytest.mark.parametrize(
    ("words", "is_one"),
    [
        *((one, True) for one in ("a", "7", "cdn-outage", "a" * 60)),
        *((one, False) for one in ("CDN", "cdn_outage", "-cdn", "cdn-", "cdn--outage", "cdn outage", "cdn\n", "cdn/a")),
        *((one, False) for one in ("é", "٣", "", "a" * 61)),
    ],
)
def test_an_address_has_small_letters_digits_and_single_dashes(words, is_one):
    assert is_slug(words) is is_one


def test_a_longer_one_than_its_column_is_refused_in_words():
    with pytest.raises(Refused, match="at most 40 signs"):
        require_slug("a" * 41, longest=40)


def test_the_field_says_the_same_and_takes_blanks_off():
    field = SlugField(example="cdn-outage", longest=40)

    assert field.clean(" cdn-outage ") == "cdn-outage"


@pytest.mark.django_db
def test_no_door_takes_another_form(responder):
    text = "title: A\ndomain: backend\nsituation: B\n"

    with pytest.raises(Refused, match="small letters"):
        scenarios.create("CDN-slow", text, by=responder)
    with pytest.raises(Refused, match="small letters"):
        runbooks.create("CDN-slow", Draft("A", "1. B"), by=responder, at=timezone.now())
