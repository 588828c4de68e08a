"""How a request is read."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Its address is UTF-8 whatever encoding its header names, and it can always be made.

    Django decodes the address by the body's `charset` before any middleware runs, so one that decodes nothing would end
    as an answer without page, envelope and request id. EncodingMiddleware refuses every encoding but UTF-8.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
