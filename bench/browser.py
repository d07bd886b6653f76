"""In a real Chromium: start to first answer, cold page load, and slider to settled chart."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.ensure_chromium import find_chromium
from tests.browser.conftest import FLAGS
from tests.browser.harness import IDLE, running

LOADS = 5
PRESSES = 40
SLIDER = "What if the volume were"
QUIET_MS = 400

# Notes when a key went down, and when anything inside the chart last changed.
WATCH = """() => {
  window.changes = []
  const inChart = node => (node.nodeType === 1 ? node : node.parentElement)?.closest?.('.st-key-break-even-chart')
  new MutationObserver(seen => {
    if (seen.some(change => inChart(change.target))) window.changes.push(performance.now())
  }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true})
  document.addEventListener('keydown', () => { window.pressed = performance.now() }, true)
}"""
SETTLED = f"() => window.changes.length && performance.now() - window.changes.at(-1) > {QUIET_MS}"


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()


def load_s(browser: Browser, url: str) -> tuple[float, Page]:
    """Seconds from address to a drawn chart and a quiet page, with an empty cache."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce").new_page()
    started = time.perf_counter()
    page.goto(url)
    page.locator(".st-key-break-even-chart .main-svg").first.wait_for()
    page.wait_for_function(IDLE)
    return time.perf_counter() - started, page


def slider_ms(page: Page) -> list[float]:
    """Milliseconds from a key press on the slider to the last change inside the chart, one per press."""
    page.evaluate(WATCH)
    slider = page.get_by_role("slider", name=SLIDER)
    slider.focus()
    times = []
    for index in range(PRESSES):
        page.evaluate("window.changes.length = 0")
        slider.press("ArrowRight" if (index // 8) % 2 == 0 else "ArrowLeft")
        page.wait_for_function(SETTLED, timeout=15_000)
        times.append(float(page.evaluate("window.changes.at(-1) - window.pressed")))
    return times


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def rows() -> list[tuple[str, str]]:
    """Name and figure of each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with running(Path(folder), PLANNER_DATE="2026-11-21") as server, chromium() as browser:
            first, page = load_s(browser, server.url)
            from_start = time.perf_counter() - started
            page.context.close()
            loads = []
            for _ in range(LOADS):
                seconds, page = load_s(browser, server.url)
                loads.append(seconds)
                presses = slider_ms(page) if len(loads) == LOADS else []
                page.context.close()
    return [
        ("server start to first answer in the browser", f"{from_start:.1f} s (page itself {first:.1f} s)"),
        (f"page load, empty cache, median of {LOADS}", f"{statistics.median(loads):.2f} s"),
        (
            f"slider key to settled chart, {PRESSES} presses, p50 / p95",
            f"{statistics.median(presses):.0f} / {p95(presses):.0f} ms",
        ),
    ]


def report() -> list[str]:
    """The table; without a Chromium, a line that says so."""
    title = ["## In a real Chromium, server and browser on this machine", ""]
    if find_chromium() is None:
        return [*title, "Not measured: no Chromium on this machine."]
    return [*title, "| what | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows())]


if __name__ == "__main__":
    print("\n".join(report()))
