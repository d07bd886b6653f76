"""What every source of a throughput is asked, and what it answers."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity import ceiling, published
from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.catalog.tables import Tables
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.serving import KnownSource
from planner.workload.demand import ClassArrays, class_arrays, mean_shape

SOURCE_WORDS: dict[KnownSource, str] = {
    "typed": "typed in",
    "calibrated": "from own measured points",
    "published": "from a published run",
    "modelled": "modelled",
}
"""A source in a word or two, for people."""


class Hardware(NamedTuple):
    """The rows an option names."""

    model: ModelRow
    format: FormatRow
    gpu: GpuRow


class Throughput(NamedTuple):
    """CAP-1 rates of one replica, their range, the latencies behind them and where they come from.

    `ttft_ms` and `tpot_ms` are those that CAP-3 multiplies by the arrival rate: means where they are known.
    """

    source: KnownSource
    work: published.WorkRates
    low: float
    high: float
    shape_factor: float
    held_at_slo: bool
    ttft_ms: float
    tpot_ms: float
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    alone_s: float | None = None
    """T(1): seconds of one request alone; None = not known."""


class Blocked(Exception):
    """Carries the reasons why a step of the resolution has no answer."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons


class Asked(NamedTuple):
    """One option's question: what does one replica do at this mix and target?"""

    option: SelfHosted
    where: str
    scenario: Scenario
    hardware: Hardware
    tables: Tables
    limit: float
    """CAP-7 of one replica, tokens/s."""
    arrays: ClassArrays
    """The classes in the model's own tokens."""
    shape: tuple[float, float]
    """Mean prompt tokens to compute (after prefix-cache hits) and generated tokens."""
    kv_tokens: int | None
    """Tokens of KV cache of one replica; None when the model does not fit."""

    def seconds(self, rate: Throughput) -> float:
        """Replica-seconds of a mean request."""
        return self.shape[0] * rate.work.s_per_input_token + self.shape[1] * rate.work.s_per_output_token


def asked_of(
    option: SelfHosted, where: str, scenario: Scenario, hardware: Hardware, tables: Tables, kv_tokens: int | None
) -> Asked:
    """The question of one option; Blocked when its GPU has no rate for the format."""
    limit = compute_ceiling(option, hardware)
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    shape = mean_shape(arrays, option.prefix_cache_hit_fraction)
    return Asked(option, where, scenario, hardware, tables, limit, arrays, shape, kv_tokens)


def compute_ceiling(option: SelfHosted, hardware: Hardware) -> float:
    """CAP-7 of one replica, tokens/s; Blocked when the GPU has no rate for the format."""
    model, number_format, gpu = hardware
    tflops = published.dense_tflops(gpu, number_format.compute_rate)
    if tflops is None:
        raise Blocked(
            Reason(
                code="GPU_UNKNOWN",
                message=f"The catalog has no dense rate of {gpu.name} that {number_format.name} could run at.",
                field=f"options[{option.option_id}].gpu_id",
                remedy="Choose another GPU or weight format.",
            )
        )
    body = model.active_params - model.vocab_size * model.hidden_size
    active = body if body > model.active_params / 2 else model.active_params
    return ceiling.compute_ceiling_tokens_per_s(tflops, option.gpus_per_replica, active)
