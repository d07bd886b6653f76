"""Searching the catalog: every word must occur, filters and order lose nothing, and prices keep their history."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import Catalog, load
from planner.catalog.dated import in_force
from planner.catalog.history import price_history, row_id, states
from planner.catalog.library import LibraryModel
from planner.catalog.listing import BY_KEY, TABLES, Entry, TableSpec
from planner.catalog.price_terms import PriceUnknown
from planner.catalog.rows import ApiPriceRow, GpuPriceRow, Row
from planner.catalog.search import PAST, Query, entries, facet_values, matching, ordered, spec_of
from planner.catalog.tables import ROW_TYPES
from planner.refresh.append import append_rows
from tests.builders import ON, catalog

API, GPU = BY_KEY["api_prices"], BY_KEY["gpu_prices"]
ENTRIES = {spec.key: entries(catalog(), spec, ON) for spec in TABLES}
WORDS = st.lists(
    st.sampled_from(("llama", "70b", "gpt", "together", "0.5", "h100", "OPENAI", "2026", "zzz")), max_size=4
)
SPECS = pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.key)


def gpu_row(price_id: str, as_of: str, usd: float, **more: object) -> GpuPriceRow:
    fields = {
        "price_id": price_id,
        "gpu_id": "h100-sxm",
        "provider": "Example Cloud",
        "provider_tier": "neocloud",
        "instance": "h100.1",
        "gpus_per_instance": 1,
        "term": "on_demand",
        "usd_per_gpu_hour": usd,
        "confidence": "high",
        "origin": "published",
        "as_of": as_of,
        "source": "price page",
        "source_url": "https://example.com/prices",
    }
    return GpuPriceRow.model_validate(fields | more)


def api_row(price_id: str, effective_from: str, input_usd: str, output_usd: str, **more: object) -> ApiPriceRow:
    fields = {
        "price_id": price_id,
        "provider": "openai",
        "provider_name": "OpenAI",
        "model": "gpt-4o",
        "input_usd_per_mtok": input_usd,
        "output_usd_per_mtok": output_usd,
        "effective_from": effective_from,
        "as_of": "2026-11-20",
        "origin": "published",
        "confidence": "high",
        "source": "price page",
        "source_url": "https://example.com/prices",
    }
    return ApiPriceRow.model_validate(fields | more)


def with_rows(folder: Path, *rows: Row) -> Catalog:
    """The shipped catalog and a few rows of an installation."""
    for row in rows:
        append_rows(folder, type(row), [row])
    return load(local_dir=folder)


def ids(found: tuple[Entry, ...]) -> list[str]:
    return [entry.row_id for entry in found]


# Entries


def test_every_table_of_the_catalog_is_listed_and_every_row_once() -> None:
    assert {row_type.FILE.removesuffix(".csv") for row_type in ROW_TYPES} == {spec.key for spec in TABLES}
    for spec in TABLES:
        assert {row_id(row) for row in spec.rows(catalog().tables)} <= set(ids(ENTRIES[spec.key]))
        assert len(set(ids(ENTRIES[spec.key]))) == len(ENTRIES[spec.key])


@SPECS
def test_a_row_is_found_again_by_its_id(spec: TableSpec) -> None:
    for entry in ENTRIES[spec.key][:: max(1, len(ENTRIES[spec.key]) // 7)]:
        assert spec_of(entry.row_id) is spec
        assert entry in matching(ENTRIES[spec.key], Query(entry.row_id), spec, ON)


@pytest.mark.parametrize("strange", ["", "/", "prices/x", "api", "../gpus", "gpu_prices"])
def test_an_id_of_no_table_is_of_none_or_finds_nothing(strange: str) -> None:
    spec = spec_of(strange)
    assert spec is None or strange not in ids(ENTRIES[spec.key])


def test_library_prices_are_those_that_answers_use() -> None:
    """The list reads the price library in its own, faster way: it must come to the same figures."""
    compared = 0
    for entry in ENTRIES["api_prices"]:
        model = entry.record
        if not isinstance(model, LibraryModel) or entry.state != "in force":
            continue
        try:
            listed = catalog().token_prices(model.provider, model.model, ON, 1).periods[0].prices
        except PriceUnknown:
            continue
        batch, tiers = listed.batch_rates, listed.long_tiers
        assert (
            model.price.input_usd_per_mtok,
            model.price.output_usd_per_mtok,
            model.price.cached_input_usd_per_mtok,
        ) == (
            listed.rates.input_usd_per_mtok,
            listed.rates.output_usd_per_mtok,
            listed.rates.cached_input_usd_per_mtok,
        ), entry.row_id
        assert model.price.batch_input_usd_per_mtok == (batch.input_usd_per_mtok if batch else None), entry.row_id
        assert model.price.long_above_tokens == (tiers[0].above_tokens if tiers else None), entry.row_id
        compared += 1
    assert compared > 1900


def test_a_dated_row_in_force_stands_in_for_the_price_library(tmp_path: Path) -> None:
    read = with_rows(tmp_path, api_row("x", "2026-11-01", "9", "18"))
    found = {entry.row_id: entry for entry in entries(read, API, ON)}
    assert found["api_prices/x"].state == "in force"
    assert found["api/openai/gpt-4o"].state == "overruled"
    assert found["api/openai/gpt-4o"].state in PAST


def test_an_announced_row_does_not(tmp_path: Path) -> None:
    read = with_rows(tmp_path, api_row("x", "2026-12-01", "9", "18"))
    found = {entry.row_id: entry for entry in entries(read, API, ON)}
    assert found["api_prices/x"].state == "announced"
    assert found["api/openai/gpt-4o"].state == "in force"


# Search, filters, order


@given(WORDS, st.sampled_from(TABLES))
def test_every_word_occurs_in_what_is_found_and_nothing_else_is_left_out(words: list[str], spec: TableSpec) -> None:
    found = matching(ENTRIES[spec.key], Query(" ".join(words)), spec, ON)
    for entry in ENTRIES[spec.key]:
        assert (entry in found) == all(word.lower() in entry.text for word in words)


@given(WORDS)
def test_the_order_of_the_words_and_their_case_do_not_matter(words: list[str]) -> None:
    turned = [word.swapcase() for word in reversed(words)]
    one = matching(ENTRIES["gpu_prices"], Query(" ".join(words)), GPU, ON)
    assert matching(ENTRIES["gpu_prices"], Query("  ".join(turned)), GPU, ON) == one


@SPECS
def test_what_is_empty_asks_nothing(spec: TableSpec) -> None:
    assert matching(ENTRIES[spec.key], Query(), spec, ON) == ENTRIES[spec.key]


@SPECS
def test_the_values_of_a_filter_share_out_the_rows(spec: TableSpec) -> None:
    everything = ENTRIES[spec.key]
    for facet in spec.facets:
        parts = [
            matching(everything, Query(wanted={facet.name: (v,)}), spec, ON) for v in facet_values(everything, facet)
        ]
        blank = sum(not facet.of(entry) for entry in everything)
        assert sum(map(len, parts)) + blank == len(everything)


@SPECS
def test_every_order_keeps_every_row_and_puts_the_unknown_last(spec: TableSpec) -> None:
    for sort in spec.sorts:
        found = ordered(ENTRIES[spec.key], sort)
        assert sorted(ids(found)) == sorted(ids(ENTRIES[spec.key]))
        values = [sort.of(entry) for entry in found]
        known = [value for value in values if value is not None]
        assert values == [*known, *[None] * (len(values) - len(known))]
        plain = [value.lower() if isinstance(value, str) else value for value in known]
        assert plain == sorted(plain)


def test_the_cheapest_offer_of_a_gpu_comes_first() -> None:
    found = ordered(matching(ENTRIES["gpu_prices"], Query("h100-sxm on_demand"), GPU, ON), GPU.sorts[0])
    prices = [e.record.usd_per_gpu_hour for e in found if isinstance(e.record, GpuPriceRow)]
    assert len(prices) > 10
    assert prices[0] == min(prices)
    # the same GPU: the dearest is several times the cheapest, which is why there is no default
    assert prices[-1] / prices[0] > 4


def test_old_rows_alone() -> None:
    found = matching(ENTRIES["gpu_prices"], Query(stale_only=True), GPU, ON)
    assert 0 < len(found) < len(ENTRIES["gpu_prices"])
    assert all(e.seen_on is not None and (ON - e.seen_on).days > 90 for e in found)


def test_retiring_models_alone(tmp_path: Path) -> None:
    read = with_rows(tmp_path, api_row("x", "2026-11-01", "9", "18", retires_on="2026-12-11"))
    found = matching(entries(read, API, ON), Query("gpt-4o openai", retiring_only=True), API, ON)
    # the day stands on both: the row that says so, and the library's figure of the same model
    by_id = {entry.row_id: entry.retires_on for entry in found}
    assert by_id["api_prices/x"] == dt.date(2026, 12, 11)
    assert by_id["api/openai/gpt-4o"] == dt.date(2026, 12, 11)
    assert all(entry.retiring for entry in found)


def test_a_search_over_all_models_is_a_matter_of_milliseconds() -> None:
    start = time.perf_counter()
    matching(ENTRIES["api_prices"], Query("llama 70b together"), API, ON)
    assert time.perf_counter() - start < 0.1


# History


def test_the_newest_row_that_has_begun_is_in_force() -> None:
    old, new = gpu_row("a", "2026-09-01", 3.0), gpu_row("b", "2026-11-20", 2.5)
    assert in_force([new, old], ON) is new
    assert in_force([new, old], dt.date(2026, 10, 1)) is old
    assert in_force([new, old], dt.date(2026, 1, 1)) is None
    assert states([old, new], ON) == {"gpu_prices/a": "replaced", "gpu_prices/b": "in force"}
    assert states([old, new], dt.date(2026, 10, 1))["gpu_prices/b"] == "announced"


def test_a_row_that_ended_is_not_in_force() -> None:
    row = api_row("x", "2026-01-01", "9", "18", effective_to="2026-06-30")
    assert states([row], ON) == {"api_prices/x": "ended"}


@given(st.lists(st.dates(dt.date(2024, 1, 1), ON), min_size=1, max_size=6, unique=True))
def test_one_row_of_a_thing_is_in_force_whatever_the_order_of_the_file(days: list[dt.date]) -> None:
    rows = [gpu_row(f"r{k}", day.isoformat(), 1 + k) for k, day in enumerate(days)]
    found = states(rows, ON)
    current = [key for key, state in found.items() if state == "in force"]
    assert current == [f"gpu_prices/r{days.index(max(days))}"]


def test_the_history_of_an_offer_is_its_own_rows_oldest_first(tmp_path: Path) -> None:
    read = with_rows(
        tmp_path,
        gpu_row("new", "2026-11-20", 2.5),
        gpu_row("old", "2026-05-24", 3.0),
        gpu_row("other-region", "2026-06-01", 9.0, region="eu"),
    )
    (series,) = price_history(read.tables, "gpu_prices/new", ON).series
    assert [(point.starts_on, point.value) for point in series.points] == [
        (dt.date(2026, 5, 24), 3.0),
        (dt.date(2026, 11, 20), 2.5),
    ]
    assert price_history(read.tables, "gpu_prices/old", ON).series == (series,)


def test_the_history_of_an_api_price_has_our_rows_and_the_price_library(tmp_path: Path) -> None:
    rows = (api_row("x", "2026-11-01", "9", "18"), api_row("y", "2027-02-01", "8", "16"))
    read = with_rows(tmp_path, *rows)
    history = price_history(read.tables, "api_prices/x", ON)
    by_name = {series.name: series.points for series in history.series}
    assert [(p.value, p.announced) for p in by_name["Input, dated rows"]] == [(9, False), (8, True)]
    # the library's figure of the same model stays beside them: GPT-4o costs 2.50 in and 10 out there
    assert [p.value for p in by_name["Input, price library"]][-1] == 2.5
    assert price_history(read.tables, "api/openai/gpt-4o", ON).series == history.series


def test_the_price_library_is_read_with_its_past_changes() -> None:
    changing = [e for e in ENTRIES["api_prices"] if isinstance(e.record, LibraryModel) and len(e.record.changes_on) > 1]
    assert changing
    for entry in changing[:20]:
        assert isinstance(entry.record, LibraryModel)
        points = price_history(catalog().tables, entry.row_id, ON).series[0].points
        days = [point.starts_on for point in points]
        assert days[1:] == sorted(day for day in days[1:] if day)
        assert set(days[1:]) <= set(entry.record.changes_on)


@pytest.mark.parametrize("unknown", ["gpu_prices/none", "api/openai/none", "api/none", "models/llama-3.1-8b", "x"])
def test_what_has_no_price_has_no_history(unknown: str) -> None:
    assert price_history(catalog().tables, unknown, ON).series == ()


def test_prices_keep_every_digit() -> None:
    model = next(e.record for e in ENTRIES["api_prices"] if e.row_id == "api/openai/gpt-4o")
    assert isinstance(model, LibraryModel)
    assert model.price.input_usd_per_mtok == Decimal("2.5")
    assert model.price.batch_output_usd_per_mtok == Decimal("5")


def test_dated_rows_and_the_price_library_share_one_order() -> None:
    spec = BY_KEY["api_prices"]
    first = spec.sorts[0]
    assert first.name == "Provider and model"
    listed = [e.record for e in ordered(ENTRIES["api_prices"], first)]
    models = [r for r in listed if isinstance(r, LibraryModel | ApiPriceRow) and r.provider_name == "Anthropic"]
    assert [r.model for r in models] == sorted(r.model for r in models)
    assert {type(r) for r in models} == {LibraryModel, ApiPriceRow}
