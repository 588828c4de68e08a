"""Addresses in templates: what never moves is written once."""

from django import template
from django.template.base import Node, Parser, TextNode, Token
from django.template.defaulttags import url as django_url
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape

register = template.Library()


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's own; an address without values is written once, when the template is read: none moves."""
    node = django_url(parser, token)
    name = node.view_name
    if node.args or node.kwargs or node.asvar or name.filters or name.is_var:
        return node
    try:
        return TextNode(escape(reverse(name.var)))
    except NoReverseMatch:  # of a wing that is not installed; whoever shows it hears so
        return node
