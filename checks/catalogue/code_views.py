"""Checks as code: the export, and an import that says first what it would do."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from checks.catalogue import importing
from checks.catalogue.forms.files import CodeForm
from opsportal.errors import Refused
from opsportal.htmx import render_page, see, status_message
from opsportal.privacy import guard
from opsportal.roles import Role, require
from opsportal.signed_in import person

AS_CODE = "checks/catalogue/as_code.html"


@require(Role.ADMIN)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Every check in one file."""
    response = HttpResponse(importing.export(), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="checks.yaml"'
    return response


@require(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def as_code(request: HttpRequest) -> HttpResponse:
    """Look at what a file would do, then take it in: all of it, or nothing and every fault."""
    form = CodeForm(request.POST, request.FILES) if request.method == "POST" else CodeForm()
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        text, by, at = form.words(), person(request), now()
        try:
            if request.POST.get("act") == "import":
                plan = importing.take_in(text, by=by, at=at)
                status_message(
                    request, f"{len(plan.added)} added, {len(plan.changed)} changed, {plan.left} left as they were."
                )
                return see(request, "checks:list")
            context |= {"plan": importing.rehearse(text, by=by, at=at), "form": CodeForm(initial={"text": text})}
        except importing.ImportRefused as refusal:
            context |= {"refusal": refusal, "wrong": refusal.wrong}
        except Refused as refusal:
            context["refusal"] = refusal
        if "refusal" in context:  # a secret that was at fault does not come back
            context["form"] = CodeForm(initial={"text": guard.for_export(text)})
    status = 422 if form.errors or "refusal" in context else 200
    return render_page(request, AS_CODE, context, status=status)
