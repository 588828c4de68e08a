"""The JSON Schemas of the public contract, and what a document does against them."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS: dict[str, Any] = {
    path.stem.replace(".", "/"): json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "schemas").glob("*.json"))
}
DEFINITIONS = SCHEMAS.pop("definitions")
REGISTRY: Any = Registry().with_resource("definitions.json", Resource.from_contents(DEFINITIONS))


def faults(name: str, document: object) -> list[str]:
    """Where a document leaves its schema, after a way through JSON as readers get it."""
    check = Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
    return [f"{one.json_path}: {one.message[:200]}" for one in check.iter_errors(json.loads(json.dumps(document)))]


def faults_of_all(found: dict[str, Any]) -> list[str]:
    """The same for all eight documents; one that is missing is a fault too."""
    assert set(found) == set(SCHEMAS)
    return [f"{name} {fault}" for name in SCHEMAS for fault in faults(name, found[name])]
