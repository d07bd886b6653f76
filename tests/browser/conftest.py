"""Fixtures of the browser tests: `app` is a page on a server that all tests share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from scripts.ensure_chromium import find_chromium
from tests.browser.harness import AppPage, Server, running

FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as `browser`, and run it last: Playwright keeps an event loop in this thread until the end,
    in which asyncio.run() no longer works."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    items[:] = [item for item in items if item not in ours] + ours


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("no Chromium on this machine: run scripts/ensure_chromium.py")
    return {**browser_type_launch_args, "executable_path": str(chromium), "args": FLAGS, "chromium_sandbox": False}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": {"width": 1400, "height": 900},
        "locale": "en-US",
        "timezone_id": "UTC",
        "color_scheme": "light",
        "reduced_motion": "reduce",
    }


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start one more server: `serve()`, `serve("other.py")`, `serve(PLANNER_GZIP="1")`. It stops when the tests end."""
    with ExitStack() as started:

        def start(script: str | Path = "app.py", **environ: str) -> Server:
            return started.enter_context(running(tmp_path_factory.mktemp("server"), script, **environ))

        yield start


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """The server that all tests share."""
    return serve()


@pytest.fixture
def visit(page: Page) -> Iterator[Callable[[Server], AppPage]]:
    """Put this test's page on a server of its own: `visit(serve())`. The rule of `app` holds there too."""
    visited: list[AppPage] = []

    def on(server: Server) -> AppPage:
        visited.append(AppPage(page, server))
        return visited[-1]

    yield on
    assert [problem for app in visited for problem in app.problems] == []


@pytest.fixture
def app(visit: Callable[[Server], AppPage], server: Server) -> AppPage:
    """A page on the shared server.

    The test fails on a page error, a console error, an HTTP error or a request that leaves this machine.
    """
    return visit(server)
