"""Azure's own description of its answers, as JSON schemas for the tests.

`Swagger.problems(method, path, status, body)` finds the operation of a request in the swagger and returns what is
wrong with an answer; an operation or status that the swagger does not know is a problem too.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

FOLDER = Path(__file__).parent.parent / "data" / "swagger"
_FILES = ("virtualMachineScaleSet.json", "virtualMachine.json", "subscriptions.json")


class Swagger:
    """The operations of all swagger files of the folder."""

    def __init__(self) -> None:
        documents = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
        self._registry: Registry[Any] = Registry().with_resources(
            (name, Resource.from_contents(document, default_specification=DRAFT4))
            for name, document in documents.items()
        )
        self._operations = [
            (re.compile(_pattern(template), re.IGNORECASE), verbs, name)
            for name in _FILES
            for template, verbs in documents[name]["paths"].items()
        ]

    def problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer: `path of the field: complaint` lines, none when all is well."""
        for pattern, verbs, name in self._operations:
            if pattern.fullmatch(path) and method.lower() in verbs:
                responses = verbs[method.lower()]["responses"]
                response = responses.get(str(status), responses.get("default") if status >= 400 else None)
                if response is None:
                    return [f"status {status} is not one of {sorted(responses)}"]
                return self._check(response.get("schema"), name, body)
        return [f"no operation {method} {path}"]

    def _check(self, schema: dict[str, Any] | None, name: str, body: Any) -> list[str]:
        if schema is None:
            return [] if body in (None, "") else ["a body where the swagger has none"]
        reference = schema.get("$ref", "")
        if reference.startswith("#"):
            schema = {"$ref": name + reference}
        elif reference.startswith("./"):
            schema = {"$ref": reference[2:]}
        validator = Draft4Validator(schema, registry=self._registry)
        return [
            f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message}"
            for error in validator.iter_errors(body)
        ]


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(template))


@cache
def swagger() -> Swagger:
    """The swagger, read once."""
    return Swagger()
