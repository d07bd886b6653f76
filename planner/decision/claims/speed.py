"""Claims on quality, speed and people (B8 to B12, B15, B19 to B21)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from planner.capacity.ceiling import decode_steps_ceiling_per_s
from planner.capacity.fleet import residence_s
from planner.catalog.rows import MeasuredRow
from planner.catalog.tables import Tables
from planner.decision.claims.finding import ClaimFunction, Finding, Inputs, Quantity, at_most, span
from planner.decision.claims.models import weights_gb
from planner.units import GB_BYTES


def quality_range(x: Inputs, tables: Tables) -> Finding:
    """B8: whether the scores of the article's own table lie in the range its text states."""
    scores = [x[f"score_{n}"] for n in range(1, 5)]
    low, high = x["claimed_low"], x["claimed_high"]
    ends = (min(scores) >= low, any(np.isclose(score, high) for score in scores))
    computed = (Quantity("lowest score", min(scores), "%"), Quantity("highest score", max(scores), "%"))
    return Finding(
        computed, f"The table goes from {min(scores):g} to {max(scores):g}%, the text from {low:g} to {high:g}%.", ends
    )


def batching_gain(x: Inputs, tables: Tables) -> Finding:
    """B9: throughput over a server that takes one request at a time, alone and saturated."""
    alone, full = x["gain_at_one_request"], x["gain_when_saturated"]
    computed = (Quantity("one request at a time", alone, "times"), Quantity("saturated", full, "times"))
    holds = (at_most(x["claimed_low_times"], alone), at_most(x["claimed_low_times"], full))
    return Finding(computed, f"The gain runs from {alone:g} to {full:g} times with concurrency.", holds)


def accepted_tokens(acceptance: float, drafted: float) -> float:
    """Tokens per verification step: E = (1 - a^(g + 1)) / (1 - a), g drafted tokens, each accepted with chance a."""
    return drafted + 1 if acceptance == 1 else (1 - acceptance ** (drafted + 1)) / (1 - acceptance)


def latency_gain(acceptance: float, drafted: float, draft_cost: float) -> float:
    """Speculative decoding when memory binds: E / (g c + 1), c = cost of a drafted token over a verified one."""
    return accepted_tokens(acceptance, drafted) / (drafted * draft_cost + 1)


def saturated_gain(acceptance: float, drafted: float) -> float:
    """Speculative decoding when compute binds: E / (g + 1); never above 1."""
    return accepted_tokens(acceptance, drafted) / (drafted + 1)


def speculative(x: Inputs, tables: Tables) -> Finding:
    """B10: gain of speculative decoding at low load, and at a saturated GPU."""
    cases = (
        (x["acceptance_low"], x["drafted_short"]),
        (x["acceptance_likely"], x["drafted_short"]),
        (x["acceptance_high"], x["drafted_long"]),
    )
    quiet = [latency_gain(a, g, x["draft_cost"]) for a, g in cases]
    busy = [saturated_gain(a, g) for a, g in cases[1:]]
    computed = (
        Quantity("low load, poor acceptance", quiet[0], "times"),
        Quantity("low load, likely acceptance", quiet[1], "times"),
        Quantity("low load, high acceptance", quiet[2], "times"),
        Quantity("saturated, likely acceptance", busy[0], "times"),
        Quantity("saturated, high acceptance", busy[1], "times"),
    )
    said = (
        f"{span(min(quiet), max(quiet), ' times')} at low load, {span(min(busy), max(busy), ' times')} when saturated."
    )
    return Finding(computed, said, tuple(at_most(x["claimed_low_times"], gain) for gain in (*quiet, *busy)))


def tokens_per_user(x: Inputs, tables: Tables) -> Finding:
    """B11: decode steps a second with so many requests at once, weights and their caches read in each (CAP-7)."""
    model = tables.model_by_id["mistral-7b-v0.3"]
    weights = weights_gb(tables, "mistral-7b-v0.3", 16) * GB_BYTES
    per_request = x["context_tokens"] * model.kv_bytes_per_token_16bit

    def steps(gpu_id: str, requests: float) -> float:
        bandwidth = tables.gpu_by_id[gpu_id].memory_bandwidth_gb_per_s
        return decode_steps_ceiling_per_s(bandwidth, 1, weights + requests * per_request)

    users = (x["users_low"], x["users_high"])
    bounds = [steps(gpu, count) for gpu in ("a100-40gb", "a100-80gb") for count in users]
    computed = (
        Quantity("alone on 40 GB, at most", steps("a100-40gb", 0), "tokens/s"),
        Quantity("alone on 80 GB, at most", steps("a100-80gb", 0), "tokens/s"),
        Quantity("many users on 40 GB, at most", bounds[1], "tokens/s"),
        Quantity("all users together, low", x["claimed_low_tokens_per_s"] * users[0], "tokens/s"),
        Quantity("all users together, high", x["claimed_high_tokens_per_s"] * users[1], "tokens/s"),
    )
    said = f"Bandwidth allows {span(min(bounds), max(bounds), ' tokens/s')} to each request."
    return Finding(computed, said, tuple(at_most(x["claimed_high_tokens_per_s"], bound) for bound in bounds))


