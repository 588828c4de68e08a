"""One act on many checks: chosen in the list, asked about once, done at once or in slices."""
