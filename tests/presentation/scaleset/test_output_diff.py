"""Two outputs compared: what only differs from instance to instance is no difference."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.presentation.scaleset.output_diff import diff_lines
from vmss_tui.presentation.table import text_of

ONE = next(found for found in estate.estate() if found.scale_set.name == "web-weu").instances[0]


def printed(name: str, stdout: str, stderr: str = "", code: int | None = 0) -> Instance:
    return replace(ONE, name=name, script=replace(ONE.script, stdout=stdout, stderr=stderr, exit_code=code))


def diff(first: Instance, second: Instance) -> list[str]:
    return [text_of(line) for line in diff_lines(first, second, 80)]


def test_only_real_differences_are_marked() -> None:
    steps = "\n".join(f"step {n}" for n in range(20))
    first = printed("vm_1", f"02:10:00 begin on vm_1\n{steps}\ndone in 3 s\n")
    second = printed("vm_2", f"02:11:09 begin on vm_2\n{steps}\nfailed\n", "lock held\n", 100)
    found = diff(first, second)
    assert found[:2] == [" - vm_1  ·  exit code 0", " + vm_2  ·  exit code 100"]
    assert found[found.index(" stderr") + 1] == " + lock held"
    assert " - done in 3 s" in found and " + failed" in found
    assert not any(line.startswith((" - 02:10", " + 02:11")) for line in found)
    assert any("equal lines" in line for line in found) and "   step 19" in found


def test_equal_outputs_are_said_to_be_equal() -> None:
    assert "   equal: 1 lines" in diff(printed("vm_1", "ok on vm_1"), printed("vm_2", "ok on vm_2", code=None))
