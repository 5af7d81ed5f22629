"""Outputs that say the same are put together."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.presentation.scaleset.output_clusters import masked, outputs_of


def said(number: int, stdout: str, state: ScriptState = ScriptState.SUCCEEDED) -> Instance:
    found = estate.instance_of("web-weu", number, script=estate.script_of("web", "2.5.0"), state=state)
    return replace(found, script=replace(found.script, stdout=stdout, stderr=""))


def test_names_times_and_durations_make_no_difference() -> None:
    alike = [
        said(n, f"2025-11-21T23:14:{n:02}Z installing on web-weu_{n}\ndone in {n}.3 s, pid {n + 400}\n")
        for n in range(12)
    ]
    found = outputs_of(alike)
    assert len(found) == 1 and len(found[0].names) == 12
    assert "web-weu_0" in found[0].stdout


def test_what_differs_stays_apart_and_failures_come_first() -> None:
    found = outputs_of(
        [
            *(said(n, "ok") for n in range(5)),
            *(said(n, "404") for n in range(5, 8)),
            *(said(n, "boom", ScriptState.FAILED) for n in range(8, 10)),
        ]
    )
    assert [(len(cluster.names), cluster.stdout) for cluster in found] == [(2, "boom"), (5, "ok"), (3, "404")]


def test_a_name_is_not_taken_for_the_start_of_a_longer_one() -> None:
    assert masked("peer web-weu_12", "web-weu_1") == "peer web-weu_12"
    assert masked("me web-weu_1.", "web-weu_1") == "me <instance>."
