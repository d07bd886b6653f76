"""Measurements out of plain numbers: rates by load, three repeats each, on a server that is declared as asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Finished, Flag, Percentiles, Run, ServerDelta, Steady
from planner.domain.measurement import Declared, Measurement, ProbedServer, ProbedShape, ProbingClient

AT = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
ID = "3f2a9c1d5b7e8046"
REQUESTS_PER_SLOT, LEAST_REQUESTS = 4, 24
H100 = Declared(gpu_id="h100-sxm", gpus=1, model_id="llama-3.1-8b", format_id="bf16")
ON_A_CPU = Declared(gpu_id="cpu", model_id="llama-3.1-8b", format_id="bf16")
SATURATING = {n: n * 200 / (1.6 + 0.05 * n) for n in (1, 8, 32, 64, 256, 512)}
"""T(N) = 1.6 + 0.05 N seconds for 200 output tokens: from 256 to 512 the rate rises by 5 %."""
RISING = {n: SATURATING[n] for n in (1, 8, 32, 64)}


def run(
    load: int,
    rate: float,
    *,
    repeat: int = 1,
    order: int = 1,
    shape: tuple[int, int] = (1000, 200),
    ttft_ms: float = 100,
    flags: tuple[Flag, ...] = (),
) -> Run:
    """A closed-loop run whose figures agree with each other: T = N x output / rate, TPOT the rest of it."""
    completed = max(REQUESTS_PER_SLOT * load, LEAST_REQUESTS)
    duration_s = completed * shape[1] / rate
    whole_ms = 1000 * load * shape[1] / rate
    first_ms = min(ttft_ms, whole_ms / 2)
    timed = {"ttft_ms": first_ms, "tpot_ms": (whole_ms - first_ms) / (shape[1] - 1), "e2e_ms": whole_ms}
    latencies: dict[str, Any] = {
        name: Percentiles(n=completed, mean=ms, p50=ms, p90=ms, p95=ms) for name, ms in timed.items()
    }
    return Run(
        requests_in_flight=load,
        repeat=repeat,
        order=order,
        started_at=AT,
        duration_s=duration_s,
        sent=completed,
        completed=completed,
        input_tokens=completed * shape[0],
        cached_input_tokens=0,
        output_tokens=completed * shape[1],
        output_tokens_per_s=rate,
        flags=flags,
        steady=Steady(start_s=0.1, end_s=0.9 * duration_s, output_tokens_per_s=rate, requests=completed // 2),
        finished=Finished(length=completed),
        short=0,
        server=ServerDelta(
            prompt_tokens=completed * shape[0], generation_tokens=completed * shape[1], cache_hit_tokens=0
        ),
        reconciled=True,
        **latencies,
    )


def measured(
    rates: Mapping[int, float] | None = None,
    *,
    spread: float = 0.0,
    declared: Declared = H100,
    engine: str = "vllm",
    version: str = "0.32.0",
    **more: Any,
) -> Measurement:
    """Three repeats of each load, `spread` apart, of a server on the declared hardware."""
    factors = (1.0, 1 - spread / 2, 1 + spread / 2)
    loads = list((rates or SATURATING).items())
    runs = [
        run(load, rate * factor, repeat=repeat, order=(repeat - 1) * len(loads) + place, **more)
        for repeat, factor in enumerate(factors, 1)
        for place, (load, rate) in enumerate(loads, 1)
    ]
    shape = more.get("shape", (1000, 200))
    return finished(
        Measurement(
            measurement_id=ID,
            program_version="0.1.0",
            started_at=AT,
            finished_at=AT + dt.timedelta(minutes=10),
            server=ProbedServer(engine=engine, engine_version=version, served_model="llama"),
            declared=declared,
            shape=ProbedShape(input_tokens_asked=shape[0], output_tokens_asked=shape[1], prompt_kind="token_ids"),
            client=ProbingClient(program="planner 0.1.0", same_host=False),
            runs=tuple(runs),
        )
    )
