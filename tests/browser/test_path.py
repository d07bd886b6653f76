"""The whole path as its user walks it: open, change, see, save, share, copy, download."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from pypdf import PdfReader

from tests.browser.harness import AppPage, Server, axe

ANSWER = ".st-key-answer h3"


@pytest.fixture(scope="module")
def server(serve: Callable[..., Server]) -> Server:
    """A server whose prices are those of one day, so that figures can be compared."""
    return serve(PLANNER_DATE="2026-11-21")


def chart(app: AppPage) -> Locator:
    return app.key("break-even-chart").get_by_role("figure")


def press_slider(app: AppPage, key: str, times: int) -> None:
    slider = app.page.get_by_role("slider", name="What if the volume were")
    slider.focus()
    for _ in range(times):
        slider.press(key)
    app.settle()


def saved_link(app: AppPage) -> str:
    app.page.get_by_role("button", name="Save", exact=True).click()
    app.settle()
    app.page.get_by_role("button", name="Share", exact=True).click()
    text = app.page.get_by_text(re.compile(r"/view\?s=")).first.inner_text()
    app.page.keyboard.press("Escape")
    return text.strip()


def test_opens_with_an_answer_and_no_click(app: AppPage) -> None:
    app.open("/")
    expect(app.page.locator(ANSWER)).to_contain_text("Keep paying per token: gpt-oss-120b on Groq costs $4,727 a month")
    expect(chart(app)).to_be_visible()
    expect(app.page.get_by_test_id("stMetric")).to_have_count(6)
    assert axe(app) == []


def test_volume_moves_the_chart_and_the_answer_and_undo_brings_it_back(app: AppPage) -> None:
    app.open("/")
    before = chart(app).get_attribute("aria-label")
    press_slider(app, "End", 1)
    expect(app.page.locator(ANSWER)).to_contain_text("Run it yourself")
    assert chart(app).get_attribute("aria-label") != before
    app.page.get_by_role("button", name="Undo").click()
    app.settle()
    assert chart(app).get_attribute("aria-label") == before


def test_save_open_the_link_elsewhere_and_copy(app: AppPage, browser: Browser, server: Server) -> None:
    app.open("/")
    press_slider(app, "ArrowRight", 2)
    answer = app.page.locator(ANSWER).inner_text()
    link = saved_link(app)
    assert re.fullmatch(re.escape(server.url) + r"/view\?s=[a-z0-9]{10}&r=1", link)
    context = browser.new_context()
    other = AppPage(context.new_page(), server)
    other.open(link.removeprefix(server.url))
    expect(other.page.get_by_text("Read-only, revision 1")).to_be_visible()
    assert other.page.locator(ANSWER).inner_text() == answer
    assert axe(other) == []
    other.page.get_by_role("button", name="Make my own copy").click()
    other.settle()
    expect(other.page.get_by_role("heading", name="Keep paying per token, or run the model ourselves?")).to_be_visible()
    assert other.page.locator(ANSWER).inner_text() == answer
    assert other.problems == []
    context.close()


def test_self_contained_link_works_on_another_installation(
    app: AppPage, browser: Browser, serve: Callable[..., Server]
) -> None:
    app.open("/")
    answer = app.page.locator(ANSWER).inner_text()
    app.page.get_by_role("button", name="Share", exact=True).click()
    link = app.page.get_by_text(re.compile(r"/view\?x=")).first.inner_text().strip()
    elsewhere = serve(PLANNER_DATE="2027-06-01")
    context = browser.new_context()
    other = AppPage(context.new_page(), elsewhere)
    other.open("/view?" + link.split("?", 1)[1])
    expect(other.page.get_by_text("Read-only, from the link itself, with the prices of 2026-11-21")).to_be_visible()
    assert other.page.locator(ANSWER).inner_text() == answer
    assert other.problems == []
    context.close()


def test_downloads_hold_the_numbers_of_the_page(app: AppPage, tmp_path: Path) -> None:
    app.open("/")
    with app.page.expect_download() as csv_download:
        app.key("download-csv").get_by_role("button").click()
    text = Path(csv_download.value.path()).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    cost = next(name for name in rows[0] if name.startswith("EffectiveCost"))
    option = next(name for name in rows[0] if name.lower().replace(" ", "").startswith("x_optionid"))
    total = sum(float(row[cost]) for row in rows if row[option] == "groq-gpt-oss-120b" and row[cost])
    assert abs(total - 169_926.35) < 0.5  # cents of 36 months, each rounded once
    with app.page.expect_download() as pdf_download:
        app.key("download-pdf").get_by_role("button").click()
    words = " ".join(page.extract_text() for page in PdfReader(pdf_download.value.path()).pages)
    assert "$4,727" in words.replace("\n", " ")
    assert "169,926" in words
    assert csv_download.value.suggested_filename == "azure-conversation-traffic-gpt-oss-120b.csv"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/view?s=zzzzzzzzzz&r=1", "cannot be opened"),
        ("/view?s=../../etc/passwd", "cannot be opened"),
        ("/view?x=1.AAAA.BBBB", "cannot be opened"),
        ("/view?x=" + "A" * 7000, "cannot be opened"),
        ("/view?s=zzzzzzzzzz&r=abc", "cannot be opened"),
        ("/view", "Open a link that somebody sent you"),
    ],
)
def test_broken_and_foreign_links_say_so(app: AppPage, path: str, says: str) -> None:
    app.open(path)
    expect(app.page.get_by_text(says).first).to_be_visible()
    expect(app.page.get_by_test_id("stException")).to_have_count(0)


def test_library_opens_renames_duplicates_archives(app: AppPage) -> None:
    app.open("/")
    link = saved_link(app)
    scenario_id = link.split("s=")[1].split("&")[0]
    app.page.get_by_role("link", name="Scenarios").click()
    app.settle()
    entry = app.key(f"entry-{scenario_id}")
    expect(entry).to_be_visible()
    entry.get_by_role("button", name="Rename").click()
    field = app.page.get_by_role("textbox", name="New name")
    field.fill("Renamed <b>*x*</b> :material/home:")
    field.press("Enter")
    app.settle()
    app.page.get_by_role("button", name="Save the name as a new revision").click()
    app.settle()
    expect(entry.get_by_role("heading")).to_contain_text("Renamed <b>*x*</b>")
    expect(entry.get_by_text("revision 2")).to_be_visible()
    app.page.keyboard.press("Escape")
    entry.get_by_role("button", name="Duplicate").click()
    app.settle()
    expect(app.page.get_by_role("heading", name="Copy of Renamed")).to_be_visible()
    entry.get_by_role("button", name="Archive").click()
    app.settle()
    expect(entry).to_have_count(0)
    assert axe(app) == []


def test_a_blocked_option_says_why_and_the_rest_is_still_answered(app: AppPage) -> None:
    app.open("/")
    app.page.get_by_test_id("stSidebar").locator("summary", has_text="own H200s").click()
    app.page.get_by_role("spinbutton", name="GPUs per replica").first.fill("3")
    app.page.keyboard.press("Enter")
    app.settle()
    expect(app.page.get_by_text("is not priced").first).to_be_visible()
    expect(app.page.get_by_text("attention heads").first).to_be_visible()
    expect(app.page.locator(ANSWER)).to_contain_text("Keep paying per token")


def test_zero_volume(app: AppPage) -> None:
    app.open("/")
    slider = app.page.get_by_role("slider", name="What if the volume were")
    slider.focus()
    slider.press("Home")
    app.settle()
    expect(app.page.get_by_test_id("stException")).to_have_count(0)
    expect(app.page.get_by_test_id("stMetric").first).to_be_visible()
    expect(app.page.locator(ANSWER)).to_contain_text("At zero volume nothing is paid for tokens")
    for metric in ("Cost per request", "Cost per 1M tokens"):
        expect(app.page.get_by_test_id("stMetric").filter(has_text=metric)).to_contain_text("undefined")
    app.page.get_by_role("tab", name="Costs over time").click()
    app.settle()
    years = app.page.get_by_role("row").filter(has_text="gpt-oss-120b on Groq").filter(has_text="Year 1")
    assert years.first.get_by_role("cell").all_inner_texts()[:2] == ["Year 1", "0.00"]


def test_an_edit_keeps_place_and_focus(app: AppPage) -> None:
    """Whatever is changed inside an option, its panel stays open and the next field has the focus."""
    app.open("/")
    sidebar = app.page.get_by_test_id("stSidebar")
    sidebar.locator("summary", has_text="own H200s").click()
    app.settle()
    gpus = sidebar.get_by_role("spinbutton", name="GPUs per replica")
    gpus.fill("2")
    gpus.press("Tab")
    app.settle()
    expect(gpus).to_be_visible()
    expect(gpus).to_have_value("2")
    expect(sidebar.get_by_role("button", name="Help for Term")).to_be_focused()
    sidebar.get_by_text("Type in the GPU price").click()
    app.settle()
    expect(sidebar.get_by_role("spinbutton", name="GPU price (USD per GPU-hour)")).to_have_value("4.59")
    sidebar.get_by_text("Type in the GPU price").click()
    app.settle()
    expect(gpus).to_be_visible()
    expect(app.page.get_by_text("is not priced")).to_have_count(0)
    label = sidebar.get_by_role("textbox", name="Label")
    label.fill("Our own cluster")
    label.press("Enter")
    app.settle()
    expect(gpus).to_be_visible()
    expect(app.key("details")).to_be_visible()


def test_provider_and_gpu_bring_their_own_models_and_prices(app: AppPage) -> None:
    app.open("/")
    sidebar = app.page.get_by_test_id("stSidebar")
    sidebar.locator("summary", has_text="Gemini 3.8 Flash").click()
    app.settle()
    choose(app, "Provider", "anthropic")
    expect(app.page.get_by_text("is not priced")).to_have_count(0)
    model = sidebar.get_by_role("combobox", name=re.compile("Model"))
    expect(model).to_have_value(re.compile("claude"))


def choose(app: AppPage, label: str, value: str) -> None:
    box = app.page.get_by_test_id("stSidebar").get_by_role("combobox", name=re.compile(label))
    box.click()
    box.fill(value)
    app.page.get_by_role("option", name=value, exact=True).click()
    app.settle()


TABS = ("Break-even", "Sources", "Assumptions", "Costs over time", "Notes and versions")
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@SCHEMES
def test_an_open_option_and_a_blocked_one_are_accessible(app: AppPage, scheme: str) -> None:
    sidebar = app.open("/", scheme).page.get_by_test_id("stSidebar")
    sidebar.locator("summary", has_text="own H200s").click()
    app.settle()
    assert axe(app) == []
    sidebar.get_by_text("Type in the GPU price").click()
    app.settle()
    sidebar.get_by_role("button", name="Where this figure comes from").click()
    app.settle()
    expect(app.page.get_by_role("textbox", name="Address of the source")).to_be_visible()
    assert axe(app) == []
    app.page.keyboard.press("Escape")
    sidebar.get_by_role("spinbutton", name="GPUs per replica").fill("3")
    app.page.keyboard.press("Enter")
    app.settle()
    expect(app.page.get_by_text("is not priced").first).to_be_visible()
    sidebar.get_by_text("Type in the throughput").click()
    app.settle()
    expect(sidebar.get_by_role("spinbutton", name="Output tokens/s per replica")).to_have_value("")
    assert axe(app) == []


@SCHEMES
def test_every_detail_is_accessible(app: AppPage, scheme: str) -> None:
    app.open("/", scheme)
    for tab in TABS:
        app.page.get_by_role("tab", name=tab).click()
        app.settle()
        assert axe(app) == [], tab


@SCHEMES
def test_a_shared_scenario_is_accessible(app: AppPage, server: Server, scheme: str) -> None:
    link = saved_link(app.open("/"))
    app.open(link.removeprefix(server.url), scheme)
    expect(app.page.get_by_text("Read-only, revision 1")).to_be_visible()
    assert axe(app) == []


def test_a_rate_that_may_be_empty_can_be_given_and_taken_away(app: AppPage) -> None:
    app.open("/")
    sidebar = app.page.get_by_test_id("stSidebar")
    sidebar.locator("summary", has_text="on Groq").click()
    app.settle()
    sidebar.get_by_text("Type in the price").click()
    app.settle()
    write = sidebar.get_by_role("spinbutton", name="Cache write (USD per 1M tokens)")
    expect(write).to_have_value("")
    write.fill("0.5")
    write.press("Enter")
    app.settle()
    expect(write).to_have_value("0.5")
    write.fill("")
    write.press("Enter")
    app.settle()
    expect(write).to_have_value("")
    expect(app.page.get_by_test_id("stException")).to_have_count(0)
