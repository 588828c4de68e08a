"""Markdown becomes steps, commands and expected lines; whatever is written, the page stays safe."""

from html.parser import HTMLParser

import pytest

from incidents.runbooks import diffing, expecting
from incidents.runbooks.diffing import Line
from incidents.runbooks.files import Document, UnreadableError
from incidents.runbooks.files import read as read_file
from incidents.runbooks.reading import Block, Trial, read


class Seen(HTMLParser):
    """Tags and attributes as a browser meets them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)


TEXT = """
For bad nights.

## Go

1. **Ask `it`** first

   Look at [the outage](/runbooks/database-outage/).

   ```
   bin/manage db_verify
   bin/manage doctor
   ```

   Expect: `db_verify status=ok` or `doctor status=ok`

2. Wait

   - ten minutes

Then sleep.

## Back

1. Undo
"""


def test_a_text_is_read_as_parts_with_steps_that_count_through():
    reading = read(TEXT)

    assert [(one.title, len(one.steps)) for one in reading.parts] == [("", 0), ("Go", 2), ("Back", 1)]
    assert [(one.number, one.title) for one in reading.steps] == [(1, "Ask it first"), (2, "Wait"), (3, "Undo")]
    assert "For bad nights." in reading.parts[0].before
    assert "Then sleep." in reading.parts[1].after


def test_a_step_has_its_commands_and_the_lines_that_are_expected():
    reading = read(TEXT)

    assert reading.commands == ["bin/manage db_verify", "bin/manage doctor"]
    assert reading.expected == ["db_verify status=ok", "doctor status=ok"]
    assert reading.steps[0].command == "bin/manage db_verify"
    assert reading.links == ["/runbooks/database-outage/"]


def test_an_expected_line_needs_no_code_marks():
    assert read("1. Do\n\n   Expected: doctor status=ok").steps[0].blocks == [Block("expect", "doctor status=ok")]


def test_a_command_keeps_the_expected_lines_of_its_name():
    step = read(TEXT).steps[0]

    assert step.trials == [
        Trial(0, "bin/manage db_verify", ("db_verify status=ok",)),
        Trial(1, "bin/manage doctor", ("doctor status=ok",)),
    ]


def test_a_check_is_named_by_its_key_and_a_branch_by_its_token():
    step = read(
        "1. Look\n\n   Check: `replica-lag`, `slow-queries`\n\n"
        "   On `reason=missing_tables`: [go on](/runbooks/x/).\n\n   On the way, wait."
    ).steps[0]

    assert [(one.text, one.expected, one.is_check) for one in step.trials] == [
        ("replica-lag", ("check=replica-lag status=healthy",), True),
        ("slow-queries", ("check=slow-queries status=healthy",), True),
    ]
    assert [one.kind for one in step.blocks] == ["trial", "trial", "branch", "prose"]
    assert len(step.branches("db_verify status=fail reason=missing_tables")) == 1
    assert step.branches("db_verify status=fail reason=missing_tables_too") == []


@pytest.mark.parametrize(
    ("got", "expected", "is_right"),
    [
        ("doctor status=ok", ["doctor status=ok"], True),
        ("doctor status=ok now", ["doctor status=ok"], False),
        ("backup status=ok tables=x rows=2", ["backup status=ok tables=<n> rows=<n>"], False),
        ("b status=fail reason=gone", ["b status=ok", "b status=fail reason=<token>"], True),
        ("l signing_key=external", ["l signing_key=renewed|external"], True),
        ("l signing_key=lost", ["l signing_key=renewed|external"], False),
        ("", ["doctor status=ok"], False),
        ("doctor status=ok", [], False),
    ],
)
def test_a_line_is_compared_word_by_word(got, expected, is_right):
    assert expecting.is_as_expected(got, expected) is is_right


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "1. <img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '1. Do\n\n   <a href="x" style="position:fixed">x</a>',
        "![x](https://example.org/pixel.png)",
        "## <iframe src=//example.org>",
    ],
)
def test_nothing_that_runs_or_loads_comes_out(hostile):
    reading = read(hostile)
    prose = [text for one in reading.parts for text in (one.before, one.after)]
    steps = [text for one in reading.steps for text in (one.title_html, *(block.text for block in one.blocks))]

    seen = Seen()
    seen.feed("".join([*prose, *steps]))

    assert seen.tags <= {"p", "a", "code", "h3"}
    assert seen.attributes <= {("rel", "noopener noreferrer"), ("href", "x")}


def test_headings_of_a_text_stay_below_those_of_the_page():
    assert "<h3>" in read("1. Do\n\n   # Loud").steps[0].blocks[0].text


@pytest.mark.parametrize("text", ["", "1.", "```", "1. \n2. ", "|a|b|\n|-|-|\n|1|2|", "> " * 200, "1. " * 50])
def test_odd_texts_are_read_too(text):
    read(text)


def test_a_file_that_is_written_is_read_back():
    document = Document("db-gate", "Gate: fails", "1. Ask", "backend", ("missing_env", "plan_conflict"), "@be-lead")

    assert read_file("db-gate", document.text) == document


@pytest.mark.parametrize(
    ("slug", "text", "words"),
    [
        ("Bad Name", "---\ntitle: x\n---\ny", "small letters"),
        ("x", "no head", "begin with a head"),
        ("x", "---\ntitle: x\n", "begin with a head"),
        ("x", "---\ncolour: red\n---\ny", "none of them"),
        ("x", "---\ntitle: a\ntitle: b\n---\ny", "each once"),
        ("x", "---\nowner: @a\n---\ny", "no title"),
        ("x", "---\ntitle: a\n---\n\n", "no text"),
    ],
)
def test_what_is_no_runbook_is_refused_with_what_to_mend(slug, text, words):
    with pytest.raises(UnreadableError, match=words):
        read_file(slug, text)


def test_a_line_of_a_head_is_named_by_its_number_since_it_may_hold_a_secret():
    with pytest.raises(UnreadableError) as refusal:
        read_file("x", "---\ntitle: a\npassword=hunter2-is-long\n---\ny")

    assert "line 3" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_difference_of_very_long_texts_is_the_whole_of_both():
    old = "\n".join("a" for _ in range(diffing.MOST_LINES + 1))

    lines = diffing.lines(old, old + "\nb")

    assert [one.mark for one in lines].count("-") == diffing.MOST_LINES + 1
    assert diffing.lines(old, old) == []


def test_a_line_that_comes_again_and_again_is_kept_where_it_stands():
    old = "\n".join("a" for _ in range(500))

    assert [one.mark for one in diffing.lines(old, old + "\nb")] == ["…", *"   ", "+"]


def test_a_difference_shows_the_changed_lines_and_a_few_around():
    old = "\n".join(f"line {one}" for one in range(20))
    new = old.replace("line 10", "line ten")

    lines = diffing.lines(old, new)

    assert [one.mark for one in lines] == ["…", *"   ", "-", "+", *"   "]
    assert Line("+", "line ten") in lines
    assert diffing.lines(old, old) == []
