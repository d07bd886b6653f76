"""A real server and a page on it: what the browser tests are written with. The fixtures are in conftest.py."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, Response

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# A deep link makes Streamlit's client look for the server below that path first.
PROBES = ("/_stcore/health", "/_stcore/host-config")

# Connected, no script running, nothing greyed out or still loading, and all that for 150 ms.
IDLE = """() => {
  const app = document.querySelector('[data-testid=stApp]')
  const busy = !app || app.dataset.testConnectionState !== 'CONNECTED' || app.dataset.testScriptState !== 'notRunning'
    || document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]')
  if (busy) { window.idleSince = undefined; return false }
  window.idleSince ??= performance.now()
  return performance.now() - window.idleSince > 150
}"""


@dataclass(frozen=True)
class Server:
    """A started server: its address, and the file it keeps its scenarios in."""

    url: str
    store: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, script: str | Path = "app.py", **environ: str) -> Iterator[Server]:
    """Start a server with an empty store in `folder`, and stop it at the end."""
    server = Server(f"http://127.0.0.1:{free_port()}", folder / "store.duckdb")
    log = folder / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(server.port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env={**os.environ, "PLANNER_STORE": str(server.store), **environ},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def wait_until_healthy(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{log.read_text(encoding='utf-8')}")


@dataclass
class AppPage:
    """A browser page on the app. It remembers everything that went wrong; the fixture fails the test with it."""

    page: Page
    server: Server
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", self._on_page_error)
        self.page.on("console", self._on_console)
        self.page.on("response", self._on_response)
        self.page.on("request", self._on_request)

    def open(self, path: str = "/", scheme: str | None = None) -> Self:
        """Open a path of the app, with `scheme` "light" or "dark" when given, and wait until it has settled."""
        if scheme:
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.page.goto(self.server.url + path)
        return self.settle()

    def settle(self, limit_s: float = 20) -> Self:
        """Wait until no script runs and nothing on the page is stale."""
        self.page.evaluate("window.idleSince = undefined")
        self.page.wait_for_function(IDLE, timeout=limit_s * 1000)
        return self

    def key(self, key: str) -> Locator:
        """The element of the widget, container or chart that was given this key."""
        return self.page.locator(f".st-key-{key}")

    def _on_page_error(self, error: Error) -> None:
        self.problems.append(f"page error: {error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not is_probe(str(message.location.get("url", ""))):
            self.problems.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not (response.status == 404 and is_probe(response.url)):
            self.problems.append(f"HTTP {response.status}: {response.url}")

    def _on_request(self, request: Request) -> None:
        ours = (f"{self.server.url}/", f"ws://127.0.0.1:{self.server.port}/", "data:", "blob:")
        if not request.url.startswith(ours):
            self.problems.append(f"request off this machine: {request.url}")


def is_probe(url: str) -> bool:
    return url.endswith(PROBES)


def axe(app: AppPage, impacts: tuple[str, ...] = ("serious", "critical")) -> list[str]:
    """The accessibility violations on the page as it stands, one line each: rule, place, what to do."""
    response: dict[str, Any] = Axe().run(app.page, options={"runOnly": AXE_RULES}).response
    return [describe(violation) for violation in response["violations"] if violation["impact"] in impacts]


def describe(violation: dict[str, Any]) -> str:
    node = violation["nodes"][0]
    places = len(violation["nodes"])
    return f"{violation['impact']} {violation['id']} x{places}: {node['target']}: {node.get('failureSummary', '')}"
