"""Is a check well formed? One form for each kind, by subject: `base` has what all have. Forms never save."""
