"""Every address of the house, room by room. URLs compose where imports may not."""

from allauth.account import views as allauth
from django.urls import include, path

from opsportal import health
from opsportal.metrics import views as metrics
from opsportal.rooms import room

handler400 = "opsportal.pages.bad_request"
handler429 = "opsportal.pages.too_many"  # allauth's own name for it
handler500 = "opsportal.pages.failed"

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("api/v1/health", health.ready, name="api-health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include("opsportal.api.urls")),
    # allauth finds its own addresses by these names.
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("login/inactive/", allauth.account_inactive, name="account_inactive"),
    room("opsportal.accounts.factor_urls"),
    room("opsportal.accounts.urls"),
    room("opsportal.outbox.urls"),
    room("opsportal.audit.urls"),
    room("opsportal.view_as.urls"),
    room("opsportal.abuse.urls"),
    room("opsportal.leaks.urls"),
    room("opsportal.tokens.urls"),
    room("opsportal.degrade.urls"),
    room("opsportal.doctor.urls"),
    room("incidents.urls"),
    room("checks.urls"),
]
