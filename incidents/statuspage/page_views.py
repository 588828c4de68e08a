"""The screen of the page's own settings, and the files from the host that nobody can read."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from incidents.statuspage import from_host, page_settings
from incidents.statuspage.models import Page
from incidents.statuspage.page_form import PageForm
from opsportal.errors import Denied, Refused
from opsportal.htmx import alert_message, render_page, see, status_message
from opsportal.roles import Role, require
from opsportal.signed_in import person

LOOK = "incidents/statuspage/look.html"


@require(Role.PUBLISHER)
@require_http_methods(["GET", "HEAD", "POST"])
def page_look(request: HttpRequest) -> HttpResponse:
    """Name, logo, colours, links and footer of the public page."""
    page = Page.objects.get()
    form = PageForm(request.POST, request.FILES) if request.method == "POST" else PageForm.showing(page)
    if request.method == "POST" and form.is_valid():
        try:
            page_settings.save(form.cleaned_data["name"], form.appearance(page), by=person(request), at=now())
        except Denied:
            raise
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            status_message(request, "Saved. Readers see it now.")
            return see(request, "incidents:page_look")
    context = {"form": form, "page": page, "look": page.appearance}
    return render_page(request, LOOK, context, status=422 if form.errors else 200)


@require(Role.PUBLISHER)
@require_POST
def host_file_aside(request: HttpRequest) -> HttpResponse:
    """Keep an unreadable file for whoever looks into it, and stop asking about it."""
    try:
        from_host.set_aside(request.POST.get("name", ""), by=person(request), at=now())
    except Denied:
        raise
    except Refused as refusal:
        alert_message(request, refusal.sentence)
    else:
        status_message(request, "Set aside. The file stays on the host with the ending .refused.")
    return see(request, "incidents:publish")
