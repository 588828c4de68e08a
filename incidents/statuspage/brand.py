"""The page's own accent colour: whether it can be read in both themes, and its rule in the stylesheet."""

import re

COLOUR = re.compile(r"#[0-9a-f]{6}")
LEAST = 4.5
# What links and marks stand on (static/css/public.css): page, card and card head, of each theme.
GROUNDS = {"light": ("#f5f6f8", "#ffffff", "#eff1f5"), "dark": ("#0d1118", "#151a23", "#1c232e")}
_ON = ("#ffffff", "#0d1118")


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(colour: str, theme: str) -> float:
    """Against the ground on which it is hardest to read, rounded down: 4.49 is not 4.5."""
    return int(min(contrast(colour, ground) for ground in GROUNDS[theme]) * 100) / 100


def rule(light: str, dark: str) -> bytes:
    """What stands behind the house's stylesheet; nothing without colours of its own."""
    if not light or not dark:
        return b""
    on_light, on_dark = (max(_ON, key=lambda one: contrast(one, colour)) for colour in (light, dark))
    return f":root{{--accent:light-dark({light},{dark});--on-accent:light-dark({on_light},{on_dark})}}\n".encode()


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
