"""Starting and stopping: the ready line, files and their modes, ports, signals, parents, idleness."""

import json
import os
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from support.simulator import SimulatorProcess, StartsSimulator, exported, send
from vmss_tui.simulator import server


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vmss_tui.simulator", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_ready_line_says_everything_a_client_needs(shared_simulator: SimulatorProcess) -> None:
    ready = shared_simulator.ready
    for key in ("resource_manager", "authority", "metadata", "control"):
        assert ready[key].startswith("https://127.0.0.1:")
    for key in ("tenant_id", "client_id", "client_secret", "ca_file", "cloud_file"):
        assert ready[key]
    assert ready["pid"] == shared_simulator.process.pid


def test_the_env_file_and_the_cloud_file_agree_with_the_ready_line(simulator: StartsSimulator, tmp_path: Path) -> None:
    env_file, cloud_file = tmp_path / "simulator.env", tmp_path / "cloud.toml"
    sim = simulator(extra=["--env-file", str(env_file), "--cloud-file", str(cloud_file)])
    assert exported(env_file) == sim.variables
    cloud = tomllib.loads(cloud_file.read_text())
    assert cloud["resource_manager"] == cloud["authority"] == sim.origin
    assert cloud["ca_file"] == str(sim.ca_file)
    assert cloud["instance_discovery"] is False
    assert cloud["audience"] == "https://management.azure.com"
    secret = Path(cloud["environment"]["AZURE_CLIENT_SECRET_FILE"])
    assert secret.read_text() == sim.client_secret
    for path in (env_file, cloud_file, secret):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sim.ca_file.parent.stat().st_mode) == 0o700
    sim.stop()
    assert not env_file.exists()
    assert not cloud_file.exists()


def test_the_env_file_works_in_a_shell(simulator: StartsSimulator, tmp_path: Path) -> None:
    env_file = tmp_path / "with blank" / "sim.env"
    sim = simulator(extra=["--env-file", str(env_file)])
    words = ["sh", "-c", f'. "{env_file}" && printf %s "$AZURE_CLIENT_SECRET"']
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == sim.client_secret


