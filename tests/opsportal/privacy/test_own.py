"""The operators' own patterns: used when they cost little, refused in a sentence when not."""

import pytest

from opsportal.privacy import guard, own


@pytest.mark.parametrize("regex", [r"BDG-\d{6}", r"\bKD-[0-9]{4,8}\b", r"(?:AB|CD)-\w{8,32}"])
def test_a_bounded_pattern_may_run(regex):
    assert own.objection(regex) == ""


@pytest.mark.parametrize(
    "regex", [r"\d+", r"a*b", r"(a|a){1,30}b", r"(\w{1,99}){1,99}", r"(a)\1", r"(", r"a{0,3}", r"x{1,9999}", ""]
)
def test_one_that_could_run_long_or_matches_nothing_is_refused(regex):
    assert own.objection(regex)


def test_the_file_of_the_house_adds_a_kind(tmp_path, monkeypatch):
    path = tmp_path / "own.toml"
    path.write_text('[[pattern]]\nkind = "badge number"\nmust = "warn"\nregex = \'BDG-[0-9]{6}\'\n')
    monkeypatch.setenv("PRIVACY_PATTERNS_FILE", str(path))

    assert guard.judge("badge BDG-123456 lost").kinds == ["badge number"]
    assert "BDG" not in guard.for_inside("badge BDG-123456 lost")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("no toml at all [", "cannot be read"),
        ("[[pattern]]\nkind = 'X'\nregex = 'a'\n", "needs a kind"),
        ("[[pattern]]\nkind = 'badge number'\nmust = 'maybe'\nregex = 'a'\n", "neither block nor warn"),
        ("[[pattern]]\nkind = 'badge number'\nregex = 'a+'\n", "pattern 1 repeats without an end"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(text, word, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(text)

    with pytest.raises(SystemExit, match=word):
        own.load(path)
