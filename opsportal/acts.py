"""What a person does on a screen: in a dialog that asks first, or at once. A refusal is said where they look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from opsportal.errors import Refused
from opsportal.htmx import alert_message, render_page, see, status_message


@dataclass(frozen=True)
class Words:
    """How an act asks: the question, what follows, the verb on the button and the words afterwards."""

    question: str
    consequence: str
    verb: str
    said: str


def ask_first(
    request: HttpRequest,
    template: str,
    form: forms.Form,
    act: Callable[[], object],
    *,
    said: str,
    to: Any,
    shown: Mapping[str, object],
    where: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The dialog, or what comes after it. A refusal stands on the form, at the field that `where` names for its code.

    `act` is called once the form is well formed, so it may read `cleaned_data`; `shown` goes to the template.
    """
    if form.is_bound and form.is_valid():
        try:
            act()
        except Refused as refusal:
            form.add_error((where or {}).get(refusal.code), refusal.sentence)
        else:
            status_message(request, said)
            return see(request, to)
    context = {"form": form, "act": request.path, **shown}
    return render_page(request, template, context, part="dialog", status=422 if form.errors else 200)


def do_at_once(request: HttpRequest, act: Callable[[], object], *, said: str, to: Any) -> HttpResponse:
    """One press, no question. Either way the person sees `to`, with what was done or why it was not."""
    try:
        act()
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        status_message(request, said)
    return see(request, to)
