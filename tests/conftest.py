"""Fixtures of every suite, and an environment in which no test meets the developer's own Azure or settings."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest

from support import fuzzing
from support.simulator import shared_simulator, simulator

__all__ = ["shared_simulator", "simulator"]

fuzzing.load()

# Processes under test inherit what is ignored: a suite started by nohup, or in the background of a shell, would have
# them ignore what the tests send.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

if find_spec("re2") is None:  # a virtual environment from before the newest line of requirements.lock
    pytest.exit("google-re2 is not installed: run `make .venv/.installed`, or pip install -r requirements.lock", 4)

_CLIENTS = ("VMSS_TUI_AZ", "VMSS_TUI_NODE")
collect_ignore = [] if any(map(os.environ.get, _CLIENTS)) else ["conformance"]
"""The suites that drive other clients run only when the environment names those clients."""

_FOREIGN = ("AZURE_", "ARM_", "IDENTITY_", "MSI_", "IMDS_", "VMSS_TUI_", "VMSS_")
_SINGLE = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR", "COLORTERM")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_KEPT = (*_CLIENTS, "VMSS_TUI_RECORDINGS")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take foreign settings away and put the XDG directories into the test's own."""
    for name in list(os.environ):
        foreign = name.startswith(_FOREIGN) or name in _SINGLE or name.lower() in _PROXIES
        if foreign and name not in _KEPT:
            monkeypatch.delenv(name)
    for kind in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "xdg" / kind.lower()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start first what may take longest, so that no worker is left alone with it at the end."""

    def allowed(item: pytest.Item) -> float:
        marker = item.get_closest_marker("timeout")
        return float(marker.args[0]) if marker is not None else 0.0

    items.sort(key=allowed, reverse=True)
