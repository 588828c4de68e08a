"""Django's PostgreSQL, as the web process asks it: settings.py names this package as the engine."""
