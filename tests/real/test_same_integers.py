"""Every text of the product brings the same integers back from DuckDB, PostgreSQL and Spark Connect, row for row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.usage.engine import Engine
from planner.usage.engines import open_engine
from planner.usage.measure import PEAK_WIDTHS_S, Wanted, measured
from planner.workload import texts
from planner.workload.usage_rows import SQL_TYPES, SUMS, UsageRow
from tests.real.places import Duck, put_in_postgres, put_in_spark, rows_of
from tests.real.servers import Server
from tests.real.usage_samples import START_US, usage_rows, write_rows

TABLE = "usage_rows"
THRESHOLDS = (200_000, 1_000_000)
SEEDS = {"many": (1, 4000), "few": (2, 7), "one": (3, 1), "none": (4, 0)}
LAST_US = START_US + 20_000 * 1_000_000
TEXTS = {
    "rollup": texts.rollup(TABLE, THRESHOLDS),
    "rollup without bands": texts.rollup(TABLE, ()),
    "rollup of few columns": texts.rollup(TABLE, THRESHOLDS, {"model", "output_tokens", "context_tokens"}),
    "rollup of full columns": texts.rollup(TABLE, THRESHOLDS, texts.ALL, {"requests", "failed"}),
    "span": texts.span(TABLE),
    "peaks": texts.peaks(TABLE, START_US, LAST_US, PEAK_WIDTHS_S),
    "input lengths": texts.lengths(TABLE, "input"),
    "output lengths": texts.lengths(TABLE, "output"),
    "busiest second": texts.busiest_second(TABLE),
    "gaps": texts.gaps(TABLE),
}


@pytest.fixture(scope="module", params=SEEDS)
def places(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: Server,
    spark_server: Server,
) -> Iterator[dict[str, Engine]]:
    """The same rows in the three of them."""
    file = write_rows(usage_rows(*SEEDS[request.param]), tmp_path_factory.mktemp("rows") / "rows.parquet")
    engines: dict[str, Engine] = {
        "DuckDB": Duck.over(file, TABLE),
        "PostgreSQL": open_engine(put_in_postgres(postgres_server, file, TABLE, SQL_TYPES)),
        "Spark Connect": open_engine(put_in_spark(spark_server, file, TABLE)),
    }
    yield engines
    for engine in engines.values():
        engine.close()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_engine_brings_the_same_integers_back(places: dict[str, Engine], text: str) -> None:
    here = rows_of(places["DuckDB"], text)
    assert rows_of(places["PostgreSQL"], text) == here
    assert rows_of(places["Spark Connect"], text) == here


def test_all_figures_of_a_log_are_the_same(places: dict[str, Engine], request: pytest.FixtureRequest) -> None:
    wanted = Wanted(TABLE, "request", THRESHOLDS)
    if not places["DuckDB"].table(texts.span(TABLE))["usage_rows"][0].as_py():
        for engine in places.values():
            with pytest.raises(ValueError, match="there is no usage in it"):
                measured(engine, wanted)
        return
    here, *others = (measured(engine, wanted) for engine in places.values())
    for other in others:
        assert other.peaks == here.peaks
        assert (other.first_us, other.last_us, other.busiest_second, other.gaps) == (
            here.first_us,
            here.last_us,
            here.busiest_second,
            here.gaps,
        )
        assert [list(other.rollup.sums[name]) for name in SUMS] == [list(here.rollup.sums[name]) for name in SUMS]
        assert [list(other.rollup.known[name]) for name in SUMS] == [list(here.rollup.known[name]) for name in SUMS]
        assert {k: list(v.codes) for k, v in other.rollup.labels.items()} == {
            k: list(v.codes) for k, v in here.rollup.labels.items()
        }


def test_sums_beyond_64_bits_of_squares_stay_exact(
    tmp_path: Path, postgres_server: Server, spark_server: Server
) -> None:
    year_us = 365 * 86_400 * 1_000_000
    file = write_rows([UsageRow(started_us=START_US + n * year_us) for n in range(4)], tmp_path / "years.parquet")
    duck = Duck.over(file, "far_apart")
    postgres = open_engine(put_in_postgres(postgres_server, file, "far_apart", SQL_TYPES))
    spark = open_engine(put_in_spark(spark_server, file, "far_apart"))
    for engine in (duck, postgres, spark):
        assert rows_of(engine, texts.gaps("far_apart")) == [(3, 3 * year_us, 3 * year_us**2)]
        engine.close()
