"""The frame: settings, people, permissions, audit, privacy, outbox. It knows no feature."""

# The version of the package and of the API; pyproject.toml and CHANGELOG.md say the same (check_version_consistency).
VERSION = "0.1.0"
