"""Makes the venv and installs locked requirements into it; called by bin/_venv.sh when something is missing.

Two starts at once wait for each other, and a killed one leaves nothing that the next cannot mend.
"""

import fcntl
import filecmp
import os
import shutil
import subprocess
import sys
import venv
from contextlib import suppress
from pathlib import Path


def main(folder: Path, files: list[Path]) -> None:
    """Bring the venv up to the files, in their order."""
    parent = folder.parent
    if not os.access(folder if folder.exists() else parent, os.W_OK):
        sys.exit(f"{folder} cannot be written to by this user: set OPSPORTAL_VENV to a folder of your own.")
    with suppress(OSError):  # some network file systems have no such locks; there two starts at once are not safe
        fcntl.flock(os.open(parent, os.O_RDONLY), fcntl.LOCK_EX)
    python = folder / "bin" / "python"
    if not works(python):
        say(f"Making {folder}")
        make(folder)
    for file in files:
        stamp = folder / f"installed-{file.name}"
        if not (stamp.exists() and filecmp.cmp(file, stamp, shallow=False)):
            say(f"Installing {file.name} (the first time takes up to a minute)")
            install(python, file)
            fresh = stamp.with_suffix(".new")
            shutil.copyfile(file, fresh)
            fresh.replace(stamp)


def works(python: Path) -> bool:
    """A venv breaks when its Python is removed, or when its making was cut short."""
    command = [python, "-m", "pip", "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make(folder: Path) -> None:
    """A fresh venv; whatever was there is replaced."""
    try:
        venv.EnvBuilder(clear=True, with_pip=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"{folder} could not be made ({problem}).")


def install(python: Path, file: Path) -> None:
    """Exactly what is locked, from wheels only: no compiler is ever needed."""
    command = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    settings = {
        name: value for name, value in os.environ.items() if name not in {"PIP_TARGET", "PIP_PREFIX", "PIP_USER"}
    }
    result = subprocess.run(
        [*command, "--require-hashes", "--only-binary", ":all:", "--requirement", file], env=settings, check=False
    )
    if result.returncode:
        sys.exit(f"{file.name} could not be installed; pip's lines above say why.")


def say(sentence: str) -> None:
    """Progress for the person who waits, on stderr: stdout belongs to the command that is to run."""
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
