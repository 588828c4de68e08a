"""Addresses in templates: none moves while the portal runs, so each is written once."""

from functools import lru_cache

from django import template
from django.template.base import Node, Parser, TextNode, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's own; an address is written once for its values, without any when the template is read.

    A room has thirty of them, and looking one up took longer than drawing what it stands in.
    """
    node = django_url(parser, token)
    name = node.view_name
    if name.filters or name.is_var:
        return node
    if node.args or node.kwargs:
        return _Remembered(node)
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


class _Remembered(Node):
    """{% url "…" value %}: values stand in an address as text, so their text is the key."""

    def __init__(self, node: URLNode) -> None:
        self.node, self.name = node, node.view_name.var

    def render(self, context: Context) -> SafeString:
        args = tuple(str(one.resolve(context)) for one in self.node.args)
        named = tuple((name, str(one.resolve(context))) for name, one in self.node.kwargs.items())
        try:
            address = _address(self.name, args, named)
        except NoReverseMatch:
            if not self.node.asvar:
                raise
            address = SafeString("")
        if not self.node.asvar:
            return address
        context[self.node.asvar] = address
        return SafeString("")


@lru_cache(maxsize=4096)
def _address(name: str, args: tuple[str, ...], named: tuple[tuple[str, str], ...]) -> SafeString:
    return escape(reverse(name, args=args, kwargs=dict(named)))
