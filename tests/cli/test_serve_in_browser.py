"""A real browser (Debian's chromium) on `vmss-tui serve`: follows a rollout to its end, is read-only, reloads."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from support.program import PROFILE, Program, until
from support.simulator import SimulatorProcess

CHROMIUM = os.environ.get("VMSS_TUI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)"),
]
SIZES = ((390, 844), (1440, 900))
STEPS = PROFILE + '\n[rollout]\nsteps = [1, { batch = "100%", approve = true }]\n'


@dataclass
class Served:
    """The program, and where it serves."""

    program: Program
    address: str
    token: str


@pytest.fixture
def served(own: Program, own_world: SimulatorProcess) -> Iterator[Served]:
    own.profile("steps", STEPS)
    with own.running("serve", "--port", "0", "--allow-writes") as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        said = next(line for line in process.stderr if line.startswith("token to change"))
        token = said.strip().rpartition(" ")[2]
        yield Served(own, address.rstrip("/"), token)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desktop"])
def test_a_page_follows_a_rollout_to_its_end(served: Served, browser: Browser, size: tuple[int, int]) -> None:
    done = served.program("rollout", "steps", "hand", "--set", "version=2.0.0", "--yes", "--detach")
    rollout = done.out.strip()
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{served.address}/rollouts")
    page.click(f"text={rollout}")
    page.wait_for_selector("text=WAITING FOR APPROVAL", timeout=120_000)
    page.reload()
    page.wait_for_selector("text=WAITING FOR APPROVAL")
    until(lambda: _pump(page) and "(browser)" in served.program("rollouts").out, "the page among the watchers")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], "nothing is wider than the screen"
    assert served.program("approve", rollout).code == 0
    page.wait_for_selector("text=COMPLETED", timeout=120_000)
    page.reload()
    assert not page.query_selector("script"), "what is over is not loaded again"
    assert not page.query_selector("form, button, input"), "the page changes nothing"
    assert troubles == []


def test_a_page_says_that_it_is_not_up_to_date_and_comes_back(own: Program, browser: Browser) -> None:
    own.profile("steps", STEPS)
    rollout = own("rollout", "steps", "hand", "--set", "version=2.0.0", "--yes", "--detach").out.strip()
    until(lambda: "awaiting approval" in own("rollouts", "--json").out, "the wait for approval", 60)
    page, port = browser.new_page(), "0"
    with own.running("serve", "--port", port) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        page.goto(f"{address}rollouts/{rollout}")
        page.wait_for_selector("text=WAITING FOR APPROVAL")
        process.kill()
        page.wait_for_selector(".lost", timeout=120_000)
        assert "Not up to date" in page.inner_text(".lost")
    assert own("approve", rollout).code == 0
    with own.running("serve", "--port", address.rstrip("/").rpartition(":")[2]) as process:
        page.wait_for_selector("text=COMPLETED", timeout=120_000)
        assert not page.query_selector(".lost")


def test_without_scripts_the_page_is_whole(served: Served, browser: Browser) -> None:
    rollout = served.program("rollout", "steps", "hand", "--set", "version=2.0.0", "--yes", "--detach").out.strip()
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{served.address}/rollouts/{rollout}")
    assert rollout in page.inner_text("h1")
    assert page.query_selector("meta[http-equiv=refresh]")


def test_the_app_is_read_only_until_a_token_is_entered(served: Served, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    frames: list[str] = []

    def hear(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: frames.append(_text(payload)))

    page.on("websocket", hear)
    page.goto(served.address)
    until(lambda: _pump(page) and "READ ONLY" in "".join(frames), "the app, read-only", 120)
    page.close()
    frames.clear()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("websocket", hear)
    page.goto(f"{served.address}/act")
    page.fill("input[name=token]", "wrong")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    page.fill("input[name=token]", served.token)
    page.click("button")
    until(lambda: _pump(page) and "SCALE SET" in "".join(frames), "the app, with writes", 120)
    assert "READ ONLY" not in "".join(frames)
    page.reload()
    page.wait_for_selector("body.-first-byte", timeout=120_000)


def _pump(page: Page) -> bool:
    """Let the browser's events in."""
    page.wait_for_timeout(200)
    return True


def _text(payload: object) -> str:
    return payload.decode(errors="replace") if isinstance(payload, bytes) else str(payload)
