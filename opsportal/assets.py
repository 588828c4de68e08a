"""Static files under names that carry their content's hash, compressed once when collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStatic(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """A page with a missing icon is better than no page: an unknown name falls back to itself."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one for a file that was never collected, as in tests."""
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name