def parallel_efficiency(rows: Iterable[MeasuredRow], gpus: int) -> Iterator[float]:
    """T(tp) / (tp x T(1)) of every deployment that was measured with one GPU and with `gpus`, all else equal."""
    runs: dict[tuple[object, ...], dict[int, float]] = {}
    for row in rows:
        if row.fit_ok and row.tp == row.n_gpu:
            same = (row.source_id, row.model_name, row.format_id, row.gpu_name, row.engine, row.engine_version)
            load = (row.input_tokens, row.output_tokens, row.mode, row.concurrency, row.num_prompts)
            runs.setdefault((*same, *load), {}).setdefault(row.n_gpu, row.output_tokens_per_s)
    return (by_gpus[gpus] / (gpus * by_gpus[1]) for by_gpus in runs.values() if {1, gpus} <= by_gpus.keys())


def tensor_parallel(x: Inputs, tables: Tables) -> Finding:
    """B12: measured throughput on several GPUs against so many times that of one, at the same load."""
    found = sorted(parallel_efficiency(tables.measured, 2))
    middle = float(np.median(found))
    computed = (
        Quantity("pairs measured on one and on two GPUs", len(found), "pairs"),
        Quantity("median efficiency on two GPUs", 100 * middle, "%"),
    )
    ends = span(100 * found[0], 100 * found[-1], "%")
    said = f"The median of {len(found)} measured pairs keeps {middle:.0%} per GPU; the range is {ends}."
    return Finding(computed, said, tuple(share >= 1 - x["minimal_loss_fraction"] for share in found))


def response_time(x: Inputs, tables: Tables) -> Finding:
    """B15: the first token and the whole answer against the claimed time (CAP-3)."""
    tpot_s = 1 / x["tokens_per_s"]
    whole_ms = 1000 * float(residence_s(x["ttft_ms"] / 1000, tpot_s, x["answer_tokens"]))
    computed = (
        Quantity("tokens in the claimed time", x["claimed_ms"] * x["tokens_per_s"] / 1000, "tokens"),
        Quantity("whole answer", whole_ms / 1000, "s"),
    )
    said = f"First token after {x['ttft_ms']:g} ms, the whole answer after {whole_ms / 1000:.1f} s."
    return Finding(computed, said, (at_most(x["ttft_ms"], x["claimed_ms"]), at_most(whole_ms, x["claimed_ms"])))


def postings(x: Inputs, tables: Tables) -> Finding:
    """B19: growth of a share, in points and in times."""
    points, times = x["after_pct"] - x["before_pct"], x["after_pct"] / x["before_pct"]
    computed = (Quantity("growth", points, "percentage points"), Quantity("growth factor", times, "times"))
    return Finding(computed, f"{points:g} points more, {times:.2f} times.", (points > 0,))


def premium(x: Inputs, tables: Tables) -> Finding:
    """B20: staff rate with the claimed premium, an input of the scenario; nothing here to compare it with."""
    rates = [x["staff_usd_per_hour"] * (1 + x[name] / 100) for name in ("low_pct", "high_pct")]
    computed = (Quantity("rate, low", rates[0], "USD/hour"), Quantity("rate, high", rates[1], "USD/hour"))
    return Finding(computed, f"As a staff rate: {span(rates[0], rates[1], 'USD')} an hour.", ())


def learning_path(x: Inputs, tables: Tables) -> Finding:
    """B21: the learning time as a one-off cost per engineer (OPS-1); nothing here to compare it with."""
    usd = x["weeks"] * x["hours_per_week"] * x["staff_usd_per_hour"]
    return Finding((Quantity("per engineer", usd, "USD"),), f"${usd:,.0f} of paid time per engineer.", ())


FUNCTIONS: dict[str, ClaimFunction] = {
    function.__name__: function
    for function in (
        *(quality_range, batching_gain, speculative, tokens_per_user, tensor_parallel),
        *(response_time, postings, premium, learning_path),
    )
}
