"""The columns of the catalog's lists: head, unit, and how a cell is written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from planner.catalog.history import USD_PER_GPU_HOUR, USD_PER_MTOK
from planner.catalog.library import LibraryModel
from planner.decision.present_tables import NONE, Column

Read = Callable[[Any], object]


class Shown(NamedTuple):
    """A column of a list: head, unit, what it shows of a record, and the side it lines up on."""

    name: str
    unit: str
    read: Read
    align: str = "left"

    @property
    def column(self) -> Column:
        """Its head."""
        return Column(self.name, self.unit, "right" if self.align == "right" else "left")


def _text(name: str, column: str, unit: str = "") -> Shown:
    return Shown(name, unit, lambda record: getattr(record, column, None))


def _figure(name: str, column: str, unit: str = "") -> Shown:
    return Shown(name, unit, lambda record: getattr(record, column, None), "right")


def _token_price(name: str, column: str) -> Shown:
    def read(record: Any) -> object:
        return getattr(record.price if isinstance(record, LibraryModel) else record, column, None)

    return Shown(name, USD_PER_MTOK, read, "right")


def _batch(record: Any) -> str:
    price = record.price if isinstance(record, LibraryModel) else record
    pair = (price.batch_input_usd_per_mtok, price.batch_output_usd_per_mtok)
    return "" if None in pair else f"{cell(pair[0])} / {cell(pair[1])}"


def _long_rule(record: Any) -> str:
    price = record.price if isinstance(record, LibraryModel) else record
    if price.long_above_tokens is None:
        return ""
    times = getattr(record, "long_input_multiplier", None)
    factors = "" if times is None else f": {times:g} / {record.long_output_multiplier:g} times"
    return f"above {price.long_above_tokens:,} tokens{factors}"


def _offer(record: Any) -> str:
    if isinstance(record, LibraryModel):
        return "price library"
    tier = "" if record.service_tier == "standard" else record.service_tier
    return ", ".join(filter(None, (tier, record.region))) or "standard"


def _term(record: Any) -> str:
    return str(record.term).replace("_", " ")


def _experts(record: Any) -> str:
    return "" if record.experts is None else f"{record.experts_per_token} of {record.experts}"


def _billions(column: str) -> Read:
    return lambda record: float(f"{getattr(record, column) / 1e9:.4g}")


def _limits(record: Any) -> str:
    """What a licence asks for, shortly."""
    found = []
    if record.mau_limit:
        found.append(f"above {record.mau_limit:,} monthly users: ask")
    if record.revenue_limit_usd_per_month:
        found.append(f"above {record.revenue_limit_usd_per_month:,.0f} USD a month: ask")
    if record.revenue_limit_usd_per_year:
        found.append(f"above {record.revenue_limit_usd_per_year:,.0f} USD a year: ask")
    if record.eu_blocked_modality:
        found.append(f"no rights in the EU for {record.eu_blocked_modality} models")
    return "; ".join(found)


def _recovery(record: Any) -> str:
    low, high = record.recovery_low_fraction, record.recovery_high_fraction
    return "" if low is None or high is None else recovery_range(low, high)


def recovery_range(low: float, high: float) -> str:
    """`93.0 to 101.2`, per cent of the 16-bit score."""
    return f"{low * 100:.1f}" if low == high else f"{low * 100:.1f} to {high * 100:.1f}"


COLUMNS: dict[str, tuple[Shown, ...]] = {
    "api_prices": (
        _text("Model", "model"),
        _text("Provider", "provider_name"),
        _token_price("Input", "input_usd_per_mtok"),
        _token_price("Cached input", "cached_input_usd_per_mtok"),
        _token_price("Output", "output_usd_per_mtok"),
        Shown("Batch in / out", USD_PER_MTOK, _batch, "right"),
        Shown("Long prompts", "", _long_rule),
        Shown("Offer", "", _offer),
    ),
    "gpu_prices": (
        _text("Instance", "instance"),
        _text("GPU", "gpu_id"),
        _text("Provider", "provider"),
        _text("Tier", "provider_tier"),
        Shown("Term", "", _term),
        Shown("Price", USD_PER_GPU_HOUR, lambda record: Decimal(repr(record.usd_per_gpu_hour)), "right"),
        _figure("GPUs together", "gpus_per_instance"),
        _text("Region", "region"),
    ),
    "server_prices": (
        _text("Server", "name"),
        _text("Kind", "kind"),
        _text("Vendor", "vendor"),
        _text("GPU", "gpu_id"),
        _figure("GPUs", "gpus_per_server"),
        _figure("Price", "usd_per_server", "USD per server"),
        _figure("Power", "max_kw", "kW"),
    ),
    "gpus": (
        _text("GPU", "name"),
        _text("Generation", "architecture"),
        _figure("Memory", "memory_gb_label", "GB"),
        _figure("Bandwidth", "memory_bandwidth_gb_per_s", "GB/s"),
        _figure("Power", "tdp_w", "W"),
        _figure("FP16", "fp16_dense_tflops", "dense TFLOP/s"),
        _figure("BF16", "bf16_dense_tflops", "dense TFLOP/s"),
        _figure("FP8", "fp8_dense_tflops", "dense TFLOP/s"),
        _figure("INT8", "int8_dense_tops", "dense TOP/s"),
        _figure("FP4", "fp4_dense_tflops", "dense TFLOP/s"),
        _text("Interconnect", "interconnect"),
        _text("Cannot", "cannot"),
    ),
    "models": (
        _text("Model", "name"),
        Shown("Parameters", "billion", _billions("total_params"), "right"),
        Shown("Active", "billion", _billions("active_params"), "right"),
        Shown("Experts per token", "", _experts, "right"),
        _text("Attention", "attention"),
        _figure("KV cache", "kv_bytes_per_token_16bit", "bytes per token"),
        _figure("Context", "max_context_tokens", "tokens"),
        _text("Modality", "modality"),
        _text("Licence", "licence_id"),
    ),
    "formats": (
        _text("Format", "name"),
        _figure("Bits per weight", "bits_per_weight"),
        _text("Runs at the rate of", "compute_rate"),
    ),
    "format_evidence": (
        _text("Format", "format_name"),
        _text("Model", "model_name"),
        _text("Runtime", "runtime"),
        _figure("Bits per weight", "bits_per_weight"),
        _figure("Memory", "memory_gib", "GiB"),
        _text("Scored", "quality_metric"),
        Shown("Recovery", "% of 16 bits", _recovery, "right"),
        _figure("Prompt", "context_tokens", "tokens"),
    ),
    "licences": (
        _text("Licence", "name"),
        _figure("Commercial use", "commercial_allowed"),
        Shown("Limits", "", _limits),
        _text("Attribution", "attribution"),
        _text("Clauses, in our words", "clause"),
    ),
    "quality": (
        _text("Model", "model_name"),
        _text("Benchmark", "benchmark"),
        _figure("Score", "score"),
        _text("Setting", "setting"),
    ),
    "defaults": (_text("Parameter", "parameter"), _figure("Value", "value"), _text("Unit", "unit")),
    "measured": (
        _text("Model", "model_name"),
        _text("GPU", "gpu_name"),
        _figure("GPUs", "n_gpu"),
        _text("Format", "format_id"),
        _text("Engine", "engine"),
        _figure("In", "input_tokens", "tokens"),
        _figure("Out", "output_tokens", "tokens"),
        _text("Load", "mode"),
        _figure("Throughput", "output_tokens_per_s", "output tokens/s"),
        _figure("TTFT", "ttft_ms", "ms"),
        _figure("TPOT", "tpot_ms", "ms"),
    ),
    "named": (
        _text("Name", "name"),
        _text("Kind", "kind"),
        _text("Exists", "exists"),
        _text("In our models", "model_id"),
        _text("In our prices", "api"),
        _text("Instead", "instead"),
        _text("Articles", "articles"),
    ),
    "retirements": (_text("Model", "model"), _text("Provider", "provider"), _text("Not served from", "retires_on")),
    "api_price_checks": (
        _text("Model and host", "name"),
        _text("Other source", "checked_by"),
        _figure("Input there", "input_usd_per_mtok", USD_PER_MTOK),
        _figure("Output there", "output_usd_per_mtok", USD_PER_MTOK),
        _text("Finding", "finding"),
        _text("Why", "explanation"),
    ),
}
"""The columns of each list; date, age, badges, origin and source follow in every one."""


def cell(value: object) -> str:
    """A value as people read it; what is absent is a dash."""
    match value:
        case None | "":
            return NONE
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return price(value)
        case float() | int():
            return figure(Decimal(repr(value)))
        case tuple():
            return ", ".join(cell(item) for item in value) or NONE
        case _:
            return str(value)


def figure(value: Decimal) -> str:
    """Every digit the source gives, with separators: `1,235,814,400`, `4.25`."""
    return f"{value.normalize():,f}"


def price(value: Decimal) -> str:
    """Every digit of a price, with its cents: `3.00`, `0.05833333`, `277,898.00`."""
    whole, _, digits = f"{value.normalize():,f}".partition(".")
    return f"{whole}.{digits:0<2}"


def name_of(record: Any, key: str) -> str:
    """What a row is called in its list, with enough to tell it from the others."""
    if key == "gpu_prices":
        return f"{record.provider} {record.instance}, {record.gpu_id}, {_term(record)}"
    if key in ("api_prices", "retirements"):
        return f"{record.model} at {record.provider}"
    if key == "measured":
        return f"{record.model_name} on {record.n_gpu} x {record.gpu_name}"
    if key == "quality":
        return f"{record.model_name}, {record.benchmark}"
    if key == "format_evidence":
        return f"{record.format_name}, {record.model_name}"
    if key == "contracted_prices":
        return f"Contract {record.contract_id}"
    if key == "licences":
        return f"{record.name} ({record.licence_id})"
    return cell(COLUMNS[key][0].read(record))
