"""Modules of Azure's libraries that are imported only when something uses what they hold: 22 MiB of a runner.

azure-identity imports every credential with what each needs, such as `cryptography` for a certificate and `requests`
for a managed identity; azure-mgmt-compute's operations import 700 models for their annotations. A program uses one
credential and sends plain JSON. `importlib.util.LazyLoader` cannot defer that: it imports a module as soon as a name
is taken from it. So these modules begin empty and return placeholders for names. To call one, read its attribute,
inherit from it or use it in `isinstance` imports the module and gives the real object.

For processes that belong to this program alone: `install` is called by its entry point and not by the public API.
"""

import importlib
import sys
from collections.abc import Sequence
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


def install() -> None:
    """Defer these modules in every later import. Twice is as good as once."""
    if not is_installed():
        sys.meta_path.insert(0, _Finder())


def is_installed() -> bool:
    """Whether this process belongs to this program alone."""
    return any(isinstance(finder, _Finder) for finder in sys.meta_path)


class _StandIn:
    """Stands for a name of a module that is not imported yet."""

    def __init__(self, module: "_Deferred", name: str) -> None:
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


class _Deferred(ModuleType):
    """A module that is imported for good when the first of its stand-ins is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self.__dict__[name] = _StandIn(self, name)
        return found

    def _real(self) -> ModuleType:
        name = self.__name__
        if sys.modules.get(name) is self:
            _imported.add(name)
            del sys.modules[name]
            _replace(self, importlib.import_module(name))
        return sys.modules[name]


def _replace(deferred: _Deferred, real: ModuleType) -> None:
    """Replace every imported placeholder by the module and its names: `except` takes nothing but real classes."""
    stand_ins = {id(value): name for name, value in vars(deferred).items() if isinstance(value, _StandIn)}
    for name, value in vars(deferred).items():
        if isinstance(value, ModuleType):  # a module below it that was imported before
            vars(real).setdefault(name, value)
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is deferred:
                setattr(module, name, real)
            elif id(value) in stand_ins:
                setattr(module, name, getattr(real, stand_ins[id(value)]))


class _Loader:
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class _Finder:
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in DEFERRED or fullname in _imported:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Loader()  # type: ignore[assignment]  # `importlib.abc` would import half a shell
        return spec


_imported: set[str] = set()
