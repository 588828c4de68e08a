"""The table of addresses: rooms are passed by whose words an address does not begin with, and all are found."""

import sys
from types import ModuleType

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, URLPattern, include, path, resolve

from opsportal.rooms import room


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def module(name: str, *patterns: URLPattern, monkeypatch: pytest.MonkeyPatch) -> str:
    made = ModuleType(name)
    made.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, made)
    return name


def test_an_address_is_found_in_its_room_and_in_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = module("one", path("", show), path("checks/<slug:key>/", show, name="of-one"), monkeypatch=monkeypatch)
    whole = room(module("all", room(inner), path("login/", show), monkeypatch=monkeypatch))  # type: ignore[arg-type]

    found = [whole.resolve(one).route for one in ("", "checks/shop/", "login/")]

    assert found == ["", "checks/<slug:key>/", "login/"]
    assert whole.pattern.match("check/shop/") is None is whole.pattern.match("x")
    with pytest.raises(Resolver404):
        whole.resolve("checks/")


def test_a_room_that_any_address_may_enter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    front = module("front", path("<slug:key>/", show), monkeypatch=monkeypatch)
    nested = module("nested", path("", include("opsportal.outbox.urls")), monkeypatch=monkeypatch)  # type: ignore[arg-type]

    for name in (front, nested):
        with pytest.raises(ValueError, match="does not begin with a word"):
            room(name)


def test_the_tables_of_the_house_are_passed_by_in_the_right_order() -> None:
    names = {one: resolve(one).view_name for one in ("/", "/checks/", "/incidents/", "/more/", "/login/")}

    assert (names["/checks/"], names["/incidents/"]) == ("checks:list", "incidents:list")
    assert names["/login/"] == "account_login"
