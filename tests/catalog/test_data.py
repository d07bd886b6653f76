"""Every shipped row: it has a source, a date that is past, a positive price, and nobody else says the same thing."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from planner.catalog.rows import PriceTerm, SourcedRow
from planner.catalog.tables import ROW_TYPES, Tables, load_tables
from planner.domain.base import as_of_date

DATA = Path(__file__).resolve().parents[2] / "data"
TODAY = dt.date(2026, 11, 21)
FILES = [row_type.FILE for row_type in ROW_TYPES]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables(DATA, on=TODAY)


def sourced(tables: Tables) -> list[SourcedRow]:
    return [*tables.gpus, *tables.gpu_prices, *tables.models, *tables.formats, *tables.defaults]


def test_every_row_has_an_address_or_is_assumed_with_a_reason(tables: Tables) -> None:
    for row in sourced(tables):
        assert row.source_url.startswith("https://") or (row.origin == "assumed" and row.note), row
    assert all(row.source_url.startswith("https://") for row in tables.measured)


def test_no_row_is_dated_in_the_future(tables: Tables) -> None:
    dates = [row.as_of for row in sourced(tables)] + [row.as_of for row in tables.measured if row.as_of]
    assert max(map(as_of_date, dates)) <= TODAY


def test_every_price_is_positive_and_plausible(tables: Tables) -> None:
    assert all(0.05 < row.usd_per_gpu_hour < 50 for row in tables.gpu_prices)


def test_no_two_prices_for_the_same_thing_on_the_same_day(tables: Tables) -> None:
    things = Counter(
        (p.provider, p.gpu_id, p.instance, p.gpus_per_instance, p.term, p.region, p.as_of) for p in tables.gpu_prices
    )
    assert [thing for thing, n in things.items() if n > 1] == []


@pytest.mark.parametrize(("longer", "shorter"), [("reserved_3y", "reserved_1y"), ("reserved_1y", "on_demand")])
def test_a_longer_commitment_never_costs_more(tables: Tables, longer: PriceTerm, shorter: PriceTerm) -> None:
    def by_thing(term: PriceTerm) -> dict[tuple[str, str, str], float]:
        return {(p.provider, p.instance, p.region): p.usd_per_gpu_hour for p in tables.gpu_prices if p.term == term}

    long, short = by_thing(longer), by_thing(shorter)
    assert len(long.keys() & short.keys()) > 5
    assert all(long[thing] < short[thing] for thing in long.keys() & short.keys())


def test_every_gpu_has_a_matrix_rate_and_its_memory_is_what_the_label_says(tables: Tables) -> None:
    for gpu in tables.gpus:
        assert gpu.bf16_dense_tflops or gpu.int8_dense_tops, gpu.gpu_id
        label_mib = gpu.memory_gb_label * 1024
        assert 0.92 * label_mib < gpu.memory_mib_reported <= 1.03 * label_mib, gpu.gpu_id


def test_kv_bytes_follow_from_the_architecture_where_attention_is_plain(tables: Tables) -> None:
    plain = [m for m in tables.models if m.attention in ("GQA", "MHA") and "self-attn" not in m.note]
    assert len(plain) > 20
    for model in plain:
        keys_and_values_bytes = 2 * model.layers * model.kv_heads * model.head_dim * 2
        if "Vision" not in model.name:
            assert model.kv_bytes_per_token_16bit == keys_and_values_bytes, model.model_id


def test_native_weights_follow_from_parameters_and_bits(tables: Tables) -> None:
    for model in tables.models:
        bits = tables.format_by_id[model.native_format].bits_per_weight
        least_gb = model.total_params * bits / 8 / 1e9
        assert 0.98 * least_gb < model.native_weights_gb < 1.3 * least_gb, model.model_id


def test_bits_per_weight_are_value_bits_plus_shared_scales(tables: Tables) -> None:
    bits = {row.format_id: row.bits_per_weight for row in tables.formats}
    assert (bits["mxfp4"], bits["nvfp4"]) == (4 + 8 / 32, 4 + 8 / 16)
    assert bits["gptq-int4"] == 4 + 16 / 128
    assert bits["awq-int4"] == pytest.approx(4 + (16 + 4) / 128, abs=0.001)


def test_loaded_salary_is_wage_times_multiplier(tables: Tables) -> None:
    assert tables.default_by_name["fte_usd_per_year"].value == pytest.approx(135_980 * 1.4)


def test_measured_rows_cover_what_the_planner_compares(tables: Tables) -> None:
    fit = [row for row in tables.measured if row.fit_ok]
    assert (len(tables.measured), len(fit)) == (1548, 1371)
    assert {"h100-sxm", "h200", "b200", "a100-80gb"} <= {row.gpu_id for row in fit}
    assert {"llama-3.1-70b", "llama-3.1-8b", "gpt-oss-120b"} <= {row.model_id for row in fit}


@pytest.mark.parametrize("file", FILES)
def test_tables_are_plain_utf8_with_unix_lines(file: str) -> None:
    raw = (DATA / file).read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8").endswith("\n")


@pytest.mark.parametrize("file", FILES)
def test_every_table_has_its_section_in_the_readme(file: str) -> None:
    assert f"## `{file}`" in (DATA / "README.md").read_text(encoding="utf-8")


def test_every_week_shape_has_168_hours_around_one() -> None:
    with (DATA / "traces" / "diurnal_shapes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for source in ("azure2024_conv", "azure2024_code"):
        index = [float(row["index_vs_mean"]) for row in rows if row["source"] == source]
        assert len(index) == 168
        assert sum(index) / 168 == pytest.approx(1, abs=0.005)
