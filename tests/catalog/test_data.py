"""Every shipped row: it has a source, a date that is past, a positive price, and nobody else says the same thing."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.gpu_offers import current
from planner.catalog.rows import GpuPriceRow, PriceTerm, SourcedRow
from planner.catalog.tables import ROW_TYPES, Tables, load_tables
from planner.domain.base import as_of_date

DATA = Path(__file__).resolve().parents[2] / "data"
TODAY = dt.date(2026, 11, 21)
FILES = [row_type.FILE for row_type in ROW_TYPES]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables(DATA, on=TODAY)


def sourced(tables: Tables) -> list[SourcedRow]:
    """Every row that states its source."""
    found = (getattr(tables, field.name) for field in fields(tables) if field.init)
    return [row for rows in found for row in rows if isinstance(row, SourcedRow)]


def test_every_row_has_an_address_or_is_assumed_with_a_reason(tables: Tables) -> None:
    rows = sourced(tables)
    assert len(rows) > 500
    for row in rows:
        assert row.source_url.startswith("https://") or (row.origin == "assumed" and row.note), row
    assert all(row.source_url.startswith("https://") for row in tables.measured)


def test_no_row_is_dated_in_the_future(tables: Tables) -> None:
    dates = [row.as_of for row in sourced(tables)] + [row.as_of for row in tables.measured if row.as_of]
    assert max(map(as_of_date, dates)) <= TODAY
    assert min(map(as_of_date, dates)) >= dt.date(2020, 1, 1)


def test_a_note_that_reads_like_an_assumption_is_not_published(tables: Tables) -> None:
    """An estimate that a source makes from a usual discount is `modelled`, with low confidence."""
    estimates = [row for row in tables.gpu_prices if "estimated" in row.note.lower()]
    assert estimates
    assert {(row.origin, row.confidence) for row in estimates} == {("modelled", "low")}


def test_every_price_is_positive_and_plausible(tables: Tables) -> None:
    assert all(0.05 < row.usd_per_gpu_hour < 50 for row in tables.gpu_prices)
    for server in tables.server_prices:
        per_gpu = float(server.usd_per_server) / server.gpus_per_server
        assert (1_000 < per_gpu < 20_000) if server.kind == "card" else (10_000 < per_gpu < 100_000), server.server_id


def test_no_two_prices_for_the_same_thing_on_the_same_day(tables: Tables) -> None:
    """By the day that a date stands for: 2026-07 and 2026-07-01 are one."""
    things = Counter((row.offer, as_of_date(row.as_of)) for row in tables.gpu_prices)
    assert [thing for thing, n in things.items() if n > 1] == []
    servers = Counter((row.vendor, row.name, as_of_date(row.as_of)) for row in tables.server_prices)
    assert max(servers.values()) == 1


@cache
def shipped_prices() -> tuple[GpuPriceRow, ...]:
    return load_tables(DATA).gpu_prices


@given(st.dates(dt.date(2022, 1, 1), dt.date(2030, 1, 1)))
def test_on_any_day_one_price_is_in_force_for_every_offer(on: dt.date) -> None:
    rows = shipped_prices()
    by_offer = Counter(row.offer for row in current(rows, on))
    assert set(by_offer) == {row.offer for row in rows}
    assert set(by_offer.values()) == {1}


TERM_PAIRS: list[tuple[PriceTerm, PriceTerm]] = [
    ("reserved_3y", "reserved_1y"),
    ("reserved_1y", "on_demand"),
    ("reserved_3y", "on_demand"),
    ("capacity_block", "on_demand"),
    ("spot", "on_demand"),
]


@pytest.mark.parametrize(("cheaper", "dearer"), TERM_PAIRS)
def test_a_longer_commitment_or_a_machine_that_may_go_never_costs_more(
    tables: Tables, cheaper: PriceTerm, dearer: PriceTerm
) -> None:
    """Of the same instance at the same provider and place, in the prices in force; no exception among the rows."""

    def by_thing(term: PriceTerm) -> dict[tuple[str, str, str, str], float]:
        rows = [row for row in current(tables.gpu_prices, TODAY) if row.term == term]
        return {(p.provider, p.gpu_id, p.instance, p.region): p.usd_per_gpu_hour for p in rows}

    low, high = by_thing(cheaper), by_thing(dearer)
    shared = low.keys() & high.keys()
    assert len(shared) >= {"capacity_block": 1, "spot": 50}.get(cheaper, 6)
    assert [thing for thing in shared if low[thing] >= high[thing]] == []


def test_the_tier_of_a_provider_is_always_the_same(tables: Tables) -> None:
    tiers: dict[str, set[str]] = {}
    for row in tables.gpu_prices:
        tiers.setdefault(row.provider, set()).add(row.provider_tier)
    assert {provider for provider, found in tiers.items() if len(found) > 1} == set()
    assert tiers["AWS"] == {"hyperscaler"}
    assert tiers["Vast.ai"] == {"marketplace"}


def test_a_capacity_block_is_a_term_of_its_own(tables: Tables) -> None:
    blocks = {row.price_id for row in tables.gpu_prices if row.term == "capacity_block"}
    assert len(blocks) == 4
    assert "aws-gb200-p6e-gb200.36xlarge-on-demand" in blocks  # its id is from before, and stays
    assert not [row for row in tables.gpu_prices if row.term == "on_demand" and row.note == "capacity block only"]


# --- GPUs


def test_every_gpu_has_a_matrix_rate_and_its_memory_is_what_the_label_says(tables: Tables) -> None:
    for gpu in tables.gpus:
        assert gpu.fp16_dense_tflops, gpu.gpu_id
        label_mib = gpu.memory_gb_label * 1024
        if gpu.vendor == "Apple":  # the share of unified memory that Metal recommends
            assert gpu.memory_mib_reported == 0.75 * label_mib, gpu.gpu_id
        else:
            assert 0.92 * label_mib < gpu.memory_mib_reported <= 1.03 * label_mib, gpu.gpu_id


def test_a_rate_that_is_blank_is_among_what_the_gpu_cannot_do(tables: Tables) -> None:
    for gpu in tables.gpus:
        cannot = {part.split()[0] for part in gpu.cannot.split("; ") if part}
        rates = {"BF16": gpu.bf16_dense_tflops, "FP8": gpu.fp8_dense_tflops, "FP4": gpu.fp4_dense_tflops}
        assert {name for name, rate in rates.items() if rate is None} == cannot & rates.keys(), gpu.gpu_id
        assert ("NVLink" in cannot) == gpu.interconnect.startswith("PCIe"), gpu.gpu_id


def test_what_the_t4_the_a100_and_the_b300_cannot_do(tables: Tables) -> None:
    t4, a100, b300 = (tables.gpu_by_id[name] for name in ("t4", "a100-80gb", "b300"))
    assert (t4.fp16_dense_tflops, t4.bf16_dense_tflops) == (65, None)
    assert "FP8 compute" in a100.cannot
    assert "do not serve INT8" in b300.cannot
    assert b300.int8_dense_tops is not None
    assert b300.fp8_dense_tflops is not None
    assert b300.int8_dense_tops < b300.fp8_dense_tflops / 25


def test_apple_chips_multiply_in_16_bits_alone_and_say_what_they_lack(tables: Tables) -> None:
    apple = [gpu for gpu in tables.gpus if gpu.vendor == "Apple"]
    assert len(apple) == 8
    for gpu in apple:
        assert gpu.fp16_dense_tflops == gpu.bf16_dense_tflops
        assert (gpu.fp8_dense_tflops, gpu.int8_dense_tops, gpu.fp4_dense_tflops) == (None, None, None)
        assert [part.split()[0] for part in gpu.cannot.split("; ")] == ["FP8", "FP4", "CUDA", "tensor"]
        assert gpu.confidence == "low"
    ultra, m4 = tables.gpu_by_id["apple-m3-ultra"], tables.gpu_by_id["apple-m4-max"]
    assert (ultra.memory_mib_reported, m4.memory_mib_reported) == (393_216, 98_304)
    assert m4.fp16_dense_tflops == pytest.approx(13.74 * 40 / 32, abs=0.01)


def test_no_rate_is_a_sparse_one(tables: Tables) -> None:
    """From 16 to 8 bits a dense rate doubles; a sparse figure in one column alone would be four times the other.

    GeForce cards have half the floating-point rate with 32-bit sums, so their INT8 rate is four times it.
    """
    for gpu in tables.gpus:
        half = gpu.bf16_dense_tflops
        if half and gpu.fp8_dense_tflops:
            assert gpu.fp8_dense_tflops / half == pytest.approx(2, rel=0.03), gpu.gpu_id
        if half and gpu.int8_dense_tops and "INT8 at speed" not in gpu.cannot:
            times = 4 if "GeForce" in gpu.cannot else 2
            assert gpu.int8_dense_tops / half == pytest.approx(times, rel=0.03), gpu.gpu_id


def test_the_servers_of_lp2368_are_there_to_the_cent(tables: Tables) -> None:
    found = {row.name: str(row.usd_per_server) for row in tables.server_prices if row.vendor == "Lenovo"}
    assert found == {
        "8x H100 server": "250141.80",
        "8x H200 server": "277897.75",
        "8x B200 server": "338495.75",
        "8x B300 server": "461567.50",
        "4x L40S server": "52390.50",
    }


# --- models and formats


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


def test_bits_of_a_gguf_file_are_its_size_over_its_parameters(tables: Tables) -> None:
    """Llama 3.1 8B has 8.03e9 parameters; Q4_K_M is 4.58 GiB: 4.58 x 2^30 x 8 / 8.03e9 = 4.90 bits."""
    params = tables.model_by_id["llama-3.1-8b"].total_params
    files = [row for row in tables.format_evidence if row.model_id == "llama-3.1-8b" and row.format_id[:4] == "gguf"]
    assert len(files) > 8
    for row in files:
        assert row.memory_gib is not None
        bits = row.memory_gib * 2**30 * 8 / params
        assert tables.format_by_id[row.format_id].bits_per_weight == pytest.approx(bits, rel=0.002), row.evidence_id


def test_evidence_of_formats_is_a_share_of_its_baseline(tables: Tables) -> None:
    """Accuracy: quantised / baseline. Perplexity: baseline / quantised, since lower is better."""
    assert len(tables.format_evidence) == 72
    for row in tables.format_evidence:
        low, high = row.recovery_low_fraction, row.recovery_high_fraction
        assert low is None or 0.3 < low <= (high or 1) < 1.1, row.evidence_id
        if low is not None and row.baseline and row.quantised:
            share = row.quantised / row.baseline
            assert low == pytest.approx(1 / share if "perplexity" in row.quality_metric else share, abs=1e-4)


# --- defaults


def test_loaded_salary_is_wage_times_multiplier(tables: Tables) -> None:
    of = {name: row.value for name, row in tables.default_by_name.items()}
    assert of["fte_usd_per_year"] == pytest.approx(of["software_developer_wage_usd_per_year"] * 1.4)
    assert of["loaded_cost_multiplier"] == 1.4


@pytest.mark.parametrize(
    ("parameter", "value", "as_of"),
    [
        ("electricity_usd_per_kwh", 0.0977, "2026-07"),
        ("electricity_commercial_usd_per_kwh", 0.1453, "2026-07"),
        ("electricity_residential_usd_per_kwh", 0.1831, "2026-07"),
        ("pue_ratio", 1.54, "2025"),
        ("server_maintenance_fraction_per_year", 0.12, "2026-01"),
        ("colocation_usd_per_rack_month", 1500, "2026-01"),
        ("amortisation_years", 5, "2026-01"),
        ("gpu_all_in_power_kw_h100", 1.73, "2026-04-03"),
        ("gpu_all_in_power_kw_mi355x", 2.65, "2026-04-03"),
        ("egress_usd_per_gb", 0.09, "2026-09"),
        ("token_price_decline_fraction_per_quarter", 0.47, "2026-09-22"),
    ],
)
def test_a_default_is_the_published_figure_of_its_date(
    tables: Tables, parameter: str, value: float, as_of: str
) -> None:
    row = tables.default_by_name[parameter]
    assert (row.value, row.as_of) == (value, as_of)


def test_the_unit_of_a_default_is_that_of_its_name(tables: Tables) -> None:
    endings = {"_usd_per_kwh": "USD/kWh", "_usd_per_gb": "USD/GB", "_ratio": "ratio", "_months": "months"}
    for row in tables.defaults:
        for ending, unit in endings.items():
            assert not row.parameter.endswith(ending) or row.unit == unit, row.parameter
        if "_fraction" in row.parameter:
            assert 0 < row.value <= 1, row.parameter


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
