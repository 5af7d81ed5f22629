"""Everything about one instance, and what scripts printed."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.presentation.scaleset import details, output_clusters
from vmss_tui.presentation.table import Line, text_of

SETS = {snapshot.scale_set.name: snapshot for snapshot in estate.estate()}
WEB, GATEWAY = SETS["web-weu"], SETS["gw-eus"]
ONE = WEB.instances[0]


def lines(found: tuple[Line, ...]) -> list[str]:
    return [text_of(line).rstrip() for line in found]


def changed(**changes: object) -> Instance:
    return replace(ONE, **changes)  # type: ignore[arg-type]


def test_details_say_everything_once() -> None:
    found = "\n".join(lines(details.instance_lines(GATEWAY.instances[3], "gw 3.0.2", estate.NOW, 100)))
    for words in ("gw-eus_3", "Standard_D2s_v5", "✖ failed", "2025-11-21 23:11:07 UTC, 3m ago", "fileUris"):
        assert words in found
    strange = changed(protected=True, agent_ready=False, message="x " * 200, script_settings={})
    found = "\n".join(lines(details.instance_lines(strange, "", estate.NOW, 60)))
    for words in ("Azure's upgrades skip it", "not ready", " none"):
        assert words in found
    assert all(len(line) <= 62 for line in found.splitlines())


def test_equal_outputs_stand_together_failed_ones_first() -> None:
    outputs = output_clusters.outputs_of(GATEWAY.instances)
    assert [(len(output.names), output.exit_code) for output in outputs] == [(2, 1), (7, 0)]
    found = lines(details.output_lines(outputs, estate.NOW, 80))
    assert found.index(" stderr") < found.index(" stdout")
    quiet = changed(
        script=replace(ONE.script, stdout="", stderr="", exit_code=None, at=None, message="Enable in progress")
    )
    found = lines(details.output_lines(output_clusters.outputs_of([quiet]), estate.NOW, 80))
    assert found == [" web-weu_0  ·  has not ended", " Enable in progress"]
    many = output_clusters.outputs_of([changed(id=str(n), name=f"vm_{n}") for n in range(12)])
    assert ", vm_4, …" in "\n".join(lines(details.output_lines(many, estate.NOW, 80)))
    assert lines(details.output_lines((), estate.NOW, 80)) == [" The script has printed nothing yet."]


def test_json_is_cut_into_lines_that_fit_and_reads_the_same_for_the_clipboard() -> None:
    value = {"a": "x" * 300, "b": [1, "[/red]\x1b[31m"], "日本": "語" * 80}
    found = lines(details.json_lines(value, 80))
    assert max(map(len, found)) <= 82
    assert "\x1b" not in "".join(found)
    assert '"a": "xxx' in details.json_text(value)


def test_any_text_in_lines() -> None:
    assert lines(details.text_lines("a\n" + "b" * 50, 30)) == [" a", " " + "b" * 28, " " + "b" * 22]
    never = changed(created_at=None, health_at=None)
    assert " Created       –" in lines(details.instance_lines(never, "", estate.NOW, 80))
