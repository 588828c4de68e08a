"""The API's description: for programs as OpenAPI, for people as a page without a script."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opsportal.tokens import scopes


@dataclass(frozen=True)
class Parameter:
    """One word of an address, its query or its headers."""

    name: str
    place: str
    kind: str
    is_required: bool
    words: str


@dataclass(frozen=True)
class Field:
    """One field of a body."""

    name: str
    kind: str
    is_required: bool
    words: str


@dataclass(frozen=True)
class Body:
    """What goes in or comes out: a name and its fields."""

    name: str
    fields: list[Field]


@dataclass(frozen=True)
class Described:
    """One operation as the page shows it."""

    slug: str
    method: str
    path: str
    title: str
    words: str
    scope: str
    parameters: list[Parameter]
    sent: Body | None
    answered: Body | None


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; it holds nothing of anybody's data, so anyone may read it."""
    return JsonResponse(_schema())


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    schema = _schema()
    groups: dict[str, list[Described]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["Other"])[0]
            groups.setdefault(tag, []).append(_described(schema, path, method, operation))
    layout = "base.html" if request.user.is_authenticated else "auth_base.html"
    context = {"layout": layout, "info": schema["info"], "groups": groups, "scopes": scopes.ALL}
    return render(request, "opsportal/api/docs.html", context)


@cache
def _schema() -> dict[str, Any]:
    """Made once a process: nothing in it changes while it runs."""
    from opsportal.api.urls import api

    return dict(api.get_openapi_schema())


def _described(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Described:
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    good: dict[str, Any] = next(
        (found for status, found in operation["responses"].items() if str(status).startswith("2")), {}
    )
    answered = good.get("content", {}).get("application/json", {}).get("schema")
    return Described(
        slug=operation["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        title=operation["summary"],
        words=operation.get("description", ""),
        scope=operation["x-scope"] or "",
        parameters=[
            Parameter(one["name"], one["in"], _kind(one["schema"]), one.get("required", False), _words(one))
            for one in operation.get("parameters", [])
        ],
        sent=_body(schema, sent),
        answered=_body(schema, answered),
    )


def _body(schema: dict[str, Any], described: dict[str, Any] | None) -> Body | None:
    """The fields of a schema, one level deep; the types of deeper ones are named."""
    if not described:
        return None
    name = _kind(described)
    known = schema["components"]["schemas"].get(name.removeprefix("list of "), described)
    required = set(known.get("required", ()))
    fields = [Field(one, _kind(of), one in required, _words(of)) for one, of in known.get("properties", {}).items()]
    return Body(name, fields)


def _words(described: dict[str, Any]) -> str:
    return str(described.get("description") or described.get("schema", {}).get("description") or "")


def _kind(described: dict[str, Any]) -> str:
    """A type in words: text, whole number, list of Incident."""
    if "$ref" in described:
        return str(described["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in described:
        return " or ".join(_kind(one) for one in described["anyOf"])
    if "enum" in described:
        return ", ".join(str(one) for one in described["enum"] if one != "")
    if described.get("type") == "array":
        return f"list of {_kind(described.get('items', {}))}"
    plain = {"string": "text", "integer": "whole number", "null": "null", "boolean": "true or false"}
    kind = plain.get(described.get("type", ""), described.get("type", "anything"))
    return "time" if described.get("format") == "date-time" else kind
