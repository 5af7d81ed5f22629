"""What a profile asks to be asked, from the command line: a command or a web address, with the profile's timeout."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.program import PROFILE, Program
from support.simulator import SimulatorProcess

WORDS = ("app", "hand", "--set", "version=2.2.0", "--yes", "--jsonl", "--batch", "2")


@pytest.fixture
def site() -> Iterator[str]:
    """A web server that is fine at `/fine`, is not at `/ill`, and does not answer at `/slow` until it is closed."""
    closed = threading.Event()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/slow"):
                closed.wait()
            self.send_response(200 if self.path.startswith("/fine") else 503)
            self.end_headers()
            self.wfile.write(b"error rate 7%\n")

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    closed.set()
    server.shutdown()
    server.server_close()


def gated(program: Program, gate: str) -> None:
    program.profile("app", f'{PROFILE}\n[rollout.gate]\n{gate}\ntimeout = "1s"\n')


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ('command = ["sleep", "30"]', "sleep did not answer within 1s"),
        ('command = ["sh", "-c", "echo error rate 7%; exit 3"]', "error rate 7%"),
        ('url = "{site}/slow"', "{site}/slow did not answer within 1s"),
        ('url = "{site}/ill"', "{site}/ill answered 503: error rate 7%"),
    ],
)
def test_a_gate_that_says_no_stops_before_anything_is_written(
    own: Program, own_world: SimulatorProcess, site: str, gate: str, why: str
) -> None:
    gated(own, gate.format(site=site))
    own_world.control.reset_counters()
    done = own("rollout", *WORDS)
    assert (done.code, done.records[-1]["verdict"]) == (1, "failed")
    assert done.records[-1]["reason"] == f"{why.format(site=site)}; nothing was changed"
    writes = [request for request in own_world.control.requests() if request["method"] not in ("GET", "HEAD", "POST")]
    assert not [write for write in writes if "/hand" in write["path"]]


def test_a_gate_that_agrees_is_asked_before_every_batch(own: Program, site: str) -> None:
    gated(own, f'url = "{site}/fine/${{version}}"')
    done = own("rollout", *WORDS)
    assert done.code == 0, done.err
    asked = [record for record in done.records if record["event"] == "gate_checked" and record["gate"] == "external"]
    assert [(check["batch"], check["passed"]) for check in asked] == [(1, True), (2, True)]
    assert asked[0]["message"] == f"{site}/fine/2.2.0 answered 200: error rate 7%"
