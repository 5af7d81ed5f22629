"""What the project declares to need, what it imports, and under which licenses that is."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, distribution, distributions
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.source.modules import ROOT, Module


@cache
def project() -> dict[str, Any]:
    """The table `[project]` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


EXTRAS = tuple(sorted(set(project()["optional-dependencies"]) - {"dev"}))
"""Extras that users install; `dev` is for this repository."""


def declared(*extras: str) -> tuple[Requirement, ...]:
    """The project's requirements, with those of some extras."""
    table = project()
    texts = [*table["dependencies"], *(text for extra in extras for text in table["optional-dependencies"][extra])]
    return tuple(Requirement(text) for text in texts)


def imported(modules: Iterable[Module]) -> set[str]:
    """Dotted names of everything that is imported absolutely, anywhere in a file; `from a import b` gives a and a.b."""
    names: set[str] = set()
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@cache
def owners() -> dict[str, set[str]]:
    """Module -> names of the installed distributions that have a file for it."""
    found: dict[str, set[str]] = {}
    for dist in distributions():
        for file in dist.files or ():
            module = re.sub(r"(/__init__)?(\.[\w-]+)*\.(py|so)$", "", str(file))
            if module != str(file):
                found.setdefault(module.replace("/", "."), set()).add(canonicalize_name(dist.name))
    return found


def closure(requirements: Iterable[Requirement]) -> dict[str, Distribution]:
    """The installed distributions that these requirements bring, also through others, by canonical name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = list(requirements)
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        found[name] = distribution(name)
        for extra in ("", *sorted(wanted.extras)):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += _needs(found[name], extra)
    return found


def _needs(dist: Distribution, extra: str) -> Iterator[Requirement]:
    for text in dist.requires or ():
        needed = Requirement(text)
        plain = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if (
            plain
            if not extra
            else (not plain and needed.marker is not None and needed.marker.evaluate({"extra": extra}))
        ):
            yield needed


_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
}


def license_of(dist: Distribution) -> str:
    """The SPDX expression of a distribution: as declared, else from its classifiers, else from its license field."""
    said = dist.metadata
    if expression := said.get_all("License-Expression"):
        return str(expression[0])
    classes = [text.split(" :: ")[-1] for text in said.get_all("Classifier", []) if text.startswith("License ::")]
    known = sorted({_CLASSIFIERS[text] for text in classes if text in _CLASSIFIERS})
    if known:
        return " OR ".join(known)
    return str((said.get_all("License") or [""])[0])
