"""Settings. They load without environment, database or files, because type checks and tools import them.

The environment is read in opsportal/env.py; reasons for single values are beside them, measured in
docs/decisions/.
"""

import gc
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF

from opsportal import env, logs

# Else the collector walks all that is being imported again and again: a fifth of the start of every process.
gc.set_threshold(50_000, 20, 50)

django_stubs_ext.monkeypatch()  # forms.ModelForm[User] and the like, so that types can be said where Django has none

BASE_DIR = env.ROOT
env.refuse_bad_values()
POSTURE = env.posture()
# Who may read /metrics: whoever has the token, or comes from one of these networks.
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_NETWORKS = env.networks("METRICS_NETWORKS")
DATA_DIR = Path(env.text("OPSPORTAL_DATA_DIR", str(BASE_DIR / "var")))
BASE_URL = env.text("BASE_URL", "http://localhost:8000").rstrip("/")
INTERNAL_URL = env.text("OPSPORTAL_INTERNAL_URL", BASE_URL).rstrip("/")
IS_HTTPS = BASE_URL.startswith("https://")

DEBUG = False
# Development and tools need a key to load; production posture never starts with it (opsportal.launch, checks).
SECRET_KEY = env.text("SECRET_KEY", "development-only-key-that-production-refuses")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [
    "localhost",
    "127.0.0.1",
    "[::1]",
    urlsplit(BASE_URL).hostname or "localhost",
]
# Only the public page answers there (opsportal/responder.py); Django needs it for what readers send.
STATUS_HOST = env.status_host()
ALLOWED_HOSTS += [STATUS_HOST] if STATUS_HOST else []
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Believed about address and scheme of a request at the door (opsportal/proxies.py); what others tell is dropped there.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

INSTALLED_APPS = [
    "opsportal.apps.OpsportalConfig",
    "incidents.apps.IncidentsConfig",
    "checks.apps.ChecksConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "opsportal.metrics.times.TimesMiddleware",
    "opsportal.middleware.RequestIdMiddleware",
    "opsportal.middleware.NotModifiedMiddleware",
    "opsportal.api.middleware.ApiErrorMiddleware",
    "opsportal.middleware.BrowserRightsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "opsportal.middleware.NoStoreMiddleware",
    "opsportal.middleware.EncodingMiddleware",
    "opsportal.middleware.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "opsportal.accounts.doors.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "opsportal.abuse.middleware.BanMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "opsportal.accounts.middleware.SessionLimitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "opsportal.accounts.middleware.SecondFactorMiddleware",
    # Behind everything that judges the session itself, which stays the admin's while they see as somebody else.
    "opsportal.view_as.middleware.ViewAsMiddleware",
    "opsportal.audit.denied.DeniedMiddleware",
    "opsportal.middleware.MethodMiddleware",
    "opsportal.middleware.RefusedMiddleware",
    "opsportal.api.middleware.ApiCallerMiddleware",
]

# Off only where another layer is being debugged; production refuses to start without (opsportal.env).
if not env.flag("SECURITY_HEADERS_ENABLED", default=True):
    MIDDLEWARE.remove("csp.middleware.CSPMiddleware")
    MIDDLEWARE.remove("django.middleware.clickjacking.XFrameOptionsMiddleware")

