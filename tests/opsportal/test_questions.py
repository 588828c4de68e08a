"""Queries worded once: the same rows as the ORM's, who may see what by role, one query an asking."""

from datetime import UTC

import pytest
from django.db import connection

from opsportal.models import User
from opsportal.outbox.models import Destination
from opsportal.questions import OneOf, Question, ask_together, given, worded, worded_by_role
from opsportal.roles import Role
from opsportal.tokens.models import ApiToken

pytestmark = pytest.mark.django_db


def test_a_worded_query_finds_what_the_orm_finds(admin, viewer, django_assert_num_queries):
    people = User.objects.order_by("username")

    question = Question(people)

    with django_assert_num_queries(1):
        found = question.models()
    assert found == list(people)
    assert [vars(one).keys() for one in found] == [vars(one).keys() for one in people]
    assert [(one.created_at, one.created_at.tzinfo) for one in found] == [(one.created_at, UTC) for one in people]
    assert question.ask(most=1)[0][0] == people[0].pk


def test_each_asking_brings_its_values(admin, viewer):
    by_name = Question(User.objects.filter(username=given("name")).values_list("username", "role"))
    of_many = Question(User.objects.filter(OneOf("username", given("names"))).order_by("username").values_list("role"))

    assert by_name.ask(name=viewer.username) == [(viewer.username, "viewer")]
    assert by_name.ask(name="it's 100 % nobody") == []
    assert of_many.ask(names=[viewer.username, admin.username, "a,b{}\"'"]) == [("admin",), ("viewer",)]
    assert of_many.ask(names=[]) == []


def test_what_is_asked_again_and_again_is_planned_once(viewer):
    by_name = Question(User.objects.filter(username=given("name")).values_list("role"))

    for _ in range(7):
        assert by_name.ask(name=viewer.username) == [("viewer",)]

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%username%=%$1%'")
        assert cursor.fetchone() == (1,)


def test_what_is_taken_along_costs_no_query(responder, admin, django_assert_num_queries):
    ApiToken.objects.bulk_create([_token("one", responder), _token("two", admin)])
    question = Question(ApiToken.objects.select_related("user").order_by("name"))

    with django_assert_num_queries(1):
        assert [one.user for one in question.models()] == [responder, admin]


def _token(name: str, user: User) -> ApiToken:
    times = {"created_at": user.created_at, "expires_at": user.created_at}
    return ApiToken(name=name, user=user, token_hash=name, scopes=[], created_by=user.username, **times)


def test_a_role_is_worded_once_and_never_for_another():
    wordings = []

    @worded_by_role
    def names(person):
        wordings.append(person.role)
        seen = User.objects.all() if person.has_role(Role.ADMIN) else User.objects.filter(pk=0)
        return seen.values_list("username")

    admin, gone = User(role=Role.ADMIN), User(role=Role.ADMIN, is_active=False)
    User.objects.add("ann", Role.VIEWER)

    assert [names(admin).ask(), names(User(role=Role.VIEWER)).ask(), names(admin).ask()] == [[("ann",)], [], [("ann",)]]
    assert names(gone).ask() == []
    assert wordings == ["admin", "viewer", "admin"]


def test_the_same_words_serve_everybody():
    @worded
    def people(role):
        return User.objects.filter(role=role).values_list("username")

    assert people(Role.VIEWER) is people(Role.VIEWER)
    assert people(Role.VIEWER) is not people(Role.ADMIN)


def test_values_have_no_models_and_read_columns_are_refused(viewer):
    with pytest.raises(TypeError, match="no models"):
        Question(User.objects.values_list("pk")).models()
    with pytest.raises(TypeError, match="read by its field"):
        Question(Destination.objects.all())


def test_several_questions_are_asked_in_one_query_and_answered_as_by_themselves(
    admin, viewer, django_assert_num_queries
):
    by_name = Question(User.objects.filter(username=given("name")).values_list("username", "created_at", "last_login"))
    numbers = Question(User.objects.order_by("username").values_list("pk", "is_active")[:2])
    asked = [by_name.asking(name="viewer"), numbers.asking(), by_name.asking(name='it\'s 100 % "nobody"')]

    with django_assert_num_queries(1):
        found = ask_together(*asked)

    assert found == [one.rows() for one in asked]
    assert found[0][0][1].tzinfo == UTC and len(found[1]) == 2 and found[2] == []
