"""{% url %} remembers addresses by their values, and reads as Django's own."""

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch


def draw(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


def test_an_address_is_that_of_its_values_each_time():
    room = '{% url "incidents:room" number %}'

    assert [draw(room, number=one) for one in (1, 12, "7", 1)] == [f"/incidents/INC-{n}/" for n in (1, 12, 7, 1)]
    assert draw('{% url "incidents:room" number=number as there %}[{{ there }}]', number=3) == "[/incidents/INC-3/]"


def test_what_fits_no_address_is_said_or_empty():
    with pytest.raises(NoReverseMatch):
        draw('{% url "incidents:room" number %}', number=True)
    assert draw('{% url "incidents:room" number as there %}[{{ there }}]', number="x") == "[]"


def test_a_value_never_leaves_its_place():
    assert draw('{% url "incidents:runbook" slug %}', slug="a-b") == "/runbooks/a-b/"
    with pytest.raises(NoReverseMatch):
        draw('{% url "incidents:runbook" slug %}', slug='"><script>')
