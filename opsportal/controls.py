"""How the inputs of forms are written: Django's own markup, without a template for each attribute and each option.

A room has a form with two lists of choices, and five templates in templates took a sixth of its time.
"""

from collections.abc import Callable
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString


class Controls(DjangoTemplates):
    """Django's renderer of forms; what is not written here is drawn by its templates."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        write = _WRITTEN.get(template_name)
        return write(context["widget"]) if write else super().render(template_name, context, request)


def _attributes(widget: dict[str, Any]) -> SafeString:
    return SafeString(
        "".join(
            f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{_text(value)}"'
            for name, value in widget["attrs"].items()
            if value is not False
        )
    )


def _text(value: object) -> str:
    """As it stands between quotes; a value that is marked as HTML already stays so."""
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


def _input(widget: dict[str, Any]) -> str:
    value = widget["value"]
    given = "" if value is None else SafeString(f' value="{_text(value)}"')
    return format_html('<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], given, _attributes(widget))


def _textarea(widget: dict[str, Any]) -> str:
    words = conditional_escape(widget["value"]) if widget["value"] else ""
    return format_html('<textarea name="{}"{}>\n{}</textarea>', widget["name"], _attributes(widget), words)


def _select(widget: dict[str, Any]) -> str:
    lines = [format_html('<select name="{}"{}>', widget["name"], _attributes(widget))]
    for name, options, _ in widget["optgroups"]:
        if name:
            lines.append(format_html('<optgroup label="{}">', name))
        lines += [
            format_html('<option value="{}"{}>{}</option>', _text(one["value"]), _attributes(one), one["label"])
            for one in options
        ]
        if name:
            lines.append(SafeString("</optgroup>"))
    return SafeString("\n".join([*lines, "</select>"]))


_INPUTS = (
    *("text", "number", "email", "url", "password", "hidden", "date", "datetime", "time", "search", "tel"),
    "checkbox",
)
_WRITTEN: dict[str, Callable[[dict[str, Any]], str]] = {
    **{f"django/forms/widgets/{name}.html": _input for name in ("input", *_INPUTS)},
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}
