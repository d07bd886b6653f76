"""Every file is recognised as its own format, whatever the order, the case and the extra columns of its header."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import Reader, Shape, TableReader, nearest, recognised
from planner.workload.readers.langfuse import LANGFUSE
from planner.workload.readers.litellm import LITELLM, LITELLM_DAILY
from planner.workload.readers.openai_cost import OPENAI_COST_CSV
from planner.workload.readers.openai_usage import OPENAI_EMPTY, OPENAI_USAGE_CSV
from planner.workload.readers.plain import PLAIN, PLAIN_BUCKETS
from tests.workload.readers.rows_of import SAMPLES, rejects_of, rows_of

OURS = ("openai_usage", "openai_cost", "anthropic", "litellm", "langfuse", "helicone", "plain")
FILES = sorted(path for path in SAMPLES.iterdir() if path.name.startswith(OURS))
TABLES = [path for path in FILES if path.suffix in (".csv", ".parquet", ".jsonl") and "_api" not in path.name]


def id_of(reader: Reader | None) -> str | None:
    return reader.about.reader_id if reader else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_is_recognised_as_its_own_format_and_as_no_other(path: Path) -> None:
    shape = look(path)
    fits = {reader.about.reader_id: reader.fits(shape) for reader in READERS}
    own = path.name.split(".")[0]
    assert id_of(recognised(READERS, shape)) == own
    assert fits[own] > max(found for name, found in fits.items() if name != own)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_order_case_and_extra_columns_of_a_header_do_not_matter(path: Path) -> None:
    shape = look(path)
    chance = random.Random(path.name)
    for change in (str.upper, str.lower, str.title, str):
        columns = [change(column) for column in (*shape.columns, "a column of our own", "notes")]
        chance.shuffle(columns)
        found = recognised(READERS, Shape(shape.kind, tuple(columns), shape.document))
        assert id_of(found) == path.name.split(".")[0]


def test_no_two_formats_have_one_id() -> None:
    ids = [reader.about.reader_id for reader in READERS]
    assert len(set(ids)) == len(ids)


def test_an_export_of_empty_buckets_is_an_empty_openai_export_and_says_what_to_do() -> None:
    shape = Shape("csv", ("start_time", "end_time", "start_time_iso", "end_time_iso"))
    assert recognised(READERS, shape) is OPENAI_EMPTY
    assert OPENAI_EMPTY.about.nothing.startswith("An empty OpenAI export")
    assert "export it again" in OPENAI_EMPTY.about.nothing
    assert rows_of(OPENAI_EMPTY, SAMPLES / "openai_empty.csv") == []
    assert rejects_of(OPENAI_EMPTY, SAMPLES / "openai_empty.csv") == []


def test_an_unknown_table_names_the_nearest_format_and_what_it_lacks() -> None:
    almost = ("start_time", "end_time", "num_model_requests", "input_tokens", "input_cached_tokens", "model")
    assert recognised(READERS, Shape("csv", almost)) is None
    assert nearest(READERS, Shape("csv", almost)) == (OPENAI_USAGE_CSV, ("output_tokens",))
    money = ("amount_value", "amount_currency", "end_time", "start_time")
    assert nearest(READERS, Shape("csv", money)) == (OPENAI_COST_CSV, ("line_item",))


def test_a_plain_table_is_the_nearest_to_one_that_is_only_named_otherwise() -> None:
    assert nearest(READERS, Shape("csv", ("timestamp", "input_tokens", "tokens out"))) == (PLAIN, ("output_tokens",))


@pytest.mark.parametrize("column", ["cache_read_input_tokens", "uncached_input_tokens", "cached_tokens_read"])
def test_a_plain_table_with_cached_tokens_under_a_name_of_two_conventions_is_not_guessed(column: str) -> None:
    shape = Shape("csv", ("timestamp", "model", "input_tokens", "output_tokens", column))
    if column == "cached_tokens_read":
        assert recognised(READERS, shape) is PLAIN
    else:
        assert recognised(READERS, shape) is None
        assert nearest(READERS, shape) == (PLAIN, (f"no {column}",))


@pytest.mark.parametrize(
    "columns",
    [
        ("timestamp", "model", "input_tokens", "output_tokens"),
        ("Timestamp", "Model", "Input_Tokens", "Output_Tokens"),
        ("created_at", "prompt_tokens", "completion_tokens"),
        ("start_time", "input_tokens", "completion_tokens"),
    ],
)
def test_plain_names_that_people_use_need_no_mapping(columns: tuple[str, ...]) -> None:
    assert recognised(READERS, Shape("parquet", columns)) is PLAIN


def test_a_plain_table_that_counts_requests_is_one_of_sums_and_must_say_how_long_a_bucket_is() -> None:
    columns = ("timestamp", "model", "input_tokens", "output_tokens", "requests")
    assert recognised(READERS, Shape("csv", columns)) is None
    assert recognised(READERS, Shape("csv", (*columns, "bucket_s"))) is PLAIN_BUCKETS
    assert recognised(READERS, Shape("csv", (*columns, "end_time"))) is PLAIN_BUCKETS


def test_the_daily_table_of_tags_is_refused_because_a_call_is_in_it_once_per_tag() -> None:
    shape = look(SAMPLES / "litellm_daily.csv")
    assert recognised(READERS, shape) is LITELLM_DAILY
    with_tags = Shape("csv", (*shape.columns, "tag"))
    assert recognised(READERS, with_tags) is None
    assert nearest(READERS, with_tags) == (LITELLM_DAILY, ("no tag",))


def test_a_table_without_most_columns_of_a_format_is_not_that_format() -> None:
    assert LITELLM.fits(Shape("csv", ("request_id", "model", "spend"))) == 0
    assert LANGFUSE.fits(Shape("text", tuple(LANGFUSE.needs))) == 0


@pytest.mark.parametrize("reader", [r for r in READERS if isinstance(r, TableReader)], ids=lambda r: r.about.reader_id)
def test_a_reader_fits_exactly_the_columns_that_it_needs(reader: TableReader) -> None:
    for names in (reader.needs, *reader.or_needs):
        for kind in reader.kinds:
            assert reader.fits(Shape(kind, tuple(names))) > 0
        assert reader.fits(Shape(next(iter(reader.kinds)), tuple(names)[1:])) < len(names) or reader.or_needs
