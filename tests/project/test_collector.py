"""Imported objects are set aside from the collector; collecting itself is as before afterwards."""

import gc

import pytest

from vmss_tui.collector import importing


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