def test_only_loopback_is_bound(shared_simulator: SimulatorProcess) -> None:
    listening = [
        connection.laddr
        for connection in psutil.Process(shared_simulator.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 2
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_no_secret_is_in_the_process_list(shared_simulator: SimulatorProcess) -> None:
    assert shared_simulator.client_secret not in " ".join(psutil.Process(shared_simulator.pid).cmdline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_removes_its_files(simulator: StartsSimulator, number: signal.Signals) -> None:
    sim = simulator()
    private = sim.ca_file.parent
    assert private.is_dir()
    assert sim.stop(number) == 0
    assert not private.exists()


def test_the_control_endpoint_ends_it(simulator: StartsSimulator) -> None:
    sim = simulator()
    sim.control.shutdown()
    assert sim.process.wait(20) == 0


def test_it_ends_with_the_process_that_it_follows(tmp_path: Path) -> None:
    """A parent that is killed leaves no simulator behind."""
    script = (
        "import subprocess, sys, os, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'vmss_tui.simulator', '--parent-pid', str(os.getpid())],\n"
        "                     stdout=subprocess.PIPE, text=True, start_new_session=True)\n"
        "sys.stdout.write(p.stdout.readline()); sys.stdout.flush(); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        ready = json.loads(parent.stdout.readline())
    child = psutil.Process(ready["pid"])
    parent.kill()
    parent.wait()
    psutil.wait_procs([child], timeout=20)
    assert not Path(ready["ca_file"]).exists()


def test_it_ends_when_idle_but_not_while_somebody_holds_it(simulator: StartsSimulator) -> None:
    sim = simulator(extra=["--exit-when-idle", "0.5"])
    sim.control.hold()
    sim.wait_for(lambda: sim.control.state()["idle_seconds"] > 0.8, "an idle time over the limit")
    assert sim.process.poll() is None
    sim.control.release()
    assert sim.process.wait(20) == 0


def test_requests_keep_an_idle_simulator_alive(simulator: StartsSimulator) -> None:
    sim = simulator(extra=["--exit-when-idle", "5"])
    sim.get("/subscriptions")
    assert sim.control.state()["idle_seconds"] < 5
    assert sim.process.poll() is None


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 2
    assert result.stdout == ""
    assert f"port {port} on 127.0.0.1 is already in use" in result.stderr
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_request_that_is_still_open_does_not_keep_it_from_ending(simulator: StartsSimulator) -> None:
    sim = simulator()
    sim.control.add_fault(kind="delay", path="*/subscriptions", seconds=600)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(sim.get, "/subscriptions")
        sim.wait_for(lambda: bool(sim.control.faults()[0]["hits"]), "the request to arrive")
        assert sim.stop(signal.SIGTERM) == 0
        with pytest.raises(OSError):
            hanging.result()
    assert not sim.ca_file.parent.exists()


def test_two_simulators_know_nothing_of_each_other(simulator: StartsSimulator) -> None:
    one, other = simulator("shipping"), simulator("thousand")
    assert one.origin != other.origin
    assert one.ca_file.parent != other.ca_file.parent
    with pytest.raises(ssl.SSLError):
        send(other.origin, "GET", "/metadata/endpoints", context=one.context)
    foreign = {"Authorization": f"Bearer {one.token()}"}
    assert send(other.origin, "GET", "/subscriptions", context=other.context, headers=foreign).status == 401
    one.stop()
    assert other.get("/subscriptions").status == 200
    assert other.ca_file.exists()


@pytest.mark.parametrize("place", ["no directory/env", "directory"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "no directory").write_text("a file")
    (tmp_path / "directory").mkdir()
    result = run("--env-file", str(tmp_path / place))
    assert result.returncode == 2
    assert f"cannot write {tmp_path / place}: " in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "no directory"]


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """The limit on the size of files stands for the disk."""
    words = shlex.join([sys.executable, "-m", "vmss_tui.simulator"])
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 0; exec {words}"],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot write a temporary file: " in done.stderr
    assert "TMPDIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "many"), "--port"),
        (("--speed", "0"), "speed"),
        (("--speed", "-2"), "speed"),
        (("--scenario", "no-such-scenario"), "no-such-scenario"),
        (("--scenario", "/nowhere/scenario.toml"), "/nowhere/scenario.toml"),
    ],
)
def test_bad_usage_is_one_message_and_exit_code_2(words: tuple[str, ...], says: str) -> None:
    result = run(*words)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_directory_left_by_a_killed_simulator_is_swept_by_the_next(
    simulator: StartsSimulator, tmp_path: Path
) -> None:
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    killed = simulator(env=env)
    left = killed.ca_file.parent
    killed.stop(signal.SIGKILL)
    assert left.is_dir()
    simulator(env=env)
    assert not left.exists()


def test_the_control_endpoint_is_guarded(shared_simulator: SimulatorProcess) -> None:
    answer = send(shared_simulator.origin, "GET", "/control/guess/state", context=shared_simulator.context)
    assert answer.status == 403


def test_a_bad_scenario_is_named_with_file_key_and_message(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[scenario]\nname = "bad"\nspeeed = 3\n\n[[scale_sets]]\nname = "web"\ninstances = "many"\n')
    for words in (("--scenario", str(path)), ("--lint", str(path))):
        result = run(*words)
        assert result.returncode == 2
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert any(line.startswith(f"{path}: scenario.speeed: ") and "speed" in line for line in lines)
        assert any(line.startswith(f"{path}: scale_sets[web].instances: ") for line in lines)
        assert "Traceback" not in result.stderr


def test_a_scenario_that_azure_would_refuse_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no-health.toml"
    path.write_text('[[scale_sets]]\nname = "web"\nmode = "Rolling"\nhealth = "none"\n')
    for words in (("--scenario", str(path)), ("--lint", str(path))):
        result = run(*words)
        assert result.returncode == 2
        assert "health probe or health extension was not provided" in result.stderr


def test_no_name_acts_on_the_terminal(tmp_path: Path) -> None:
    result = run("--scenario", str(tmp_path / "a\x1b]52;c;x\x07\u202e.toml"))
    assert result.returncode == 2 and "\\x1b]52" in result.stderr
    assert all(char.isprintable() or char == "\n" for char in result.stderr)


def test_every_bundled_scenario_is_listed_and_fine() -> None:
    listed = run("--list").stdout.split()
    assert {"shipping", "realscripts", "fleet", "thousand", "recorded"} <= set(listed)
    folder = Path(server.__file__).parent / "scenarios"
    for name in listed:
        result = run("--lint", str(folder / f"{name}.toml"))
        assert (result.returncode, result.stderr) == (0, "")


def test_help_says_what_it_is() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "loopback" in result.stdout
