"""What one replica serves, from published measurements, adapted to the scenario's own request shape.

A published row gives output tokens/s at one shape (prompt, output). Its work per request, s = output / rate, is split
by CAP-1 into a part per prompt token, 2 x active parameters / (FLOPS x PREFILL_MFU), and the rest per output token.
On 2,560 pairs of rows of one deployment whose shapes differ up to four times this is 9.6 % off in the median, where
reusing the row's output tokens/s is 31 % off and its total tokens/s 33 % (`bench/shape_transfer.py` recomputes them).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from planner.catalog.rows import ComputeRate, GpuRow, MeasuredRow
from planner.domain.workload import LatencyTarget

PREFILL_MFU = 0.35
MAX_PREFILL_SHARE = 0.8
MAX_SHAPE_FACTOR = 8.0
INTERACTIVE_TPOT_MS = 200.0
INTERACTIVE_TTFT_MS = 2000.0
_RATE_FALLBACK: dict[ComputeRate, tuple[ComputeRate, ...]] = {
    "fp4": ("fp4", "fp8", "bf16"),
    "fp8": ("fp8", "bf16", "fp16"),
    "int8": ("int8", "bf16", "fp16"),
    "bf16": ("bf16",),
    "fp16": ("fp16", "bf16"),
}
"""BF16 weights do not fit FP16's range, so they never fall back to it; Turing has no kernels for 4-bit floats."""


class WorkRates(NamedTuple):
    """CAP-1 rates of one replica."""

    s_per_input_token: float
    s_per_output_token: float


class Choice(NamedTuple):
    """The row chosen, how its rate was adapted, and how far its shape is from the scenario's."""

    row: MeasuredRow
    work: WorkRates
    shape_factor: float
    derating: float


def dense_tflops(gpu: GpuRow, compute_rate: ComputeRate) -> float | None:
    """Dense matrix rate of a GPU for a weight format, falling back to wider formats it has; TFLOP/s."""
    rates = _rates(gpu)
    return next((rates[name] for name in _RATE_FALLBACK[compute_rate] if rates[name]), None)


def has_own_rate(gpu: GpuRow, compute_rate: ComputeRate) -> bool:
    """Whether the GPU multiplies a format of this rate as such, and not in a wider one; 16 bits are one rate."""
    rates = _rates(gpu)
    own: tuple[ComputeRate, ...] = ("fp16", "bf16") if compute_rate in ("fp16", "bf16") else (compute_rate,)
    return any(rates[name] for name in own)


def _rates(gpu: GpuRow) -> dict[ComputeRate, float | None]:
    return {
        "fp4": gpu.fp4_dense_tflops,
        "fp8": gpu.fp8_dense_tflops,
        "int8": gpu.int8_dense_tops,
        "bf16": gpu.bf16_dense_tflops,
        "fp16": gpu.fp16_dense_tflops,
    }


def split_work(
    *, input_tokens: float, output_tokens: float, output_tokens_per_s: float, compute_ceiling_tokens_per_s: float
) -> WorkRates:
    """CAP-1 rates from one measured point; the prompt part is at most 80 % of the whole."""
    seconds = output_tokens / output_tokens_per_s
    prefill = min(1 / (compute_ceiling_tokens_per_s * PREFILL_MFU), MAX_PREFILL_SHARE * seconds / input_tokens)
    return WorkRates(prefill, (seconds - prefill * input_tokens) / output_tokens)


def shape_factor(row: MeasuredRow, input_tokens: float, output_tokens: float) -> float:
    """How many times the row's prompt or output length differs from the scenario's, whichever is more."""
    ratios = (row.input_tokens / max(input_tokens, 1), row.output_tokens / max(output_tokens, 1))
    return max(max(ratio, 1 / ratio) for ratio in ratios)


def matching_rows(
    rows: Iterable[MeasuredRow], model_ids: Sequence[str], format_id: str, gpu_id: str, gpus: int
) -> list[MeasuredRow]:
    """Usable rows of this very deployment: same model (or same architecture), format, GPU and GPU count."""
    return [
        row
        for row in rows
        if row.fit_ok
        and row.model_id in model_ids
        and row.format_id == format_id
        and row.gpu_id == gpu_id
        and row.n_gpu == gpus
    ]


def derating_name(target: LatencyTarget) -> str:
    """The default that says what share of an offline rate holds this target: interactive, or relaxed."""
    strict = target.tpot_slo_ms < INTERACTIVE_TPOT_MS or target.ttft_slo_ms < INTERACTIVE_TTFT_MS
    return f"slo_derating_{'interactive' if strict else 'relaxed'}_fraction"


def derating(row: MeasuredRow, target: LatencyTarget, offline_share: float) -> float | None:
    """Share of the row's rate that is usable at the target; None when its own latency misses the target.

    Rows that state latency are held against it directly. Rows without (offline runs) are derated by the MLPerf
    Server/Offline or Interactive/Offline median.
    """
    if row.ttft_ms is None or row.tpot_ms is None:
        return offline_share
    return 1.0 if row.ttft_ms <= target.ttft_slo_ms and row.tpot_ms <= target.tpot_slo_ms else None


def choose(
    rows: Sequence[MeasuredRow],
    *,
    target: LatencyTarget,
    shape: tuple[float, float],
    compute_ceiling_tokens_per_s: float,
    offline_share: float,
) -> Choice | None:
    """Of the rows that hold the target: the nearest shape, then stated latency, then the highest rate. None: none."""
    usable = [(row, share) for row in rows if (share := derating(row, target, offline_share)) is not None]
    ranked = sorted(usable, key=lambda pair: _preference(pair[0], pair[1], shape))
    if not ranked:
        return None
    row, share = ranked[0]
    work = split_work(
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        output_tokens_per_s=row.output_tokens_per_s * share,
        compute_ceiling_tokens_per_s=compute_ceiling_tokens_per_s,
    )
    return Choice(row, work, shape_factor(row, *shape), share)


def _preference(row: MeasuredRow, share: float, shape: tuple[float, float]) -> tuple[float, float, float, str]:
    """Nearest shape to 10 %, stated latency before derated, then rate, then id: always the same choice."""
    bucket = round(math.log(shape_factor(row, *shape)), 1)
    return (bucket, 0.0 if share == 1.0 else 1.0, -row.output_tokens_per_s * share, row.row_id)
