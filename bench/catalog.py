"""The catalog: reading and checking it, asking it for prices, and searching it, each beside the bare tool."""

from __future__ import annotations

import csv
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import fields
from statistics import median

import pandas as pd
from genai_prices import Usage, calc_price

from planner.catalog.catalog import DATA_DIR, Catalog, load
from planner.catalog.search import Query, entries, matching, spec_of
from planner.catalog.tables import ROW_TYPES
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario

ON = dt.date(2026, 11, 21)
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
RUNS = 15
FILES = [DATA_DIR / row_type.FILE for row_type in ROW_TYPES]


def ms(run: Callable[[], object], runs: int = RUNS) -> float:
    """Median milliseconds."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return median(seconds) * 1000


def bare_csv() -> int:
    """Every cell as text, nothing checked."""
    total = 0
    for path in FILES:
        with path.open(encoding="utf-8", newline="") as file:
            total += sum(1 for _ in csv.reader(file)) - 1
    return total


def pandas_csv() -> int:
    """Every table as a frame, nothing checked."""
    return sum(len(pd.read_csv(path)) for path in FILES)


def reading() -> list[str]:
    """Time to have the tables, and whether all rows are there."""
    ours = load().tables
    rows = sum(len(getattr(ours, table.name)) for table in fields(ours) if table.init)
    assert rows == bare_csv() == pandas_csv()
    return [
        f"| way, {rows:,} rows of {len(FILES)} tables | ms |",
        "|---|---:|",
        f"| ours: typed, every cell, reference and date checked | {ms(load):.0f} |",
        f"| `csv.reader`, text only | {ms(bare_csv):.0f} |",
        f"| `pandas.read_csv`, guessed types | {ms(pandas_csv):.0f} |",
    ]


def asking(catalog: Catalog) -> list[str]:
    """One price for a horizon, and a whole scenario."""
    usage = Usage(input_tokens=1000, output_tokens=1000)
    library = ms(lambda: calc_price(usage, "gpt-6-sol", provider_id="openai", genai_request_timestamp=NOON), 200)

    warm = ms(lambda: catalog.token_prices("openai", "gpt-6-sol", ON, 36), 200)
    path = DATA_DIR / "workloads" / "azure-conversation.yaml"
    scenario = parse_scenario(path.read_bytes(), name=path.name)
    resolved = ms(lambda: resolve(scenario, catalog, ON), 50)
    return [
        "| question | ms |",
        "|---|---:|",
        f"| rates of a model in each of 36 months, asked before | {warm:.4f} |",
        f"| price library: cost of one request on one day | {library:.3f} |",
        f"| every fact of the Azure conversation example (5 options), warm | {resolved:.1f} |",
    ]


def searching(catalog: Catalog) -> list[str]:
    """The largest table of the catalog page."""
    spec = spec_of("api_prices")
    assert spec is not None
    index = ms(lambda: entries(catalog, spec, ON), 5)
    found = entries(catalog, spec, ON)
    query = Query(words="llama 70b")
    hits = len(matching(found, query, spec, ON))
    return [
        f"| search over {len(found):,} per-token prices | ms |",
        "|---|---:|",
        f"| index built once per catalog and day | {index:.0f} |",
        f'| "llama 70b": {hits:,} found | {ms(lambda: matching(found, query, spec, ON)):.1f} |',
    ]


def report() -> list[str]:
    """The three tables."""
    catalog = load()
    return ["## The catalog", "", *reading(), "", *asking(catalog), "", *searching(catalog)]


if __name__ == "__main__":
    print("\n".join(report()))
