"""The log that all processes share: what is in it, who may read it, and how it is chosen what goes there."""

import json
import logging
import re
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Inside, Program, until
from vmss_tui import __version__
from vmss_tui.cli import logs
from vmss_tui.cli.main import main
from vmss_tui.errors import UsageError
from vmss_tui.paths import log_file

CALL = re.compile(
    r"^\S+Z (info|warning) +\d+ vmss_tui\.gateway\.calls: (GET|PUT|PATCH|POST) (/\S+) status=(\d+) ms=\d+ "
    r"request_id=(\S+) correlation_id=(\S+) attempt=\d+$",
    re.MULTILINE,
)


@pytest.fixture(autouse=True)
def no_handler_left() -> Iterator[None]:
    """Handlers of a test go with it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_every_call_is_a_line_with_its_ids(inside: Inside) -> None:
    assert inside("list").code == 0
    calls = CALL.findall(log_file().read_text())
    assert {method for _, method, *_ in calls} == {"GET", "POST"}
    paths = [path for _, _, path, *_ in calls]
    assert "/subscriptions" in paths and any(path.endswith("ResourceGraph/resources") for path in paths)
    assert all(request != "-" and correlation != "-" for *_, request, correlation in calls)
    assert "?" not in "".join(paths)
    assert stat.S_IMODE(log_file().stat().st_mode) == 0o600


def test_a_retry_is_a_line_of_its_own(inside: Inside, cli_world: object) -> None:
    from support.simulator import SimulatorProcess

    assert isinstance(cli_world, SimulatorProcess)
    cli_world.control.add_fault(kind="status", status=503, path="*/subscriptions", count=1)
    assert inside("list").code == 0
    cli_world.control.clear_faults()
    text = log_file().read_text()
    assert re.search(r"GET /subscriptions status=503 .* attempt=1\n", text)
    assert re.search(r"GET /subscriptions status=200 .* attempt=2\n", text)


def test_the_runner_writes_to_the_same_file(own: Program) -> None:
    done = own("rollout", "app", "slow", "--set", "version=2.0.0", "--yes", "--detach")
    assert done.code == 0, done.err
    log = Path(own.env["XDG_STATE_HOME"]) / "vmss-tui" / "vmss-tui.log"

    def written() -> bool:
        return any(method in ("PUT", "PATCH") for _, method, *_ in CALL.findall(log.read_text()))

    until(written, "the runner's write in the log")
    processes = {line.split()[2] for line in log.read_text().splitlines() if "gateway.calls" in line}
    assert len(processes) == 2
    own("cancel", done.out.strip())


@pytest.mark.parametrize(
    "words", [(), ("list",), ("rollouts",), ("profiles", "list"), ("rollout", "app", "slow", "--yes")]
)
def test_a_wrong_level_is_one_line_and_starts_nothing(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMSS_TUI_LOG", "verbose")
    monkeypatch.setattr("vmss_tui.cli.open_app.require_terminal", lambda *_: None)
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and "$VMSS_TUI_LOG" in err and "debug, info, warning, error" in err
    assert len(err.splitlines()) == 2
    assert not log_file().parent.exists()


def test_the_nearer_level_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logs.level_of() == "info"
    assert logs.level_of(None, "error") == "error"
    monkeypatch.setenv("VMSS_TUI_LOG", "WARNING")
    assert logs.level_of(None, "error") == "warning"
    assert logs.level_of("debug", "error") == "debug"
    with pytest.raises(UsageError, match="log_level"):
        monkeypatch.delenv("VMSS_TUI_LOG")
        logs.level_of(None, "loud")


@pytest.mark.parametrize(
    "words", [("--debug", "rollouts"), ("rollouts", "--debug"), ("--log-level", "error", "list", "--debug")]
)
def test_debug_goes_to_stderr_too_without_secrets(words: tuple[str, ...], vmss: Program) -> None:
    done = vmss(*words)
    assert done.code == 0
    if "list" in words:
        assert "gateway.calls: GET /subscriptions" in done.err
    assert f"vmss-tui {__version__}" in done.err and str(log_file()) in done.err
    assert vmss.variables.get("AZURE_CLIENT_SECRET", "none") not in done.err
    assert "Bearer eyJ" not in done.err
    assert json.loads(vmss(*words, "--json").out) is not None


def test_an_error_level_keeps_calls_out(vmss: Program) -> None:
    assert vmss("--log-level", "error", "list").code == 0
    log = Path(vmss.env["XDG_STATE_HOME"]) / "vmss-tui" / "vmss-tui.log"
    assert not log.exists() or CALL.search(log.read_text()) is None


def test_a_secret_in_a_message_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("info", debug=True)
    logging.getLogger("vmss_tui.test").warning("asked https://x/a.sh?sig=%s", "Xq3vN8sLw0Zt5RbK")
    try:
        raise ValueError("AccountKey=Xq3vN8sLw0Zt5RbK")
    except ValueError:
        logging.getLogger("vmss_tui.test").exception("it\nfailed")
    for text in (log_file().read_text(), capsys.readouterr().err):
        assert "Xq3vN8sLw0Zt5RbK" not in text and "sig=***" in text and "it\\nfailed" in text and "Traceback" in text


WRITER = """
import logging, sys
from vmss_tui.cli import logs
logs.LARGEST = 20_000
logs.start("info")
for number in range(400):
    logging.getLogger("vmss_tui.test").info("%s %d %s", sys.argv[1], number, "x" * 60)
