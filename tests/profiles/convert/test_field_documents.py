"""Documents as people have them, through `profiles import` and `profiles lint`: nothing lost, nothing invented."""

from pathlib import Path

import pytest

from vmss_tui.cli.main import main
from vmss_tui.profiles.format.document import read
from vmss_tui.profiles.format.read import build
from vmss_tui.profiles.model import Profile, check, resolve

DATA = Path(__file__).parents[2] / "data" / "import"


class Import:
    """One document, imported by the command; `said` is what it printed to stderr."""

    def __init__(self, name: str, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        document = str(DATA / f"{name}.json")
        assert main(("profiles", "import", document, "--name", "x", "--profiles", str(directory))) == 0
        self.said = capsys.readouterr().err
        self.lint = main(("profiles", "lint", "x", "--profiles", str(directory)))
        self.profile: Profile = build(read(directory / "x.toml"), "x")[0]

    @property
    def problems(self) -> dict[str, str]:
        """Messages of errors by key."""
        return {problem.key: f"{problem.message} {problem.hint}" for problem in check(self.profile) if problem.is_error}


@pytest.fixture
def imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Importer":
    return Importer(tmp_path, capsys)


class Importer:
    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._directory, self._capsys = directory, capsys

    def __call__(self, name: str) -> Import:
        return Import(name, self._directory, self._capsys)


def test_the_version_that_stands_in_the_file_name_becomes_the_variable(imported: Importer) -> None:
    found = imported("az_vmss_show")
    script = resolve(found.profile, {"version": "9.0.0"}, environ={}).script
    assert script.file_uris == ("https://files.example.com/app_v9.0.0.sh",)
    assert script.command == "bash app_v9.0.0.sh 8080 10.0.0.4", "neither the port nor the address is a version"
    assert [variable.name for variable in found.profile.variables] == ["version"]


def test_the_output_of_az_is_no_template(imported: Importer) -> None:
    found = imported("az_show_live")
    assert "[[" in resolve(found.profile, {}, environ={}).script.command and found.lint == 0


def test_functions_and_variables_of_variables_are_evaluated(imported: Importer) -> None:
    found = imported("tmpl_uri")
    values = {"_artifactsLocation": "https://h/a/", "version": "1.2.3"}
    script = resolve(found.profile, values, environ={}).script
    assert script.file_uris == ("https://h/a/scripts/install_app.sh",)
    assert script.command == "bash install_app.sh 1.2.3 ${HOSTNAME}"
    assert "$.resources[0]" in found.said and "vmssName" in found.said


def test_settings_as_json_text_are_read(imported: Importer) -> None:
    found = imported("tmpl_setstr")
    assert found.profile.script.command and found.lint == 0


def test_case_matters_and_lint_says_so(imported: Importer) -> None:
    found = imported("casing")
    assert found.lint == 2
    assert "case matters" in found.problems["script.settings.FileUris"]
    assert "commandToExecute" in found.problems["script.settings.CommandToExecute"]


def test_a_secure_parameter_moves_the_command_to_the_protected_settings(imported: Importer) -> None:
    found = imported("secure")
    assert tuple(found.profile.protected) == ("commandToExecute",) and not found.profile.script.command
    assert "adminPassword" in found.said and "<adminPassword>" in found.said
    assert "adminPassword" not in {variable.name for variable in found.profile.variables}


def test_a_text_where_a_list_belongs_is_refused_by_lint(imported: Importer) -> None:
    found = imported("fileuris_str")
    assert found.lint == 2 and "must be a list" in found.problems["script.settings.fileUris"]


def test_a_command_that_windows_cannot_run_is_refused_by_lint(imported: Importer) -> None:
    found = imported("win_long")
    assert found.lint == 2 and "8,191" in found.problems["script.command"]


def test_what_the_legacy_handler_allows_is_passed_on(imported: Importer) -> None:
    found = imported("legacy_dns")
    assert found.lint == 0
    assert resolve(found.profile, {}, environ={}).script.settings["enableInternalDNSCheck"] is True


def test_a_packed_script_is_shown_as_text_and_is_no_secret(imported: Importer) -> None:
    found = imported("gz")
    assert 'echo "héllo"' in found.said and found.lint == 0 and not found.profile.protected
