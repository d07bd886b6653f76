"""Usage logs as their owner brings them: dropped, read while one watches, looked at, and taken into the scenario."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import expect

from planner.domain.usage import UsageProfile
from tests.browser.harness import AppPage, Server, axe

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
TABS = (
    "Demand",
    "Lengths",
    "Models",
    "What was read",
    "Use in scenario",
    "What it cost",
    "Who pays",
    "Against the plan",
)
IMPORT_LIMIT_MS = 60_000
LARGE = "Gateway, all of October"
START = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("usage")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that takes seconds to read: 6 million requests as CSV."""
    path = tmp_path_factory.mktemp("logs") / "gateway.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT TIMESTAMP '2026-10-01' + INTERVAL 1 SECOND * (i % 2592000) AS timestamp, "
            "'m' || i % 3 AS model, i % 4000 AS input_tokens, i % 700 AS output_tokens "
            f"FROM range(6000000) AS t(i)) TO '{path}' (HEADER)"
        )
    return path


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server], folder: Path, large: Path) -> Server:
    """A server of one day, with a source that its operator has configured."""
    sources = large.parent / "sources.yaml"
    sources.write_text(f"sources:\n  - name: {LARGE}\n    path: {large}\n", encoding="utf-8")
    return serve(PLANNER_DATE="2026-11-21", PLANNER_USAGE=str(folder), PLANNER_USAGE_SOURCES=str(sources))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of two models, busy in office hours; two rows are broken."""
    path = tmp_path_factory.mktemp("logs") / "assistant.csv"
    lines = ["timestamp,model,input_tokens,cached_input_tokens,output_tokens,duration_ms,team"]
    for hour in range(21 * 24):
        when = START + dt.timedelta(hours=hour)
        busy = when.weekday() < 5 and 8 <= when.hour < 18
        for k in range(12 if busy else 2):
            at = when + dt.timedelta(seconds=290 * k)
            model = "gpt-4o-mini" if k % 3 else "gpt-4o"
            lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{model},{900 + 40 * k},300,{150 + 10 * k},{800 + k},team-{k % 2}")
    lines[5:5] = ["2026-10-05T03:00:00Z,gpt-4o,many,0,10,5,team-1", "yesterday,gpt-4o,10,0,10,5,team-1"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def drop(app: AppPage, *files: Path) -> None:
    app.open("/workload")
    app.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(files))
    expect(app.page.get_by_role("button", name="Import", exact=True)).to_be_enabled(timeout=20_000)
    app.settle()
    app.page.get_by_role("button", name="Import", exact=True).click()


def arrived(app: AppPage) -> None:
    """The import has ended and is shown."""
    expect(app.page).to_have_url(re.compile("import=[0-9a-f]{16}"), timeout=IMPORT_LIMIT_MS)
    app.settle()


@pytest.fixture(scope="module")
def imported(folder: Path, log: Path) -> list[str]:
    """The address of the import of `log`, once a test has made it."""
    return []


def open_import(app: AppPage, log: Path, imported: list[str], scheme: str = "light") -> None:
    if not imported:
        drop(app, log)
        arrived(app)
        imported.append(app.page.url.removeprefix(app.server.url))
    app.open(imported[0], scheme)
    expect(app.page.get_by_role("heading", name="assistant")).to_be_visible()


def tab(app: AppPage, name: str) -> None:
    app.page.get_by_role("tab", name=name).click()
    app.settle()


@SCHEMES
def test_the_beginning(app: AppPage, scheme: str) -> None:
    app.open("/workload", scheme)
    expect(app.page.get_by_text("prompts are never stored")).to_be_visible()
    app.page.get_by_text("Which formats are understood").click()
    app.settle()
    expect(app.page.get_by_role("region", name="Formats").get_by_role("row")).to_have_count(30)
    app.page.get_by_text("How to read it").click()
    app.settle()
    assert axe(app) == []


def test_a_dropped_file_is_recognised_read_and_shown(app: AppPage, log: Path, imported: list[str]) -> None:
    open_import(app, log, imported)
    expect(app.page.get_by_text("2 rows of")).to_be_visible()
    expect(app.page.get_by_text("one row per request")).to_be_visible()
    expect(app.page.get_by_role("figure", name=re.compile("Heat map of the week"))).to_be_visible()
    expect(app.page.get_by_role("figure", name=re.compile("Load-duration curve"))).to_be_visible()
    app.page.get_by_text("The same as a table").first.click()
    app.settle()
    expect(app.page.get_by_role("region", name="The week")).to_contain_text("08:00")
    tab(app, "Lengths")
    expect(app.page.get_by_role("figure", name=re.compile("Histogram of input tokens"))).to_be_visible()
    expect(app.page.get_by_role("figure", name=re.compile("Histogram of output tokens"))).to_be_visible()
    tab(app, "What was read")
    expect(app.page.get_by_role("region", name="What was read")).to_contain_text("Plain table")
    rejects = app.page.get_by_role("region", name="Rows that could not be used")
    expect(rejects).to_contain_text("is not a whole number")
    expect(rejects).to_contain_text("is not a time")


@SCHEMES
def test_every_part_of_a_result_reads_well(app: AppPage, log: Path, imported: list[str], scheme: str) -> None:
    open_import(app, log, imported, scheme)
    for name in TABS:
        tab(app, name)
        assert axe(app) == [], name


@pytest.mark.parametrize("scheme", ["light"])
def test_nothing_is_wider_than_a_phone(app: AppPage, log: Path, imported: list[str], scheme: str) -> None:
    app.page.set_viewport_size({"width": 400, "height": 900})
    open_import(app, log, imported, scheme)
    for name in TABS:
        tab(app, name)
        assert not app.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth"), name
        expect(app.page.get_by_test_id("stException")).to_have_count(0)
        assert axe(app) == [], name
    app.open("/workload")
    assert not app.page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth")
    assert axe(app) == []


def test_the_profile_is_taken_away_as_json(app: AppPage, log: Path, imported: list[str]) -> None:
    open_import(app, log, imported)
    with app.page.expect_download() as download:
        app.page.get_by_role("button", name="Download profile").click()
    profile = UsageProfile.model_validate_json(Path(download.value.path()).read_bytes())
    assert profile.name == "assistant"
    assert profile.rows_rejected == 2
    assert len(profile.week) == 168


def test_a_measured_log_goes_into_the_scenario_and_out_again(app: AppPage, log: Path, imported: list[str]) -> None:
    open_import(app, log, imported)
    app.page.get_by_role("button", name="Use in scenario").click()
    app.settle()
    expect(app.page.get_by_role("region", name="What changes in the scenario")).to_contain_text("measured")
    app.page.get_by_role("button", name="Use these figures").click()
    app.settle()
    assert axe(app) == []
    app.page.get_by_role("link", name="See the answer").click()
    app.settle()
    expect(app.page.get_by_text("Workload: measured, assistant")).to_be_visible()
    expect(app.page.get_by_role("link", name="See the import")).to_be_visible()
    assert axe(app) == []
    app.page.get_by_role("button", name="Undo").click()
    app.settle()
    expect(app.page.get_by_text("Workload: measured")).to_have_count(0)


def test_typing_over_a_measured_figure_says_what_it_does(app: AppPage, log: Path, imported: list[str]) -> None:
    open_import(app, log, imported)
    app.page.get_by_role("button", name="Use in scenario").click()
    app.settle()
    app.page.get_by_role("button", name="Use these figures").click()
    app.settle()
    app.page.get_by_role("link", name="Decide").click()
    app.settle()
    box = app.page.locator('input[aria-label="Requests per day"]').first
    box.fill("5000")
    box.press("Enter")
    app.settle()
    expect(app.page.get_by_text("counts as measured no more")).to_be_visible()
    expect(app.page.get_by_text("Workload: measured")).to_have_count(0)
    assert axe(app) == []


def test_an_import_shows_how_far_it_is_and_is_cancelled(app: AppPage, folder: Path) -> None:
    app.open("/workload")
    before = set(folder.iterdir()) if folder.is_dir() else set()
    app.page.get_by_role("button", name="Import this source").click()
    bar = app.page.get_by_role("progressbar")
    expect(bar).to_be_visible(timeout=20_000)
    assert axe(app) == []
    app.page.get_by_role("button", name="Cancel").click()
    expect(app.page.get_by_text("The import was stopped")).to_be_visible(timeout=20_000)
    app.settle()
    kept = {path for path in folder.iterdir() if re.fullmatch("[0-9a-f]{16}", path.name)}
    assert kept <= before, "nothing half-read is kept"


def test_the_other_pages_work_while_a_configured_source_is_read(app: AppPage) -> None:
    app.open("/workload")
    app.page.get_by_role("button", name="Import this source").click()
    expect(app.page.get_by_role("progressbar")).to_be_visible(timeout=20_000)
    app.page.get_by_role("link", name="Decide").click()
    expect(app.page.get_by_role("heading", name="Keep paying per token, or")).to_be_visible(timeout=20_000)
    app.page.get_by_role("link", name="Workload").click()
    arrived(app)
    expect(app.page.get_by_role("heading", name=LARGE)).to_be_visible()
    expect(app.page.get_by_text("6,000,000 requests")).to_be_visible()


def test_a_table_of_other_names_is_read_by_saying_which_column_is_which(app: AppPage, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    rows = (f"2026-11-02 {h:02d}:00:00,gpt-4o,{100 + h},10,what somebody wrote" for h in range(24))
    odd.write_text("Sent at,Deployment,Tokens in,Tokens out,messages\n" + "\n".join(rows), encoding="utf-8")
    drop(app, odd)
    expect(app.page.get_by_text("which column is which?")).to_be_visible(timeout=20_000)
    app.settle()
    first = app.page.get_by_role("region", name="The first 5 rows as read")
    expect(first).to_contain_text("2026-11-02 04:00:00")
    expect(app.page.get_by_text("what somebody wrote")).to_have_count(0)
    assert axe(app) == []
    app.page.get_by_role("button", name="Import with these columns").click()
    arrived(app)
    expect(app.page.get_by_text("24 requests")).to_be_visible()


def test_the_sample_is_begun_with_the_keyboard_alone(app: AppPage) -> None:
    app.open("/workload")
    for _ in range(40):
        app.page.keyboard.press("Tab")
        if app.page.evaluate("document.activeElement.innerText") == "Try with a sample":
            break
    app.page.keyboard.press("Enter")
    arrived(app)
    expect(app.page.get_by_text("19,366 requests")).to_be_visible()


def test_an_import_is_forgotten_for_good(app: AppPage, folder: Path) -> None:
    app.open("/workload")
    app.page.get_by_role("button", name="Try with a sample").click()
    arrived(app)
    profile_id = app.page.url.rpartition("=")[2]
    assert (folder / profile_id).is_dir()
    app.page.get_by_role("button", name="Forget this import").click()
    app.page.get_by_role("button", name="Forget it").click()
    expect(app.page.get_by_text("is forgotten")).to_be_visible(timeout=20_000)
    assert not (folder / profile_id).exists()
