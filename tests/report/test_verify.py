"""Proof of an export: what is changed, removed, exchanged or added in it is found."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.chained_rollout import ended_rollout
from vmss_tui.journal.store import Journal
from vmss_tui.report.formats import write
from vmss_tui.report.verify import verify_export


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    """An export: seven events and the verdict."""
    path = tmp_path / "journal.db"
    rollout = ended_rollout(path)
    journal = Journal.open(path)
    text = write("jsonl", journal.header(rollout), journal.events(rollout), journal.links(rollout))
    journal.close()
    return text.splitlines()


def test_an_export_carries_its_proof_and_no_secret(lines: list[str]) -> None:
    proof = verify_export("\n".join(lines))
    assert (proof.events, proof.ended, proof.problems) == (7, True, ())
    assert proof.rollout == json.loads(lines[0])["rollout"]
    assert json.loads(lines[6])["hash"] == proof.head
    assert "c2VjcmV0" not in "".join(lines) and "Zm9vYmFy" not in "".join(lines)
    assert verify_export("\n".join(lines), proof.head).problems == ()
    assert verify_export("\n".join(lines), "0" * 64).problems


def test_the_documented_recipe_finds_the_same_head(lines: list[str]) -> None:
    head = ""
    for line in map(json.loads, lines[:-1]):
        known = line["chain"]
        parts = [head, line["rollout"], line["seq"], known["at"], known["kind"], known["version"], known["body"]]
        head = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
        assert head == line["hash"]


def changed(number: int, **values: object) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        return [*lines[:number], json.dumps({**json.loads(lines[number]), **values}), *lines[number + 1 :]]

    return change


def without(number: int, key: str) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        left = {name: value for name, value in json.loads(lines[number]).items() if name != key}
        return [*lines[:number], json.dumps(left), *lines[number + 1 :]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed(0, who="other"),
        changed(0, overrides={}),
        changed(5, who="other"),
        changed(5, at="2026-03-01T12:00:01.000Z"),
        changed(5, hash="0" * 64),
        changed(5, added=1),
        changed(3, key="other"),
        changed(7, verdict="failed"),
        without(4, "why"),
        without(4, "chain"),
        lambda lines: lines[:4] + lines[5:],
        lambda lines: lines[1:],
        lambda lines: [*lines[:6], lines[7]],
        lambda lines: lines[:7],
        lambda lines: [*lines[:5], lines[4], *lines[5:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [line.replace('"bo"', '"al"').replace('\\"bo\\"', '\\"al\\"') for line in lines],
    ],
)
def test_a_changed_export_is_found_out(lines: list[str], change: Callable[[list[str]], list[str]]) -> None:
    assert verify_export("\n".join(change(lines))).problems


@pytest.mark.parametrize("text", ["", "not JSON", "[]", '{"event":"planned","rollout":"x"}'])
def test_what_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|hashes"):
        verify_export(text)
