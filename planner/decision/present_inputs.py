"""Tables of what was put in: the workload and every assumption, with its unit and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from planner.decision.present_tables import Column, Table
from planner.domain.base import Value
from planner.domain.evidence import Provenance
from planner.domain.options import Operations, Option, RentedOption
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from planner.units import CALENDARS, round_half_up

DEFAULT = "assumed (default)"
GIVEN = "set in the scenario"
EVERY = "all options"
ASSUMPTION_COLUMNS = (
    Column("Concerns"),
    Column("Assumption"),
    Column("Value", align="right"),
    Column("Unit"),
    Column("Origin"),
)

Row = tuple[str, str, str, str, str]


def _number(value: Any) -> str:
    text = f"{round_half_up(value, 8):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _pct(value: Any) -> str:
    return _number(round_half_up(value * 100, 6))


class Field(NamedTuple):
    """How one field of a value is shown."""

    name: str
    label: str
    unit: str = ""
    show: Callable[[Any], str] = str


SCENARIO = (
    Field("horizon_months", "Horizon", "months", _number),
    Field("calendar", "Calendar", "hours/month", lambda name: _number(CALENDARS[name].hours_per_month)),
    Field("staff_usd_per_hour", "Engineer, one-off work", "USD/hour", _number),
    Field("fte_usd_per_year", "Engineer, full time, loaded", "USD/year", _number),
    Field("tie_band_fraction", "Tie band", "%", _pct),
)
WORKLOAD = (
    Field("peak_to_mean", "Busiest hour / mean hour", "ratio", _number),
    Field("volume_multiplier", "What-if factor on volume", "ratio", _number),
)
LATENCY = (
    Field("ttft_slo_ms", "Time to first token, target", "ms", _number),
    Field("tpot_slo_ms", "Time per output token, target", "ms", _number),
    Field("slo_percentile", "Targets held at percentile", "%", _number),
)
PER_TOKEN = (Field("provider", "Provider"), Field("model", "Model"))
RENTED = (
    Field("model_id", "Model"),
    Field("format_id", "Weight format"),
    Field("gpu_id", "GPU"),
    Field("gpus_per_replica", "GPUs per replica", "GPUs", _number),
    Field("price_id", "Rental price, catalog row"),
    Field("allowed_utilisation_fraction", "Capacity planned for at peak", "%", _pct),
    Field("min_replicas", "Replicas kept when idle", "replicas", _number),
    Field("spare_replicas", "Spare replicas", "replicas", _number),
    Field("replica_step", "Replicas rented in multiples of", "replicas", _number),
    Field("prefix_cache_hit_fraction", "Cached input that hits here", "%", _pct),
    Field("gpu_memory_utilisation_fraction", "GPU memory the server may use", "%", _pct),
    Field("gpu_overhead_gib", "Memory overhead per GPU", "GiB", _number),
    Field("kv_cache_bits", "KV-cache element", "bits", _number),
)
OPERATIONS = (
    Field("setup_hours", "Setup", "hours", _number),
    Field("other_one_off_usd", "Other one-off cost", "USD", _number),
    Field("fte_fraction", "Engineers kept busy", "full-time engineers", _number),
    Field("other_usd_per_month", "Other running cost", "USD/month", _number),
)
TYPED = (
    Field("input_usd_per_mtok", "Fresh input price", "USD per 1M tokens", _number),
    Field("cached_input_usd_per_mtok", "Cached input price", "USD per 1M tokens", _number),
    Field("cache_write_usd_per_mtok", "Cache write price", "USD per 1M tokens", _number),
    Field("output_usd_per_mtok", "Output price", "USD per 1M tokens", _number),
    Field("batch_discount_fraction", "Batch discount", "%", _pct),
    Field("long_context_threshold_tokens", "Long-context threshold", "prompt tokens", _number),
    Field("long_input_multiplier", "Long-context factor, input", "ratio", _number),
    Field("long_output_multiplier", "Long-context factor, output", "ratio", _number),
    Field("usd_per_gpu_hour", "Rental price", "USD per GPU-hour", _number),
    Field("output_tokens_per_s_per_replica", "Throughput", "output tokens/s per replica", _number),
    Field("prefill_tokens_per_s_per_replica", "Prefill throughput", "prompt tokens/s per replica", _number),
    Field("decode_tokens_per_s_per_replica", "Decode throughput", "output tokens/s per replica", _number),
    Field("held_at_slo", "Measured while the latency target was met", "", lambda held: "yes" if held else "no"),
    Field("low_fraction", "Throughput, low end", "% of the likely figure", _pct),
    Field("high_fraction", "Throughput, high end", "% of the likely figure", _pct),
)
CLASS_COLUMNS = (
    Column("Class"),
    *(
        Column(name, unit, "right")
        for name, unit in (
            ("Requests", "per day"),
            ("Fresh input", "tokens/request"),
            ("Cached input", "tokens/request"),
            ("Cache write", "tokens/request"),
            ("Output", "tokens/request"),
            ("Reasoning", "tokens/request"),
            ("Batch", "%"),
        )
    ),
)


def workload_rows(scenario: Scenario) -> Table:
    """One row per task class, before the what-if factor."""
    return Table("Workload", CLASS_COLUMNS, tuple(_class_row(c) for c in scenario.workload.classes))


def _class_row(task: TaskClass) -> tuple[str, ...]:
    tokens = (task.fresh_input_tokens, task.cached_input_tokens, task.cache_write_tokens)
    generated = (task.output_tokens, task.reasoning_tokens)
    numbers = (task.requests_per_day, *tokens, *generated)
    return (task.label or task.class_id, *(_number(n) for n in numbers), _pct(task.batch_fraction))


def assumption_rows(scenario: Scenario) -> Table:
    """Every assumption of the scenario; one that equals the program's default says so."""
    rows: list[Row] = [*_rows(scenario, SCENARIO), *_rows(scenario.latency, LATENCY)]
    rows += [*_rows(scenario.workload, WORKLOAD), *_workload_source(scenario)]
    for option in scenario.options:
        rows += _option_rows(option)
    return Table("Assumptions", ASSUMPTION_COLUMNS, tuple(rows))


