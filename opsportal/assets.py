"""Static files under names that carry their content's hash, compressed once when collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStatic(CompressedManifestStaticFilesStorage):
    """A page with a missing icon is better than no page: an unknown name falls back to itself."""

    manifest_strict = False
