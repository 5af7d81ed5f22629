"""Every format is complete and harmless, and has nothing that must stay private."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest

from support.recorded_rollout import HEADER, LOG, PLAN, log_of, seen
from vmss_tui.cli.commands.rollout.history import FORMATS as OFFERED
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.rollout import events as e
from vmss_tui.report.formats import FORMATS, write

HOSTILE = "a\x1b]52;c;SEFDS0VE\x07b\x9b31mc\x00d\u202ee\u2066f\u200bg\U000e0041h\r\ni\u2028j"
"""OSC 52, a CSI of C1, NUL, bidirectional overrides, what is invisible, and separators of lines."""


def test_the_command_line_offers_what_there_is() -> None:
    assert set(OFFERED) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("log", [LOG, LOG[:1], LOG[:8]])
def test_operation_urls_stay_private(form: str, log: Sequence[e.Logged]) -> None:
    text = write(form, HEADER, log)
    assert "very-private" not in text and "7f3a01bc" in text


@pytest.mark.parametrize("form", FORMATS)
def test_signatures_of_addresses_stay_out(form: str) -> None:
    signed = "https://files.example/a.sh?sv=1&sig=very%2Fprivate&se=2"
    config = replace(PLAN.script, settings={"fileUris": [signed], "script": "x" * 700})
    plan = replace(PLAN, script=config, changes=(SettingChange("fileUris[0]", None, signed),))
    header = replace(HEADER, why=signed)
    text = write(form, header, log_of(e.Planned(plan), *(entry.event for entry in LOG[1:])))
    assert "private" not in text
    assert "sig=***" in text or form == "csv"


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_foreign_acts_on_a_terminal_or_hides(form: str) -> None:
    header = replace(HEADER, why=HOSTILE, who=HOSTILE, ticket=HOSTILE, label=HOSTILE, profile=HOSTILE)
    script = PLAN.script.labelled(HOSTILE)
    plan = replace(
        PLAN,
        script=replace(script, settings={"commandToExecute": HOSTILE}),
        changes=(SettingChange(HOSTILE, HOSTILE, HOSTILE + "\n"),),
        from_label=HOSTILE,
    )
    failed = seen("0", e.Phase.FAILED, message=HOSTILE, stderr=HOSTILE, stdout=HOSTILE, version=HOSTILE)
    log = log_of(
        e.Planned(plan),
        e.RunnerStarted(1, HOSTILE),
        e.InstancesSeen((replace(failed, name=HOSTILE),)),
        e.Requested(e.Verb.PAUSE, HOSTILE, HOSTILE, HOSTILE),
        e.Noted(HOSTILE),
        e.Ended(e.Verdict.FAILED, HOSTILE),
    )
    text = write(form, header, log)
    hidden = {char for char in text if char not in "\n\t\r" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")}
    assert hidden == set()
    assert "\r" not in text.replace("\r\n", "\n")
    assert b"\x1b" not in text.encode() and b"\x9b" not in text.encode("latin-1", "ignore")
    if form in ("json", "jsonl"):
        records = [json.loads(line) for line in text.splitlines()] if form == "jsonl" else [json.loads(text)]
        assert HOSTILE in _strings(records), "a program reads what was written"


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("form", ["md", "html"])
def test_hidden_characters_can_be_read(form: str) -> None:
    text = write(form, replace(HEADER, why=HOSTILE), LOG)
    assert r"\u202e" in text and r"\u001b" in text and r"\u0000" in text
