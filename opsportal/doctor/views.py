"""The configuration screen: how the parts are, and which names are set."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from opsportal.degrade.actions import current
from opsportal.doctor.examination import examine
from opsportal.doctor.names import names
from opsportal.htmx import render_page
from opsportal.roles import Role, require


@require(Role.ADMIN)
@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    """Present or missing, never a value."""
    lowered = current(timezone.now())
    context = {"findings": examine(), "names": names(), "posture": settings.POSTURE, "lowered": lowered}
    return render_page(request, "opsportal/doctor/configuration.html", context)
