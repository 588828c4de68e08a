"""Addresses of signing in and of people."""

from allauth.account.views import login, logout
from django.urls import path

from opsportal import menu, preferences
from opsportal.accounts import own_views, views

app_name = "accounts"

urlpatterns = [
    path("login/", login, name="login"),
    path("logout/", logout, name="logout"),
    path("setup/<str:token>/", views.setup, name="setup"),
    path("login-link/<str:token>/", views.login_link, name="login-link"),
    path("people/", views.people, name="people"),
    path("people/role/", views.role, name="role"),
    path("people/link/", views.link, name="link"),
    path("people/deactivate/", views.deactivate, name="deactivate"),
    path("people/activate/", views.activate, name="activate"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/sessions/", views.end_sessions, name="person-sessions"),
    path("people/<int:pk>/factor/", views.reset_factor, name="person-factor"),
    path("account/", own_views.profile, name="profile"),
    path("account/sessions/", own_views.end_sessions, name="sessions"),
    path("account/again/none/", own_views.again, name="again"),
    path("more/", menu.more, name="more"),
    path("theme/", preferences.theme, name="theme"),
    path("keys/", preferences.keys, name="keys"),
]
