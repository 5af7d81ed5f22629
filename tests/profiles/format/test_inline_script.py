"""Inline scripts as the handler takes them."""

import base64
import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import QUICK
from vmss_tui.profiles.format.inline_script import LIMIT, decode, encode

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"


@QUICK
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_script_comes_back(text: str) -> None:
    assert decode(encode(text).value) == text


def test_small_scripts_stay_plain_so_that_every_machine_writes_the_same() -> None:
    found = encode("#!/bin/sh\n" * 1000)
    assert not found.gzipped
    assert base64.b64decode(found.value).startswith(b"#!/bin/sh")


def test_large_ones_are_packed_when_it_helps() -> None:
    text = "echo a line that is said again and again\n" * 20_000
    found = encode(text)
    assert found.gzipped
    assert found.fits
    assert found.used < LIMIT < len(text)
    assert decode(found.value) == text
    assert encode(text) == found


def test_the_meter_says_how_full_it_is() -> None:
    assert encode("a" * 3000).meter() == "4,000 of 262,144 characters (2%)"
    noise = "".join(random.Random(1).choices(LETTERS, k=300_000))
    found = encode(noise)
    assert not found.fits
    assert found.share > 1
    assert "gzipped" in found.meter()


def test_what_others_packed_is_read() -> None:
    assert decode(base64.b64encode(gzip.compress(b"true\n")).decode()) == "true\n"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no base64!", "not base64"),
        (base64.b64encode(b"\xff\xfe").decode(), "not UTF-8"),
        (base64.b64encode(b"\x1f\x8bnonsense").decode(), "not valid gzip"),
        (base64.b64encode(gzip.compress(b"x" * 100, mtime=0)[:-9]).decode(), "cut off"),
        (base64.b64encode(gzip.compress(b"\0" * (17 << 20), mtime=0)).decode(), "larger than 16 MiB"),
    ],
)
def test_what_cannot_be_read_is_said(value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode(value)
