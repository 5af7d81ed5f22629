"""Modules of Azure's libraries that are imported only when something uses what they hold: 22 MiB of a runner.

azure-identity imports every credential with what each needs, such as `cryptography` for a certificate and `requests`
for a managed identity; azure-mgmt-compute's operations import 700 models for their annotations. A program uses one
credential and sends plain JSON. `importlib.util.LazyLoader` cannot defer that: it imports a module as soon as a name
is taken from it. So these modules begin empty and return placeholders for names. To call one, read its attribute,
inherit from it or use it in `isinstance` imports the module and gives the real object.

For processes that belong to this program alone: `install` is called by its entry point and not by the public API. A
library of another version than `TESTED` is imported as usual.
"""

import importlib
import re
import sys
import threading
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

DEFERRED = frozenset((
    "aiohttp.tracing",
    "azure.identity._credentials",  # those that block; ours are azure.identity.aio's
    "azure.identity._credentials.certificate",
    "azure.identity._internal.aadclient_certificate",
    "azure.identity._internal.auth_code_redirect_handler",
    "azure.identity._internal.interactive",
    "azure.mgmt.compute._client",  # the client that blocks, and its operations
    "azure.mgmt.compute.models",
    "azure.mgmt.compute.operations",
    "azure.mgmt.compute.types",
    "msal.application",
    "msal.auth_scheme",
    "msal.managed_identity",
    "msal.oauth2cli.assertion",
    "msal.oauth2cli.authcode",
))  # fmt: skip
"""Each is imported by a package's `__init__`, for names that most processes never use."""

TESTED = {
    "aiohttp": ("__init__.py", "3.14"),
    "azure.identity": ("_version.py", "1.27"),
    "azure.mgmt.compute": ("_version.py", "39.0"),
    "msal": ("sku.py", "1.39"),
}
"""By library: its file with the version, and the version (without its patch level) with which the tests have run."""
_VERSION = re.compile(r"""^(?:VERSION|__version__) = ["'](\d+\.\d+)[.\d]*["']""", re.MULTILINE)
_HEAD = 4096
"""Characters of such a file in which the version is."""


def install() -> None:
    """Defer these modules in every later import. Calling it again changes nothing."""
    if not is_installed():
        sys.meta_path.insert(0, _Finder())


def is_installed() -> bool:
    """Whether this process belongs to this program alone."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


@cache
def is_tested(library: str) -> bool:
    """Whether a library that is being imported, or was, has the version with which the tests have run."""
    file, tested = TESTED.get(library, ("", ""))
    try:
        with open(f"{sys.modules[library].__path__[0]}/{file}", encoding="utf-8") as source:  # noqa: PTH123
            found = _VERSION.search(source.read(_HEAD))
    except (OSError, ValueError, LookupError):
        return False
    return found is not None and found[1] == tested


class _Placeholder:
    """A name of a module that is not imported yet."""

    def __init__(self, module: "_DeferredModule", name: str) -> None:
        self.__module, self.__name = module, name

    def _real(self) -> Any:
        return getattr(self.__module._real(), self.__name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what `typing` asks of everything in an annotation
            raise AttributeError(name)
        return getattr(self._real(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._real()(*args, **kwargs)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._real())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._real())

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __or__(self, other: object) -> Any:
        return Any  # in an annotation such as `Model | None`

    __ror__ = __or__


class _DeferredModule(ModuleType):
    """A module that is imported when the first of its placeholders is used."""

    _is_replaced = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.__dict__[name] = _Placeholder(self, name)
        return found

    def _real(self) -> ModuleType:
        """The module itself. Threads that need it at the same time wait for one import."""
        name = self.__name__
        with _guard:
            _imported.add(name)
            if sys.modules.get(name) is self:
                del sys.modules[name]
        real = importlib.import_module(name)
        if not self._is_replaced and not getattr(real.__spec__, "_initializing", False):
            _replace(self, real)
            self._is_replaced = True
        return real


def _replace(deferred: _DeferredModule, real: ModuleType) -> None:
    """Replace every imported placeholder by the module and its names: `except` takes nothing but real classes."""
    placeholders = {id(value): name for name, value in vars(deferred).items() if isinstance(value, _Placeholder)}
    for name, value in vars(deferred).items():
        if isinstance(value, ModuleType):  # a module below it that was imported before
            vars(real).setdefault(name, value)
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is deferred:
                setattr(module, name, real)
            elif id(value) in placeholders and hasattr(real, placeholders[id(value)]):
                setattr(module, name, getattr(real, placeholders[id(value)]))


class _Loader:
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty."""


class _Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in DEFERRED or fullname in _imported:
            return None
        library = next((name for name in TESTED if fullname.startswith(f"{name}.")), "")
        if not is_tested(library):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Loader()  # type: ignore[assignment]  # `importlib.abc` would import half a shell
        return spec


_guard = threading.Lock()
"""Never held during an import: modules that import each other in two threads would wait forever."""
_imported: set[str] = set()
