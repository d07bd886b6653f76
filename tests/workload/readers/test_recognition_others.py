"""Files of clouds, gateways, servers and research are recognised as their own format and as no other."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import Shape, recognised
from tests.workload.readers.rows_of import SAMPLES

OURS = ("otel", "bedrock", "azure", "vertex", "databricks", "focus", "vllm", "servegen", "mooncake", "burstgpt")
FILES = sorted(path for path in SAMPLES.iterdir() if path.name.startswith(OURS))
TABLES = [path for path in FILES if path.suffix in (".csv", ".parquet") and "otel" not in path.name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_fits_its_own_format_best(path: Path) -> None:
    shape = look(path)
    fits = {reader.about.reader_id: reader.fits(shape) for reader in READERS}
    own = path.name.split(".")[0]
    assert fits[own] > max(found for name, found in fits.items() if name != own)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_order_case_and_extra_columns_of_a_header_do_not_matter(path: Path) -> None:
    shape = look(path)
    chance = random.Random(path.name)
    for change in (str.upper, str.lower, str):
        columns = [change(column) for column in (*shape.columns, "a column of our own", "notes")]
        chance.shuffle(columns)
        found = recognised(READERS, Shape(shape.kind, tuple(columns)))
        assert found is not None
        assert found.about.reader_id == path.name.split(".")[0]


def test_every_one_of_these_formats_has_a_sample_and_says_what_it_was_held_against() -> None:
    readers = [reader.about for reader in READERS if reader.about.reader_id.startswith(OURS)]
    assert {about.reader_id for about in readers} == {path.name.split(".")[0] for path in FILES}
    assert all(about.source_url.startswith("https://") for about in readers)
    assert {about.reader_id for about in readers if about.checked == "real export"} == {
        *("azure_trace", "mooncake", "servegen"),
    }
