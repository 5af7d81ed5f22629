"""Imported objects are set aside from the collector; collecting itself is as before afterwards."""

import ctypes
import gc

import pytest

from vmss_tui import collector
from vmss_tui.collector import importing, return_free_memory


def test_what_is_imported_is_set_aside_and_collecting_continues_after_it() -> None:
    before, threshold = gc.get_freeze_count(), gc.get_threshold()
    try:
        with importing():
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


def test_a_failed_import_leaves_the_collector_on() -> None:
    threshold = gc.get_threshold()
    try:
        with pytest.raises(ImportError), importing():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


def test_returning_free_memory_is_harmless_wherever_it_runs() -> None:
    before = [bytes(1000) for _ in range(1000)]
    return_free_memory()
    return_free_memory()
    assert before[-1] == bytes(1000)


def test_a_system_whose_heap_cannot_be_trimmed_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    collector._malloc_trim.cache_clear()
    try:
        return_free_memory()
        assert collector._malloc_trim() is None
    finally:
        collector._malloc_trim.cache_clear()
