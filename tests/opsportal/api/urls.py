"""The house with one more API beside its own."""

from django.urls import include, path

from opsportal.api.frame import build
from opsportal.api.urls import operations
from opsportal.urls import handler400
from opsportal.urls import urlpatterns as house

__all__ = ["handler400", "urlpatterns"]

test_api = build(["tests.opsportal.api.routes.router"], namespace="test-api")
urlpatterns = [path("api/v1/test/", include((operations(test_api), "test-api"))), *house]
