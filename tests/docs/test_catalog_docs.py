"""The documents keep up with the catalog: words on its page, counts of its tables, worked figures."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator

import pytest

from planner.catalog.catalog import Catalog, load
from planner.catalog.fx import rate
from planner.catalog.gpu_offers import SERVERLESS, current, in_tier, on_terms, price_in_force, starting_offer
from planner.catalog.hf_config import ConfigFacts, config_facts
from planner.catalog.history import price_history
from planner.catalog.listing import BY_KEY, TABLES
from planner.catalog.rows import Row
from planner.catalog.search import entries
from planner.catalog.sheets import read
from planner.catalog.tables import ROW_TYPES
from planner.decision import present_catalog_others, present_catalog_row, present_contracts, present_reprice
from planner.decision.evaluate import decide
from planner.decision.present_catalog import STATE_WORDS, list_rows
from planner.decision.present_tables import Table
from planner.decision.reprice import Priced, reprice
from planner.decision.resolve import resolve
from planner.refresh import words
from tests.docs.test_docs import ON, ROOT, first_example, glossary_terms, text_of


def tables_of_the_catalog_page(catalog: Catalog) -> Iterator[Table]:
    """Every list, and all about one row of each table: fields, history, other sources, recovery, scores, licence."""
    for spec in TABLES:
        found = entries(catalog, spec, ON)
        if spec.key != "contracted_prices":
            yield list_rows(spec.title, spec.key, found[:1], ON)
        for entry in found[:1]:
            yield present_catalog_row.detail_rows(entry, ON)
            yield present_catalog_row.history_rows(price_history(catalog.tables, entry.row_id, ON))
    prices = entries(catalog, BY_KEY["api_prices"], ON)
    checked = next(entry for entry in prices if entry.row_id == "api/openai/gpt-4o")
    yield present_catalog_others.opinion_rows(catalog.tables, checked, prices)
    number_format = entries(catalog, BY_KEY["formats"], ON)[0]
    yield present_catalog_others.recovery_rows(catalog.tables, number_format)
    model = entries(catalog, BY_KEY["models"], ON)[0]
    yield present_catalog_others.score_rows(catalog.tables, model)
    yield present_catalog_others.licence_rows(catalog.tables.licences[0])
    yield present_contracts.contract_rows(catalog, ON)


def tables_of_a_repricing(catalog: Catalog) -> Iterator[Table]:
    scenario = first_example()
    facts = resolve(scenario, catalog, ON)
    same = Priced(facts, decide(scenario, facts))
    found = reprice(same, same)
    for rows in (present_reprice.line_rows, present_reprice.option_rows):
        yield rows(found)
    for rows in (present_reprice.part_rows, present_reprice.warning_rows):
        yield rows(found)


def words_on_the_catalog_page() -> set[str]:
    """Heads of every table of the catalog, of contracts, of a re-pricing and of a refresh; clauses and states."""
    catalog = load()
    tables = [*tables_of_the_catalog_page(catalog), *tables_of_a_repricing(catalog)]
    assert all(table.columns for table in tables)
    clauses = {row[0] for table in tables if table.title.startswith("Licence: ") for row in table.rows}
    heads = {column.name for table in tables for column in table.columns}
    return heads | clauses | {spec.title for spec in TABLES} | {*words.DIFF_COLUMNS, *words.FINDING_COLUMNS}


def test_every_word_of_the_catalog_page_is_in_the_glossary() -> None:
    assert {word for word in words_on_the_catalog_page() if word.lower() not in glossary_terms()} == set()


def test_every_state_of_a_row_and_kind_of_line_is_in_the_glossary() -> None:
    told = {*STATE_WORDS.values(), "in force", "announced", "replaced", "ended"}
    told |= set(present_reprice.LINE_WORDS.values())
    assert {word for word in told if word not in text_of("glossary.md")} == set()


@pytest.mark.parametrize("row_type", ROW_TYPES, ids=lambda row_type: row_type.FILE)
def test_the_readme_of_the_data_counts_the_rows_of_each_table(row_type: type[Row]) -> None:
    lines = read(row_type, ROOT / "data" / row_type.FILE, row_type.FILE).lines
    (section,) = re.findall(rf"^## `{row_type.FILE}`$(.*?)(?=^## |\Z)", data_readme(), re.MULTILINE | re.DOTALL)
    assert re.search(rf"\b{len(lines):,}\b", section) or (not lines and "empty" in section), len(lines)


def test_the_readme_of_the_data_counts_the_configurations() -> None:
    assert f"{len(list((ROOT / 'data' / 'model_configs').glob('*.json')))} of them with" in data_readme()


def data_readme() -> str:
    return (ROOT / "data" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def method() -> str:
    return text_of("method.md")


def test_where_an_h200_starts_is_the_example_of_the_method(method: str) -> None:
    rows = load().tables.gpu_prices
    on_demand = in_tier(current(on_terms(rows, "h200", ("on_demand",)), ON), "neocloud")
    offers = [row for row in on_demand if row.instance != SERVERLESS]
    by_provider = {row.provider: row.usd_per_gpu_hour for row in reversed(offers)}  # cheapest last, so that it stays
    prices = sorted(by_provider.values())
    written = method.split("neoclouds list the H200: ")[1].split(". It starts at ")
    assert [float(price) for price in re.findall(r"[\d.]*\d", written[0])] == prices
    start = starting_offer(rows, "h200", "on_demand", ON)
    assert start is not None
    assert start.usd_per_gpu_hour == prices[len(prices) // 2] == float(written[1].split(". ")[0])


def test_the_price_of_a_day_and_the_rate_of_a_day_are_those_of_the_method(method: str) -> None:
    tables = load().tables
    named = tables.gpu_price_by_id["runpod-h200-pod-on-demand"]
    then = price_in_force(named, tables.gpu_prices, dt.date(2026, 8, 1))
    assert f"Asked for 2026-08-01 it costs {then.usd_per_gpu_hour:g}" in method
    assert f"a dollar is {rate('EUR', dt.date(2026, 10, 30)).per_usd} EUR" in method


def test_the_counts_of_models_are_those_of_the_method(method: str) -> None:
    model = load().tables.model_by_id
    counted = [facts_of(model_id) for model_id in ("llama-3.1-8b", "mixtral-8x7b")]
    figures = [
        *(figure for facts in counted for figure in (facts.total_params, facts.active_params)),
        *(model[name].kv_bytes_per_token_16bit for name in ("llama-3.1-8b", "deepseek-v3", "deepseek-v3.2")),
        *(model["gpt-oss-120b"].sequence_bytes(tokens) for tokens in (1000, 100)),
    ]
    assert [figure for figure in figures if f"{int(figure):,}" not in method] == []


def facts_of(model_id: str) -> ConfigFacts:
    given = (ROOT / "data" / "model_configs" / f"{model_id}.json").read_text(encoding="utf-8")
    return config_facts(json.loads(given))
