"""What bin/bench runs: lists the benchmarks, runs one or all, prints text or JSON."""

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path


def names() -> list[str]:
    """Every module of this folder that does not begin with an underscore."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def main() -> int:
    """0 when all ran; what a number means is said in docs/performance.md, not by an exit code."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=f"Benchmarks: {', '.join(names())}.")
    parser.add_argument("name", nargs="?", choices=names(), metavar="NAME", help="one of them; without it all run")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    words = parser.parse_args()
    results = {
        name: importlib.import_module(f"bench.{name}").run() for name in ([words.name] if words.name else names())
    }
    if words.json:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        print(json.dumps({"machine": machine, "results": results}, indent=1))
        return 0
    for name, result in results.items():
        print(name)
        for key, value in result.items():
            print(f"  {key:<28} {value:>12,.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
