"""What changed between two texts, line by line, as a person reads it. Pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher

AROUND = 3
# Finding the smallest difference may take the cube of this: longer texts are shown as gone and come, whole.
MOST_LINES = 2_000


@dataclass(frozen=True)
class Line:
    """One line: `mark` is + for new, - for gone, a blank for kept, … for lines that are left out."""

    mark: str
    text: str

    @property
    def word(self) -> str:
        """For those who cannot see the mark."""
        return {"+": "Added", "-": "Removed", "…": "Not shown"}.get(self.mark, "")


def lines(old: str, new: str) -> list[Line]:
    """Changed lines with a few unchanged ones around them; nothing when both are the same.

    >>> [line.mark for line in lines("a\\nb", "a\\nc")]
    [' ', '-', '+']
    """
    before, after = old.splitlines(), new.splitlines()
    found: list[Line] = []
    if before != after and max(len(before), len(after)) > MOST_LINES:
        return [*(Line("-", one) for one in before), *(Line("+", one) for one in after)]
    # Lines that come again and again, in texts of 200 lines and more, are no landmarks: else they cost their square.
    groups = SequenceMatcher(None, before, after).get_grouped_opcodes(AROUND)
    end = 0
    for group in groups:
        if (skipped := group[0][1] - end) > 0:
            found.append(Line("…", f"{skipped} unchanged line{'s' if skipped > 1 else ''}"))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                found += [Line(" ", one) for one in before[old_from:old_to]]
                continue
            found += [Line("-", one) for one in before[old_from:old_to]]
            found += [Line("+", one) for one in after[new_from:new_to]]
        end = group[-1][2]
    return found
