"""The API itself: django-ninja with our tokens, our errors and our reading of bodies; features bring their routers.

The frame knows no feature. `settings.API_ROUTERS` is the table of contents: dotted names of routers, each wing's own.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ninja import NinjaAPI, Schema
from ninja.operation import Operation

from opsportal import VERSION
from opsportal.api import errors
from opsportal.api.access import Scoped
from opsportal.api.bodies import JsonParser
from opsportal.api.idempotency import HEADER, WRITING

_ERRORS = {
    "400": "The request cannot be read",
    "401": "No living token",
    "403": "Scope or role is missing",
    "404": "Not there",
    "409": "Conflict",
    "413": "Too large",
    "415": "Not JSON",
    "422": "Fields are missing, not accepted, or the act is refused",
    "429": "Too many requests; see Retry-After",
    "500": "Something broke here",
}
_WITH_BODY = {"409", "413", "415", "422"}


class FieldProblem(Schema):
    """A field that was not accepted; never its value."""

    field: str
    code: str
    message: str


class ErrorBody(Schema):
    """What went wrong."""

    code: str
    message: str
    request_id: str
    fields: list[FieldProblem] | None = None


class Envelope(Schema):
    """Every answer that is not a success."""

    error: ErrorBody


class PortalApi(NinjaAPI):
    """Adds to every operation's description the scope it needs, its errors and Idempotency-Key."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's own name: what a client in another language calls its method."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        envelope = Envelope.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(envelope.pop("$defs"))
        components["Envelope"] = envelope
        scope_of = {self.get_openapi_operation_id(one): scope_needed(one) for one in operations(self)}
        for path in schema["paths"].values():
            for method, operation in path.items():
                _describe(method.upper(), operation, scope_of[operation["operationId"]])
        return schema


def build(routers: Sequence[str], *, namespace: str = "api") -> PortalApi:
    """An API out of routers by dotted name."""
    api = PortalApi(
        title="Opsportal",
        version=VERSION,
        description="Incidents, checks and the status page for programs. Tokens are made under Settings, API tokens.",
        urls_namespace=namespace,
        auth=[Scoped(None)],
        parser=JsonParser(),
        openapi_url=None,
        docs_url=None,
    )
    errors.register(api)
    for name in routers:
        api.add_router("", name)
    return api


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """Every operation of the API."""
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            yield from view.operations


def scope_needed(operation: Operation) -> str | None:
    """The scope that an operation asks for."""
    return next((one.scope for one in operation.auth_callbacks if isinstance(one, Scoped)), None)


def _describe(method: str, operation: dict[str, Any], scope: str | None) -> None:
    operation["x-scope"] = scope
    for status, words in _ERRORS.items():
        if status in _WITH_BODY and method not in WRITING and status != "422":
            continue
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}}
        operation["responses"].setdefault(status, {"description": words, "content": content})
    if method in WRITING:
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": "The same key and body within a day give the same answer and act once.",
                "schema": {"type": "string", "maxLength": 255},
            }
        )
