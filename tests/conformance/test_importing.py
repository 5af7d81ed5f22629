"""Documents through import, export and the Azure CLI: the scale set ends with the settings that the document has."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.azcli import GROUP, SCENARIO, Az, fresh
from support.profiles.documents import DOCUMENTS, Document
from support.simulator import SimulatorProcess
from vmss_tui.cli.main import main

SETS = {"CustomScriptExtension": "windows"}
"""The scale set for a handler; others go to the one in Manual mode, where nothing is updated."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """A signed-in az on a simulator of this module's own."""
    process = SimulatorProcess.start(SCENARIO)
    az = fresh(process, tmp_path_factory.mktemp("az"))
    az.sign_in()
    yield az
    process.stop()


def words_of(script: str, target: str) -> list[str]:
    """The words of the exported `az vmss extension set` for a set of the scenario, without secrets and dependencies."""
    (line,) = [line for line in script.splitlines() if line.startswith("az vmss extension set")]
    words = shlex.split(line)[1:]
    for option in ("--protected-settings", "--provision-after-extensions"):
        if option in words:
            at = words.index(option)
            del words[at : at + 2]
    given = {"--resource-group": GROUP, "--vmss-name": target}
    return [given.get(before, word) for before, word in zip(["", *words], words, strict=False)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_import_export_and_az_give_the_same_settings(
    own: Az, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("document.json").write_text(json.dumps(document.content))
    assert main(["profiles", "import", "document.json", "--name", "x", "--as-is", "--profiles", str(tmp_path)]) == 0
    values = [word for name, value in document.values.items() for word in ("--set", f"{name}={value}")]
    refused = main(["profiles", "lint", "x", "--profiles", str(tmp_path)])
    capsys.readouterr()
    assert main(["profiles", "export", "x", *values, "-d", ".", "--profiles", str(tmp_path)]) == refused
    if refused:
        return
    script = "".join(path.read_text() for path in tmp_path.glob("*.sh")) or capsys.readouterr().out
    handler = next((name for name in SETS if f" {name} " in script), "")
    target = SETS.get(handler, "manual")
    words = words_of(script, target)
    answer = own(*words, cwd=tmp_path)
    name = words[words.index("--extension-instance-name") + 1]
    profile = answer["virtualMachineProfile"]["extensionProfile"]["extensions"]
    (written,) = [extension for extension in profile if extension["name"] == name]
    assert written["settings"] == document.settings
    own.vmss("extension delete", target, "--name", name)
