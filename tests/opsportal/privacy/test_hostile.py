"""Text written to keep the guard busy costs no more than its length is worth."""

import time

import pytest

from opsportal.privacy import scanning

SHAPES = [
    "a", "a.", "a@b.", "a@b.b.b.", "-", "eyJ", "https://", "password ", "postgres://a:", " ", "\n", "=", "bearer ",
    "::",
    "curl -u ", "curl curl ", "user ", "0", "1-", "%41", "&#65;", "A", "token is ", "//a:b@", "\u200b", "login ", "+1 ",
    "de12", "cookie: a=b;", " ?token=", "key=", "a\n", "/reset/", "kind: secret data:", "'", "password for a b c d ",
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_text_costs_in_proportion_to_its_length(shape):
    whole = cost(shape, scanning.MAX_CHARACTERS)

    # What grows with the square would cost sixteen times as much; the seconds themselves are `bin/bench privacy`'s.
    assert whole < 0.3 or whole < 8 * cost(shape, scanning.MAX_CHARACTERS // 4)


def cost(shape: str, characters: int) -> float:
    """Processor seconds; the machine's neighbours only make the dearer one dearer."""
    text, costs = (shape * characters)[:characters], []
    for _ in range(2):
        started = time.process_time()
        scanning.look(text, budget=60)
        costs.append(time.process_time() - started)
    return min(costs)


def test_only_the_first_characters_of_a_long_text_are_read_and_it_is_not_clean():
    assert not scanning.look("a " * scanning.MAX_CHARACTERS).complete
