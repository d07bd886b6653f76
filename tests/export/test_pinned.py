"""What is saved or linked keeps its figures when the catalog moves on."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from planner.catalog.catalog import Catalog, load
from planner.decision.evaluate import decide, evaluate
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.store.duck import open_store
from planner.store.link import decode, encode

WORKLOADS = sorted((Path(__file__).resolve().parents[2] / "data" / "workloads").glob("*.yaml"))
ON = dt.date(2026, 11, 21)
LATER = dt.date(2027, 11, 21)


def dearer(catalog: Catalog) -> Catalog:
    """The same catalog a year on: every GPU price doubled."""
    prices = {
        i: row.model_copy(update={"usd_per_gpu_hour": row.usd_per_gpu_hour * 2})
        for i, row in catalog.tables.gpu_price_by_id.items()
    }
    tables = dataclasses.replace(catalog.tables, gpu_prices=tuple(prices.values()))
    return dataclasses.replace(catalog, tables=tables)


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
def test_a_link_gives_the_same_answer_to_the_last_bit(path: Path) -> None:
    scenario = parse_scenario(path.read_bytes(), name=path.name)
    facts = resolve(scenario, load(), ON)
    assert decide(*decode(encode(scenario, facts))) == decide(scenario, facts)


def test_a_saved_revision_does_not_move_when_prices_do(tmp_path: Path) -> None:
    scenario = parse_scenario(WORKLOADS[1].read_bytes(), name="x")
    catalog = load()
    then = evaluate(scenario, catalog, ON)
    with open_store(tmp_path / "s.duckdb") as store:
        ref = store.save(scenario, resolve(scenario, catalog, ON), "answer")
        saved = store.load(ref.scenario_id, ref.revision)
    now = evaluate(scenario, dearer(catalog), LATER)
    assert decide(saved.scenario, saved.facts) == then
    assert now.option("own-h200").tco_usd != then.option("own-h200").tco_usd
