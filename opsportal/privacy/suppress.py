"""Small numbers of people can point at one; so they are not shown."""

SMALLEST = 5


def few(count: int) -> str:
    """A count of people, tenants or subscribers for a screen. Incidents and checks never use it.

    >>> few(3), few(12_431), few(0)
    ('<5', '12,431', '<5')
    """
    return f"<{SMALLEST}" if count < SMALLEST else f"{count:,}"
