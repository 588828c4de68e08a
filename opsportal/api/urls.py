"""Addresses of the API."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path

from opsportal.api import views
from opsportal.api.frame import PortalApi, build


def operations(api: PortalApi) -> list[URLPattern]:
    """The operations' addresses. They ask for a token themselves, so the sign-in page is not for them."""
    found = [one for one in api.urls[0] if isinstance(one, URLPattern)]
    for one in found:
        login_not_required(one.callback)
    return found


api = build(settings.API_ROUTERS)
app_name = "api"

urlpatterns = [
    path("docs", views.docs, name="docs"),
    path("openapi.json", views.openapi, name="openapi"),
    *operations(api),
]