ROOT_URLCONF = "opsportal.urls"
WSGI_APPLICATION = "opsportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "opsportal.context.shell",
                "opsportal.accounts.context.ways",
            ],
            "builtins": [
                "opsportal.templatetags.portal",
                "opsportal.templatetags.addresses",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

FORM_RENDERER = "opsportal.controls.Controls"

# A frozen or absent database must cost a request seconds, not a minute: pool timeout 2 (foundations section 2).
# Only the web process has one (wsgi.py asks for it): a worker child and a command hold one connection each.
_POOL = {"min_size": 1, "max_size": 8, "timeout": 2} if env.flag("OPSPORTAL_DB_POOL") else None
_DATABASE = dict(
    env.database("DATABASE_URL", "postgresql://opsportal@localhost:1/opsportal"),
    ENGINE="opsportal.database",
    CONN_HEALTH_CHECKS=not _POOL,  # the engine looks at a pooled one by itself
    CONN_MAX_AGE=0 if _POOL else None,
)
_DATABASE["OPTIONS"] = {
    **_DATABASE.get("OPTIONS", {}),
    "connect_timeout": 2,
    "prepare_threshold": 5 if env.flag("DATABASE_PREPARES", True) else None,  # questions.py alone asks for it
    "options": f"-c statement_timeout={env.number('OPSPORTAL_STATEMENT_TIMEOUT_MS', 5000)} -c TimeZone=UTC",
    **({"pool": _POOL} if _POOL else {}),
}
DATABASES = {"default": _DATABASE}
DATABASE_CONFIGURED = bool(env.text("DATABASE_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Login limits must survive Redis, so the default cache is the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "opsportal_cache",
        "KEY_FUNCTION": "opsportal.cache_keys.closed",
    }
}
SESSION_ENGINE = "opsportal.accounts.doors"
# Why these two: docs/decisions/0008-second-factor.md.
SESSION_HOURS = env.number("SESSION_HOURS", 12)
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", 60)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "opsportal_session"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "opsportal_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "opsportal.pages.csrf_failure"

AUTH_USER_MODEL = "opsportal.User"
AUTHENTICATION_BACKENDS = ["opsportal.accounts.doors.PeopleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "opsportal.accounts.passwords.LengthValidator"},
    {"NAME": "opsportal.accounts.passwords.OwnWordsValidator"},
    {"NAME": "opsportal.accounts.passwords.GuessedValidator"},
    {"NAME": "opsportal.accounts.passwords.LeakedValidator"},
]
PASSWORD_LEAKS_FILE = env.file("PASSWORD_LEAKS_FILE")
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "incidents:now"
LOGOUT_REDIRECT_URL = "accounts:login"
ACCOUNT_ADAPTER = "opsportal.accounts.adapter.PortalAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"
MFA_REQUIRED = env.flag("MFA_REQUIRED", default=POSTURE.is_production)
MFA_ADAPTER = "opsportal.accounts.adapter.PortalMFAAdapter"
MFA_FORMS = {
    "authenticate": "opsportal.accounts.mfa_forms.CodeForm",
    "reauthenticate": "opsportal.accounts.mfa_forms.CodeAgainForm",
    "activate_totp": "opsportal.accounts.mfa_forms.FirstCodeForm",
    "add_webauthn": "opsportal.accounts.mfa_forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are set by admins; nobody proves them here
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS and not POSTURE.is_production  # http://localhost only
SSO_ENABLED = env.flag("SSO_ENABLED")
SSO_NAME = env.text("SSO_NAME", "single sign-on")
SOCIALACCOUNT_ADAPTER = "opsportal.accounts.adapter.PortalSocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # form-action would refuse a form; the state in the session guards the way back
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": SSO_NAME,
                "client_id": env.text("SSO_CLIENT_ID"),
                "secret": env.text("SSO_CLIENT_SECRET"),
                "settings": {"server_url": env.issuer("SSO_ISSUER")},
            }
        ],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
# The portal is in English; the status page's own words in other languages lie in incidents/locale.

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_ROOT = BASE_DIR / "static" / "root"  # /favicon.ico, which browsers ask for by themselves
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "opsportal.assets.HashedStatic"},
}
SNAPSHOT_DIR = DATA_DIR / "snapshot"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 86400 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_SSL_REDIRECT = False  # the proxy in front ends TLS; see docs/install.md
# The proxy in front ends TLS and redirects (W008); whether a domain goes onto browsers' lists is its owner's (W021).
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W021"]
X_FRAME_OPTIONS = "DENY"

MAX_REQUEST_BODY_BYTES = env.number("MAX_REQUEST_BODY_BYTES", 1024 * 1024)
# The API's own, lower limits.
API_MAX_BODY_BYTES = min(256 * 1024, MAX_REQUEST_BODY_BYTES)
INGEST_MAX_BATCH_ITEMS = env.number("INGEST_MAX_BATCH_ITEMS", 500)
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 600)
API_STRANGER_REQUESTS_PER_MINUTE = env.number("API_STRANGER_REQUESTS_PER_MINUTE", 60)
# The API's table of contents: routers by dotted name, since the frame imports no wing.
API_ROUTERS = [
    "opsportal.api.me.router",
    "opsportal.api.audit_log.router",
    "incidents.oncall.api.router",
    "incidents.response.api.router",
    "incidents.statuspage.api.router",
    "incidents.changes.api.router",
    "checks.catalogue.bulk.api.router",  # before the next one: /checks/many/run is no check called many
    "checks.catalogue.api.router",
    "checks.slo.api.router",
    "checks.trends.api.router",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

REDIS_URL = env.redis("REDIS_URL")
SLACK_WEBHOOK_URL = env.text("SLACK_WEBHOOK_URL")
ALERT_EMAIL = env.words("ALERT_EMAIL")
PROBE_ALLOWED_INTERNAL = env.internal("PROBE_ALLOWED_INTERNAL")
PROBE_FOLDERS = env.folders("PROBE_FOLDERS")

_email = env.email("EMAIL_URL", "smtp://localhost:25")
EMAIL_CONFIGURED = bool(env.text("EMAIL_URL"))
EMAIL_BACKEND = "opsportal.outbox.channels.mail.BoundedBackend"
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"opsportal@{urlsplit(BASE_URL).hostname or 'localhost'}")

LOGGING_CONFIG = None
logs.configure(json=POSTURE.is_production)
