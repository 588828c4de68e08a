"""What bin/manage runs: a management command in the environment of the portal that runs in a data folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opsportal import data_folder
from opsportal.embedded.places import Unusable

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str]) -> None:
    """Become manage.py. Exit code, stdin and the caller's folder are the command's own."""
    called_from = Path(os.environ.get("OPSPORTAL_CALLED_FROM") or Path.cwd())
    chosen, command = split(arguments)
    if not chosen and arguments and arguments[0].startswith("--data-dir"):
        sys.exit("--data-dir needs the folder of a portal: bin/manage --data-dir DIR COMMAND.")
    chosen = chosen or os.environ.get("OPSPORTAL_DATA_DIR") or str(ROOT / "var")
    data_dir = (called_from / chosen).resolve()
    try:
        environment = {**os.environ, **surroundings(data_dir)}
    except Unusable as reason:
        sys.exit(str(reason))
    os.chdir(called_from)
    os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *command], environment)  # noqa: S606


def split(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """`--data-dir D` before the command is ours; all that follows belongs to the command.

    >>> split(["--data-dir", "d", "migrate", "--data-dir", "x"])
    ('d', ['migrate', '--data-dir', 'x'])
    """
    rest = list(arguments)
    if rest and rest[0] == "--data-dir":
        return (rest[1] if len(rest) > 1 else None), rest[2:]
    if rest and rest[0].startswith("--data-dir="):
        return rest[0].partition("=")[2], rest[1:]
    return None, rest


def surroundings(data_dir: Path) -> dict[str, str]:
    """The names that the running portal decided; where none runs, only the folder and its key."""
    values = {"OPSPORTAL_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "opsportal.settings"}
    try:
        portal = data_folder.running(data_dir)
        key = (data_dir / "secret_key").read_text().strip()
    except PermissionError:
        raise Unusable(f"The data folder {data_dir} belongs to another user: run this as that user.") from None
    except OSError:
        return values
    decided = dict(portal.environment) if portal else {}
    if not os.environ.get("SECRET_KEY"):
        decided["SECRET_KEY"] = key
    return {**values, **decided, "OPSPORTAL_DECIDED": ",".join(sorted(decided))}


if __name__ == "__main__":
    main(sys.argv[1:])
