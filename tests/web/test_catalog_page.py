"""The catalog page, contracted prices, and re-pricing what was saved: with a real store and a real folder of rows."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.catalog.catalog import load
from planner.catalog.listing import TABLES
from planner.catalog.rows import ApiPriceRow, ContractedPriceRow, GpuPriceRow
from planner.decision import present
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.scenario import Scenario
from planner.refresh.append import append_rows
from planner.store.duck import open_store
from planner.store.revisions import SavedRef
from planner.web.catalog_contracts import OPERATOR, contract_id
from tests.builders import listed, rented, requests, scenario, workload
from tests.catalog.test_search import api_row
from tests.web.editor import ON, go, labelled, new_session, press, turn

PRICE_ID = "runpod-h100-sxm-pod-on-demand"
PROVIDER, MODEL = "openai", "gpt-4o"
LIMIT_S = 0.3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "catalog"


@pytest.fixture
def app(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_CATALOG", str(folder))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    st.cache_resource.clear()
    yield new_session()
    st.cache_resource.clear()


def tables(app: AppTest) -> str:
    """Every HTML table on the page, as text with its markup."""
    return " ".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.error, *app.warning, *app.success, *app.subheader]
    return " ".join(part.value for part in parts).replace("\\", "").replace("\u2060", "")


def links(app: AppTest) -> list[str]:
    return [element.proto.page for element in app.get("page_link")]


def open_row(app: AppTest, row: str) -> AppTest:
    app.query_params["row"] = row
    go(app, "catalog")
    return app


def rows_in(app: AppTest) -> int:
    return tables(app).count("<tr>") - tables(app).count("<thead>")


# The lists


def test_the_page_lists_the_models_of_the_price_library(app: AppTest) -> None:
    go(app, "catalog")
    assert rows_in(app) == 50
    found = re.search(r"1 to 50 of ([\d,]+) found", words(app))
    assert found is not None
    assert int(found[1].replace(",", "")) > 2000
    assert '<th scope="col">Model</th>' in tables(app)
    assert 'target="_blank"' in tables(app)


def test_all_words_of_a_search_must_occur(app: AppTest) -> None:
    go(app, "catalog")
    labelled(app.text_input, "Search").set_value("RUNPOD h100-sxm on_demand").run()
    assert "Nothing in API prices" in words(app)
    labelled(app.selectbox, "Table").set_value("gpu_prices").run()
    assert not app.exception
    assert 0 < rows_in(app) < 10
    body = re.search(r"<tbody>(.*)</tbody>", tables(app))
    assert body is not None
    assert body[1].count("RunPod") == rows_in(app)


def test_nothing_found_says_so_and_how_to_see_everything_again(app: AppTest) -> None:
    go(app, "catalog")
    labelled(app.text_input, "Search").set_value("no such model anywhere").run()
    assert "Take a filter away" in words(app)
    press(app, "Show all rows")
    assert rows_in(app) == 50


def test_every_table_can_be_listed(app: AppTest) -> None:
    go(app, "catalog")
    for spec in TABLES:
        labelled(app.selectbox, "Table").set_value(spec.key).run()
        assert not app.exception, spec.key
        assert rows_in(app) > 0 or "There are no contracted prices" in words(app), spec.key


def test_the_next_page_goes_on_where_the_first_one_ended(app: AppTest) -> None:
    go(app, "catalog")
    labelled(app.selectbox, "Table").set_value("gpu_prices").run()
    first = set(re.findall(r"catalog\?row=([^\"]+)", tables(app)))
    found = re.search(r"of (\d+) found", words(app))
    assert found is not None
    app.session_state[f"catalog-page-gpu_prices-{found[1]}"] = 2
    app.run()
    second = set(re.findall(r"catalog\?row=([^\"]+)", tables(app)))
    assert "51 to 100 of" in words(app)
    assert len(first) == 50
    assert not first & second


def test_the_offers_of_one_gpu_are_shown_with_their_spread(app: AppTest) -> None:
    go(app, "catalog")
    labelled(app.selectbox, "Table").set_value("gpu_prices").run()
    assert "median" not in words(app)
    app.multiselect(key="catalog-gpu_prices-GPU").set_value(["h100-sxm"]).run()
    told = re.search(r"offers of h100-sxm: ([\d.]+) to ([\d.]+) USD per GPU-hour, median ([\d.]+\d)", words(app))
    assert told is not None
    low, high, median = map(float, told.groups())
    assert low < median < high
    assert high / low > 4


def test_old_rows_have_a_badge_in_words(app: AppTest) -> None:
    go(app, "catalog")
    labelled(app.selectbox, "Table").set_value("gpu_prices").run()
    turn(app, "Older than 90 days")
    body = re.search(r"<tbody>(.*)</tbody>", tables(app))
    assert body is not None
    assert body[1].count("older than 90 days") == rows_in(app)


def test_a_page_and_a_search_are_drawn_at_once(app: AppTest) -> None:
    """Server time, once the catalog is read: over all models of the price library."""
    go(app, "catalog")
    times = []
    for typed in ("l", "ll", "llama", "llama 70b"):
        box = labelled(app.text_input, "Search").set_value(typed)
        start = time.perf_counter()
        box.run()
        times.append(time.perf_counter() - start)
    assert sorted(times)[1] < LIMIT_S


def test_the_refresh_is_for_operators(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OPERATOR, raising=False)
    go(app, "catalog")
    app.session_state["catalog-refresh"] = True
    app.run()
    assert not app.exception
    assert "Looking for new prices is for operators" in words(app)
    monkeypatch.setenv(OPERATOR, "1")
    app.run()
    assert any(button.label == "Look for new prices" for button in app.button)


# One row


def test_a_deep_link_is_the_first_thing_a_fresh_session_opens(app: AppTest) -> None:
    open_row(app, f"gpu_prices/{PRICE_ID}")
    assert app.subheader[0].value.replace("\\", "").startswith("RunPod")
    assert "usd_per_gpu_hour" in tables(app)
    assert "USD per GPU-hour" in tables(app)
    assert "No saved scenario rests on this row" in words(app)
    press(app, "Back to the list")
    assert "rows in GPU prices" in words(app)


@pytest.mark.parametrize(
    "row",
    [
        "api/google/gemini-3.8-flash",
        "gpus/h100-sxm",
        "models/llama-3.3-70b",
        "formats/awq-int4",
        "defaults/staff-usd-per-hour-2026-11-20",
        "measured/m0000",
    ],
)
def test_a_row_of_every_kind_opens(app: AppTest, row: str) -> None:
    open_row(app, row)
    assert not app.error
    assert app.subheader
    assert row in words(app)


def test_an_announced_price_is_drawn_and_told(app: AppTest) -> None:
    open_row(app, "api/google/gemini-3.8-flash")
    (chart,) = app.get("plotly_chart")
    assert "7.5 from 2027-01-01 (announced)" in chart.proto.alt
    assert "2027-01-01" in tables(app)


def test_a_model_shows_its_scores_and_its_licence(app: AppTest) -> None:
    open_row(app, "models/llama-3.3-70b")
    assert "Published scores" in tables(app)
    assert "700,000,000" in tables(app)


def test_a_format_shows_its_recovery_as_a_range_with_the_warning(app: AppTest) -> None:
    open_row(app, "formats/awq-int4")
    assert re.search(r"It keeps [\d.]+ to [\d.]+ % of the 16-bit score", words(app)) or "Nothing published" in words(
        app
    )
    assert "long prompts" in words(app) or "prompts of" in words(app)


@pytest.mark.parametrize("strange", ["gpu_prices/runpod-h100", "nonsense", "api/openai/<script>", "models/../gpus"])
def test_a_row_that_is_not_there_is_said_with_the_way_out(app: AppTest, strange: str) -> None:
    open_row(app, strange)
    assert "The catalog has no row" in words(app)
    press(app, "Back to the list")
    assert not app.error


# Contracts


def fill(app: AppTest, **cells: str) -> None:
    for field, value in cells.items():
        app.text_input(key=f"contract-{field}").set_value(value)


def open_form(app: AppTest) -> None:
    go(app, "catalog")
    app.session_state["contract-form"] = True
    app.run()
    assert not app.exception


def contracts(folder: Path) -> tuple[ContractedPriceRow, ...]:
    return load(local_dir=folder).tables.contracted


def test_without_an_operator_there_is_no_form(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OPERATOR, raising=False)
    open_form(app)
    assert f"{OPERATOR}=1" in words(app)
    assert not any(button.label == "Add this contract" for button in app.button)


def test_a_contract_is_added_and_used_by_new_answers(
    app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OPERATOR, "1")
    open_form(app)
    labelled(app.selectbox, "Contract with").set_value(PROVIDER).run()
    labelled(app.selectbox, "Contracted model").set_value(MODEL).run()
    fill(app, input_usd_per_mtok="2.00", output_usd_per_mtok="8", owner="Procurement", reason="Contract 4711")
    press(app, "Add this contract")
    assert "Added openai-gpt-4o-2026-11-21" in words(app)
    (row,) = contracts(folder)
    assert (str(row.input_usd_per_mtok), row.effective_from, row.as_of) == ("2.00", ON, ON.isoformat())
    labelled(app.selectbox, "Table").set_value("contracted_prices").run()
    # list 2.50, contracted and effective 2.00: 20 % less
    assert "<td>Input</td>" in tables(app)
    assert re.search(
        r'">2\.50</td><td class="figure">2\.00</td><td class="figure">2\.00</td><td[^>]*>−20\.0', tables(app)
    )


def test_a_gpu_contract_and_back_to_the_list(app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPERATOR, "1")
    open_form(app)
    labelled(app.radio, "What it is for").set_value("A GPU offer, per hour").run()
    labelled(app.selectbox, "Contracted GPU offer").set_value(PRICE_ID).run()
    fill(app, usd_per_gpu_hour="2.75", owner="Platform team", reason="Quote of the day")
    press(app, "Add this contract")
    assert [row.usd_per_gpu_hour for row in contracts(folder)] == [2.75]
    monkeypatch.setenv("PLANNER_DATE", (ON + dt.timedelta(days=9)).isoformat())
    turn(app, "Back to the list price")
    fill(app, owner="Platform team", reason="Contract ended", effective_from=str(ON + dt.timedelta(days=9)))
    press(app, "Add this contract")
    assert [row.usd_per_gpu_hour for row in contracts(folder)] == [2.75, None]
    labelled(app.selectbox, "Table").set_value("contracted_prices").run()
    assert "back to list" in tables(app)
    assert '<td class="figure">3.49</td>' in tables(app)


WHOLE = {"input_usd_per_mtok": "2", "output_usd_per_mtok": "8", "owner": "A", "reason": "B"}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"input_usd_per_mtok": "2"}, "Owner"),
        ({"input_usd_per_mtok": "1,5", "owner": "A", "reason": "B"}, "with a point, such as 1.50"),
        ({"input_usd_per_mtok": "-1", "owner": "A", "reason": "B"}, "write a number from 0 up"),
        ({"input_usd_per_mtok": "2", "owner": "A", "reason": "B"}, "Give both contracted input and contracted output"),
        ({"input_usd_per_mtok": "9000", "output_usd_per_mtok": "8", "owner": "A", "reason": "B"}, "Contracted input"),
        ({"owner": "A", "reason": "B"}, "Give the contracted price"),
        ({"owner": "A", "reason": "B", "effective_from": "21.11.2026"}, "In force from: write the day as YYYY-MM-DD"),
        ({**WHOLE, "effective_to": "2026-11-20"}, "Last day in force 2026-11-20 is before in force from 2026-11-21"),
    ],
)
def test_a_mistake_names_its_field_and_nothing_is_written(
    app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch, cells: dict[str, str], told: str
) -> None:
    monkeypatch.setenv(OPERATOR, "1")
    open_form(app)
    fill(app, **cells)
    press(app, "Add this contract")
    assert told in words(app)
    assert not folder.exists()


def test_a_second_contract_of_the_day_is_told_the_way_out(
    app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OPERATOR, "1")
    open_form(app)
    fill(app, **WHOLE)
    press(app, "Add this contract")
    fill(app, **WHOLE)
    press(app, "Add this contract")
    assert "In force from: a contract for this from 2026-11-21 on was added today already" in words(app)
    assert len(contracts(folder)) == 1


def test_ids_of_contracts_say_what_and_when_and_are_never_used_twice() -> None:
    first = contract_id("together-meta-llama/Llama 3.3", ON, frozenset())
    assert first == "together-meta-llama-llama-3.3-2026-11-21"
    assert contract_id("together-meta-llama/Llama 3.3", ON, frozenset({first})) == f"{first}-2"
    assert contract_id("???", ON, frozenset()) == "contract-2026-11-21"


# A refresh after saving


def question() -> Scenario:
    """One model per token against one rented GPU, both at prices of the catalog."""
    own = rented(price_id=PRICE_ID, price=None)
    return scenario(
        listed(PROVIDER, MODEL, label="GPT-4o"), own, name="Before the refresh", work=workload(requests(20_000))
    )


def save(path: Path, asked: Scenario) -> SavedRef:
    facts = resolve(asked, load(), ON)
    with open_store(path) as kept:
        return kept.save(asked, facts, present.headline(asked, decide(asked, facts)))


def refresh(folder: Path) -> None:
    """What a refresh does: newer dated rows of the same offers. The GPU falls to 2.99, GPT-4o doubles."""
    old = load().tables.gpu_price_by_id[PRICE_ID]
    newer = {"price_id": "runpod-h100-sxm-newer", "usd_per_gpu_hour": 2.99, "as_of": ON.isoformat()}
    append_rows(folder, GpuPriceRow, [GpuPriceRow.model_validate(old.model_dump() | newer)])
    append_rows(folder, ApiPriceRow, [api_row("gpt-4o-newer", ON.isoformat(), "5", "20", as_of=ON.isoformat())])


def figures(path: Path, ref: SavedRef) -> tuple[tuple[str, ...], ...]:
    """The option table of a revision, to the cent, computed again from what was saved."""
    with open_store(path) as kept:
        saved = kept.load(*ref)
    return present.option_rows(saved.scenario, decide(saved.scenario, saved.facts)).rows


def view(app: AppTest, ref: SavedRef) -> None:
    app.query_params["s"], app.query_params["r"] = ref.scenario_id, str(ref.revision)
    go(app, "view")


def test_what_was_saved_keeps_its_figures_and_is_repriced_as_a_new_revision(
    app: AppTest, tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "store.duckdb"
    first = save(path, question())
    before = figures(path, first)
    refresh(folder)

    # the saved revision is what it was, on the page and from the file
    assert figures(path, first) == before
    view(app, first)
    page = tables(app)
    for row in before:
        assert all(cell in page for cell in row[2:6]), row

    # the difference names both figures with both dates
    app.session_state[f"reprice-{first.scenario_id}-1"] = True
    app.run()
    page = tables(app)
    assert re.search(r'">3\.49</td><td class="figure">2\.99</td><td class="figure">−14\.3', page)
    assert re.search(r'">2\.5</td><td class="figure">5</td><td class="figure">\+100\.0', page)
    assert "2026-09-13" in page
    assert "gpu_prices/runpod-h100-sxm-newer" in page
    assert "api_prices/gpt-4o-newer" in page

    press(app, "Save as a new revision")
    assert "Saved as revision 2" in words(app)
    st.cache_resource.clear()  # lets go of the store
    second = SavedRef(first.scenario_id, 2)
    assert figures(path, first) == before
    after = figures(path, second)
    assert after != before
    with open_store(path) as kept:
        saved = kept.load(*second)
    assert saved.scenario == question()
    named = {item.row: item.value for option in saved.facts.options for item in option.evidence}
    assert named["gpu_prices/runpod-h100-sxm-newer"] == "2.99"
    assert named["api_prices/gpt-4o-newer"] in ("5", "20")


def test_somebody_else_was_faster(app: AppTest, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "store.duckdb"
    first = save(path, question())
    refresh(folder)
    view(app, first)
    app.session_state[f"reprice-{first.scenario_id}-1"] = True
    app.run()
    with open_store(path) as kept:
        kept.rename(first.scenario_id, "Theirs", expected_revision=1)
    press(app, "Save as a new revision")
    assert "Revision 2 was saved while revision 1" in words(app)
    with open_store(path) as kept:
        assert kept.load(first.scenario_id).scenario.name == "Theirs"


def test_repricing_from_the_list_of_scenarios(app: AppTest, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "store.duckdb"
    first = save(path, question())
    refresh(folder)
    go(app, "scenarios")
    app.session_state[f"reprice-{first.scenario_id}-1"] = True
    app.run()
    assert "2.99" in tables(app)
    press(app, "Save as a new revision")
    assert "Saved as revision 2" in words(app)
    with open_store(path) as kept:
        assert [entry.revision for entry in kept.entries()] == [2]


def test_nothing_to_save_when_nothing_differs(app: AppTest, tmp_path: Path) -> None:
    first = save(tmp_path / "store.duckdb", question())
    view(app, first)
    app.session_state[f"reprice-{first.scenario_id}-1"] = True
    app.run()
    assert "Nothing differs" in words(app)
    assert labelled(app.button, "Save as a new revision").disabled


def test_a_row_names_the_scenarios_that_use_it_and_only_their_newest_revision(
    app: AppTest, tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "store.duckdb"
    first = save(path, question())
    open_row(app, f"gpu_prices/{PRICE_ID}")
    assert any("Before the refresh" in link.proto.label for link in app.get("page_link"))
    refresh(folder)
    facts = resolve(question(), load(local_dir=folder), ON)
    with open_store(path) as kept:
        kept.save(question(), facts, "again", scenario_id=first.scenario_id, expected_revision=1)
        assert kept.using("gpu_prices/runpod-h100-sxm-newer")[0].revision == 2
        assert kept.using(f"gpu_prices/{PRICE_ID}") == ()
        kept.archive(first.scenario_id, True)
        assert kept.using("gpu_prices/runpod-h100-sxm-newer") == ()
    app.run()
    assert "No saved scenario rests on this row" in words(app)


# A catalog that cannot be read


def test_a_broken_row_of_the_installation_is_said_with_file_line_and_remedy(app: AppTest, folder: Path) -> None:
    refresh(folder)
    file = folder / "gpu_prices.csv"
    file.write_text(file.read_text("utf-8").replace(",2.99,", ",two ninety-nine,"), encoding="utf-8")
    app.run()
    assert not app.exception
    assert app.title[0].value == "The catalog cannot be used"
    assert "catalog/gpu_prices.csv:2 usd_per_gpu_hour" in words(app)
