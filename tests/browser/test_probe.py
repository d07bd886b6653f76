"""The Probe page in a browser: a real run watched live, reloaded in the middle, and its figures taken into the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.domain.measurement import Declared
from tests.browser.harness import AppPage, Server, axe
from tests.decision.probe_samples import ID, measured
from tests.probe.fault_server import Faults, separate_fault_server

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
RUN_LIMIT_MS = 30_000
SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "probe"
TABS = ("Curve", "Use in the plan", "Every run", "How it was made", "Beside another")
H200 = Declared(gpu_id="h200", gpus=1, model_id="gpt-oss-120b", format_id="mxfp4")
LAB = "Lab, rack 3"


@pytest.fixture(scope="module")
def fast() -> Iterator[str]:
    with separate_fault_server(Faults(ttft_s=0.01, token_s=0.0015, slots=4)) as url:
        yield url


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    with separate_fault_server(Faults(ttft_s=0.01, token_s=0.05, slots=4)) as url:
        yield url


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], fast: str, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server of one day with one listed target and one measurement."""
    folder = tmp_path_factory.mktemp("probe")
    target = {"name": LAB, "url": fast, "model": "tiny", "gpu": "h200", "model_id": "gpt-oss-120b"}
    (folder / "targets.yaml").write_text(yaml.safe_dump({"targets": [target | {"usd_per_gpu_hour": 4.5}]}))
    (folder / f"{ID}.json").write_bytes(measurement_json(measured(declared=H200, shape=(1155, 211))))
    environ = {"PLANNER_PROBE_TARGETS": str(folder / "targets.yaml"), "PLANNER_MEASUREMENTS": str(folder)}
    return serve(PLANNER_DATE="2026-11-21", **environ)


def fill(app: AppPage, label: str, value: str) -> None:
    box = app.page.get_by_label(label, exact=True).first
    box.fill(value)
    box.press("Enter")
    app.settle()


def ask(app: AppPage, levels: str, repeats: int) -> None:
    """Other loads than the scenario's, at its own request lengths."""
    app.page.get_by_text("Lengths, loads and limits").click()
    fill(app, "Requests in flight, one load after the other", levels)
    fill(app, "Most requests in flight", levels.rpartition(",")[2].strip())
    fill(app, "Repeats of each load", str(repeats))
    fill(app, "Waves of requests in a run", "2")


def agree_and_start(app: AppPage) -> None:
    """With the keyboard alone."""
    app.page.get_by_role("checkbox", name=re.compile("This load may be put on")).focus()
    app.page.keyboard.press("Space")
    start = app.page.get_by_role("button", name="Start the probe")
    expect(start).to_be_enabled()
    start.focus()
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_test_id("probe-step")).to_be_visible(timeout=RUN_LIMIT_MS)


def tab(app: AppPage, name: str) -> None:
    app.page.get_by_role("tab", name=name).click()
    app.settle()


def test_a_run_is_watched_live_survives_a_reload_and_changes_the_plan(app: AppPage) -> None:
    app.open("/probe")
    expect(app.key("probe-worth")).to_contain_text("the probe costs $")
    ask(app, "1, 4, 8", 2)
    expect(app.key("probe-takes")).to_contain_text("1, 4, 8 in flight; 6 runs")
    agree_and_start(app)
    panel = app.key("probe-progress")
    expect(panel).to_contain_text(f"Probing {LAB}")
    expect(panel.get_by_role("progressbar")).to_be_visible()
    expect(panel).to_contain_text(re.compile(r"[1-9] of 6 runs done"), timeout=RUN_LIMIT_MS)
    app.page.reload()
    live = panel.get_by_role("figure")
    expect(live).to_have_attribute("aria-label", re.compile(r"Measured: .* at 1 in flight"), timeout=RUN_LIMIT_MS)
    expect(panel).to_contain_text(re.compile(r"[1-9] of 6 runs done"))
    assert any(axe(app) == [] for _ in range(4)), "what is just being replaced is grey for a moment, not each time"
    app.page.get_by_role("button", name="Download measurement").wait_for(timeout=RUN_LIMIT_MS)
    app.settle()
    expect(app.page).to_have_url(re.compile(r"/probe\?m=[0-9a-f]{16}$"))
    expect(app.page.get_by_text(f"The probe of {LAB} is done")).to_be_visible()
    expect(app.key("probe-answer")).to_contain_text("counted the same answer tokens in 6 of 6 runs")
    expect(app.key("probe-curve").get_by_role("figure")).to_have_attribute("aria-label", re.compile("at 8 in flight"))
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Download measurement").click()
    found = read_measurement(Path(download.value.path()).read_bytes(), "downloaded")
    assert len(found.runs) == 6
    take_into_the_plan(app, found.measurement_id)


