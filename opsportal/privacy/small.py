"""Small numbers of people: they could point at somebody, so only admins see them. Pure."""

LEAST = 5


def few(count: int) -> str:
    """A count of people as every screen but an admin's shows it; nobody is nobody's secret.

    >>> few(0), few(3), few(5), few(12345)
    ('0', '<5', '5', '12,345')
    """
    return f"<{LEAST}" if 0 < count < LEAST else f"{count:,}"