def _workload_source(scenario: Scenario) -> list[Row]:
    workload = scenario.workload
    told = [t for t in (workload.source, workload.source_url, workload.licence, workload.as_of) if t]
    return [(EVERY, "Workload", "see Workload", "", "; ".join(told) or "no source given")]


def _option_rows(option: Option) -> list[Row]:
    who = option.label
    rows = list(_rows(option, RENTED if isinstance(option, RentedOption) else PER_TOKEN, who))
    typed = (option.price, option.throughput) if isinstance(option, RentedOption) else (option.price,)
    for value in typed:
        if value is not None:
            rows += _rows(value, TYPED, who, origin=_told(value.provenance))
    usual: Operations = type(option).model_fields["operations"].default
    return [*rows, *_rows(option.operations, OPERATIONS, who, usual=usual)]


def _told(provenance: Provenance) -> str:
    told = [t for t in (provenance.source, provenance.source_url, provenance.as_of, provenance.note) if t]
    return f"{provenance.origin}: {'; '.join(told)}"


def _rows(
    value: Value, fields: Iterable[Field], concerns: str = EVERY, *, usual: Value | None = None, origin: str = ""
) -> Iterable[Row]:
    """A row for each field that the value has and that is not empty; `usual` replaces the class's own defaults."""
    known = type(value).model_fields
    for field in fields:
        if field.name not in known or (given := getattr(value, field.name)) is None:
            continue
        default = getattr(usual, field.name) if usual else known[field.name].default
        where = DEFAULT if given == default else origin or GIVEN
        yield (concerns, field.label, field.show(given), field.unit, where)
