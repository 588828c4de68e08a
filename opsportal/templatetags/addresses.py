"""Addresses in templates: what never moves is written once."""

from django import template
from django.template.base import Node, Parser, TextNode, Token
from django.template.context import Context
from django.template.defaulttags import url as django_url
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's own; an address without values is written once, when the template is read: none moves."""
    node = django_url(parser, token)
    name = node.view_name
    if node.args or node.kwargs or name.filters or name.is_var:
        return node
    try:
        address = escape(reverse(name.var))
    except NoReverseMatch:  # of a wing that is not installed; whoever shows it hears so
        return node
    return _Kept(node.asvar, address) if node.asvar else TextNode(address)


class _Kept(Node):
    """{% url "…" as name %}, when the address is known already."""

    def __init__(self, name: str, address: SafeString) -> None:
        self.name, self.address = name, address

    def render(self, context: Context) -> SafeString:
        context[self.name] = self.address
        return SafeString("")