def take_into_the_plan(app: AppPage, measurement_id: str) -> None:
    tab(app, "Use in the plan")
    use = app.page.get_by_role("button", name="Use it in the scenario")
    use.wait_for(timeout=RUN_LIMIT_MS)
    told = app.key("probe-effect").inner_text()
    found = re.search(r"gpt-oss-120b on own H200s does (\S+) output tokens/s a replica in place of (\S+)", told)
    assert found, told
    assert found[1] != found[2]
    assert measurement_id in told
    use.click()
    app.settle()
    expect(app.page.get_by_text("The scenario rests on this measurement, and cites it.")).to_be_visible()
    app.page.get_by_role("link", name="See the answer").click()
    app.settle()
    tab(app, "Sources")
    expect(app.page.get_by_text(measurement_id).first).to_be_visible()


def test_a_cancelled_run_keeps_what_was_measured(app: AppPage, slow: str) -> None:
    app.open("/probe")
    app.page.get_by_role("combobox", name="Server", exact=True).click()
    app.page.get_by_role("option", name="An address on this machine").click()
    app.settle()
    fill(app, "Address", slow)
    ask(app, "4", 20)
    fill(app, "Output (tokens per request)", "4")
    agree_and_start(app)
    panel = app.key("probe-progress")
    expect(panel).to_contain_text(re.compile(r"[1-9]\d* of 20 runs done"), timeout=RUN_LIMIT_MS)
    panel.get_by_role("button", name="Cancel").click()
    expect(app.key("probe-answer")).to_contain_text("Not complete.", timeout=RUN_LIMIT_MS)
    expect(app.key("probe-progress")).to_have_count(0)
    app.settle()
    assert axe(app) == []


def test_a_result_of_another_tool_is_imported(app: AppPage) -> None:
    app.open("/probe")
    tab(app, "Import a result")
    app.page.locator("input[type=file]").set_input_files(SAMPLES / "vllm-rust-c8.json")
    button = app.page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(app.page.get_by_text("1 measurement imported, and kept on this server.")).to_be_visible()
    app.settle()
    told = json.loads((SAMPLES / "vllm-rust-c8.json").read_text())
    rate = told["steady_state"]["output_throughput"]
    expect(app.key("probe-metrics")).to_contain_text(f"{rate:.0f}")
    expect(app.page.get_by_text("imported from vllm bench serve", exact=False).first).to_be_visible()


@SCHEMES
def test_every_part_of_the_page_reads_well(app: AppPage, scheme: str) -> None:
    app.open("/probe", scheme)
    app.page.get_by_text("Lengths, loads and limits").click()
    app.page.get_by_text("What it sends, takes and costs").click()
    for name in ("Run it from here", "Run it beside the GPU", "Import a result"):
        tab(app, name)
        assert axe(app) == [], name
    app.open(f"/probe?m={ID}", scheme)
    for name in TABS if scheme == "light" else TABS[:2]:
        tab(app, name)
        if name == "Use in the plan":
            app.page.get_by_role("button", name="Use it in the scenario").wait_for(timeout=RUN_LIMIT_MS)
        expect(app.page.get_by_test_id("stException")).to_have_count(0)
        assert axe(app) == [], name


def test_nothing_is_wider_than_a_phone(app: AppPage) -> None:
    app.page.set_viewport_size({"width": 400, "height": 900})
    for path in ("/probe", f"/probe?m={ID}"):
        app.open(path)
        assert app.page.evaluate("document.documentElement.scrollWidth") <= 400, path
        assert axe(app) == [], path
