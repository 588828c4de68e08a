"""The documents keep up with the code: names, commands, links, version."""

import re
import tomllib
from pathlib import Path

import pytest

from opsportal import env

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = [path for root in ("opsportal", "incidents", "checks") for path in sorted((ROOT / root).rglob("*.py"))]
READ = re.compile(
    r"""env\.(?:text|flag|number|words|database|redis|email|networks|internal|folders|issuer|file)\(\s*["']([A-Z_]+)["']"""
)


def names_read() -> set[str]:
    found = {name for path in CODE for name in READ.findall(path.read_text())}
    return found | set(env.REQUIRED_ALWAYS) | {name for names in env.REQUIRED_WHEN.values() for name in names}


@pytest.mark.parametrize("name", sorted(names_read()))
def test_every_environment_name_is_documented(name):
    assert f"`{name}`" in (ROOT / "docs" / "configuration.md").read_text()


def commands() -> list[str]:
    return sorted(path.stem for path in ROOT.glob("*/management/commands/*.py") if not path.stem.startswith("_"))


@pytest.mark.parametrize("command", commands())
def test_every_command_has_a_heading(command):
    assert re.search(rf"^## {command}$", (ROOT / "docs" / "commands.md").read_text(), re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"", page.read_text())
    local = [one or other for one, other in targets if not re.match(r"[a-z]+:", one or other)]
    missing = [target for target in local if not (page.parent / target).exists()]

    assert missing == []


def test_every_decision_has_context_choice_and_price():
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        text = page.read_text()
        assert re.match(r"# \d{4} \S", text), page
        for heading in ("**Context.**", "**Choice.**", "**Price.**"):
            assert heading in text or page.stem.startswith("0003"), f"{page} has no {heading}"


TESTS = {path: path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}
PROMISES = [
    (page.stem, line.split(" | ")[0].strip("| "), re.split(r"(?<!\\) \| ", line)[-1])
    for page in (ROOT / "docs" / "security.md", ROOT / "docs" / "privacy.md")
    for line in page.read_text().splitlines()
    if line.startswith("| ") and "| requirement |" not in line
]


def is_a_test(name: str) -> bool:
    """A test by its name, a file of tests, or a folder of them."""
    if "/" in name:
        return (ROOT / name).exists()
    if name.endswith(".py"):
        return any(path.name == name for path in TESTS)
    return any(f"def {name}(" in text for text in TESTS.values())


@pytest.mark.parametrize(("page", "promise", "shown_by"), PROMISES, ids=[one[1][:60] for one in PROMISES])
def test_every_promise_of_security_and_privacy_names_tests_that_exist(page, promise, shown_by):
    named = re.findall(r"`(test\w*(?:\.py)?|tests/[\w/.]+)`", shown_by)

    assert named or "`bin/test`" in shown_by or page == "privacy", "a promise without a test"
    assert [name for name in named if not is_a_test(name)] == []


@pytest.mark.parametrize("page", ["security.md", "privacy.md"])
def test_every_file_that_security_and_privacy_name_exists(page):
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`((?:opsportal|incidents|checks|tests|\w+)/[\w/]+(?:\.py)?)`", text)
    places = [ROOT, ROOT / "opsportal", ROOT / "opsportal" / "outbox", ROOT / "incidents"]

    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_the_changelog_names_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