"""


def test_two_processes_rotate_one_file_and_lose_no_line() -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    found = sorted(log_file().parent.glob("vmss-tui.log*"))
    assert [path.name for path in found] == ["vmss-tui.log", *(f"vmss-tui.log.{number}" for number in (1, 2, 3))]
    assert all(path.stat().st_size < 21_000 and stat.S_IMODE(path.stat().st_mode) == 0o600 for path in found)
    lines = [line for path in found for line in path.read_text().splitlines()]
    assert all(line.endswith("x" * 60) for line in lines), "lines are whole"
    newest = {name: max(int(line.split()[5]) for line in lines if line.split()[4] == name) for name in ("one", "two")}
    assert newest == {"one": 399, "two": 399} or len(lines) > 500


def test_a_full_disk_does_not_hide_what_was_to_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    logs.start("info")
    monkeypatch.setattr("vmss_tui.cli.logs.open_private", full)
    logging.getLogger("vmss_tui.test").error("lost")
    assert logs.write_traceback(ValueError("x")) is None


def test_info_shows_quota_credentials_and_level(inside: Inside) -> None:
    facts = inside("info", "--json").json
    assert facts["quota"]["buckets"] and facts["quota"]["calls"] > 0
    assert any(tried.endswith(": signed in") for tried in facts["sign_in"]["tried"])
    assert facts["log_level"] == "info"
    shown = inside("info").out
    assert "quota left" in shown and "tried" in shown


def test_a_support_bundle_holds_no_secret(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMSS_TUI_SECRET_KEY", "Xq3vN8sLw0Zt5RbK")
    log_file().parent.mkdir(parents=True)
    log_file().write_text("warning https://x/a.sh?sig=Xq3vN8sLw0Zt5RbK\n")
    done = inside("support-bundle", "--output", str(tmp_path / "b.tar.gz"))
    assert (done.code, done.out) == (0, f"{tmp_path / 'b.tar.gz'}\n")
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        files = {entry.name: (archive.extractfile(entry) or sys.stdin).read() for entry in archive.getmembers()}
    assert {
        "vmss-tui-support/info.json",
        "vmss-tui-support/rollouts.json",
        "vmss-tui-support/logs/vmss-tui.log",
    } <= set(files)
    assert not [name for name, text in files.items() if b"Xq3vN8sLw0Zt5RbK" in text]
    names = json.loads(files["vmss-tui-support/environment.json"])["names"]
    assert "VMSS_TUI_SECRET_KEY" in names
    assert inside("support-bundle", "--output", str(tmp_path / "b.tar.gz")).code == 2, "nothing is overwritten"
