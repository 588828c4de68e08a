"""The API's description is valid and complete, for programs and for people."""

import re

import pytest
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from opsportal.api.frame import operations
from opsportal.api.urls import api
from opsportal.tokens import scopes
from tests.test_docs import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema():
    return Client().get("/api/v1/openapi.json").json()


def references(value) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_the_document_is_valid_openapi_3_1(schema):
    assert [str(error) for error in OpenAPIV31SpecValidator(schema).iter_errors()] == []


def test_each_operation_is_described_whole(schema):
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["title"] and schema["info"]["version"]
    assert schema["paths"] and all(path.startswith("/api/v1/") for path in schema["paths"])
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert method in {"get", "post", "put", "patch", "delete"}
            assert operation["operationId"] and operation["summary"] and operation["responses"]
            in_path = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
            assert all("description" in one for one in operation["responses"].values())
    ids = [one["operationId"] for methods in schema["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(schema):
    for reference in references(schema):
        kind, name = re.fullmatch(r"#/components/(\w+)/([A-Za-z0-9._-]+)", reference).groups()  # type: ignore[union-attr]
        assert name in schema["components"][kind], reference


def test_every_operation_names_its_token_its_scope_and_its_errors(schema):
    (scheme,) = schema["components"]["securitySchemes"].items()
    assert scheme[1] == {"type": "http", "scheme": "bearer"}
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{scheme[0]: []}]
            assert operation["x-scope"] is None or operation["x-scope"] in scopes.BY_NAME
            for status in ("400", "401", "403", "404", "422", "429", "500"):
                content = operation["responses"][status]["content"]["application/json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Envelope"}


def test_every_operation_is_described(schema):
    assert len(list(operations(api))) == sum(len(methods) for methods in schema["paths"].values())


def test_the_document_names_nothing_of_this_portals_data(schema, admin):
    assert admin.username not in str(schema["paths"])


@pytest.mark.parametrize("who", ["stranger", "viewer", "admin"])
def test_everybody_reads_the_page_and_it_has_no_script_of_its_own(request, client_as, who):
    browser = Client() if who == "stranger" else client_as(request.getfixturevalue(who))

    answer = browser.get("/api/v1/docs")

    page = answer.content.decode()
    assert answer.status_code == 200
    for one in operations(api):
        assert one.summary in page
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son[a-z]+=", page)


def test_the_manual_lists_every_scope_with_its_role():
    manual = (ROOT / "docs" / "api.md").read_text()

    for scope in scopes.ALL:
        assert re.search(rf"^\| `{scope.name}` \| .* \| {scope.role.value} \|$", manual, re.M), scope.name
