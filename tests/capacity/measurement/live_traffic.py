"""Traffic of known size, and the counters that a server with it would show at any moment: exact, by arithmetic."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planner.capacity.measurement.histogram import Histogram
from planner.capacity.measurement.outcome import Counters
from planner.capacity.measurement.stretch import Scrape

BOUNDS = {
    "ttft": (0.001, 0.01, 0.02, 0.04, 0.08, 0.25, 0.5, 1.0, 2.5, 5.0, math.inf),
    "tpot": (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, math.inf),
    "gap": (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, math.inf),
    "e2e": (0.03, 0.05, 0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, math.inf),
    "input": (1.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, math.inf),
    "output": (1.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, math.inf),
}


class Request(NamedTuple):
    """One request: first token after `ttft_s`, then one every `tpot_s`."""

    at_s: float
    input_tokens: int = 128
    output_tokens: int = 64
    ttft_s: float = 0.2
    tpot_s: float = 0.02
    cached_tokens: int = 0
    reason: str = "length"

    @property
    def first_s(self) -> float:
        return self.at_s + self.ttft_s

    @property
    def end_s(self) -> float:
        return self.first_s + self.tpot_s * (self.output_tokens - 1)

    def tokens_by(self, at_s: float) -> int:
        """Tokens out by then."""
        if at_s < self.first_s:
            return 0
        if at_s >= self.end_s:
            return self.output_tokens
        return min(1 + int((at_s - self.first_s) / self.tpot_s), self.output_tokens) if self.tpot_s else 1


def poisson(per_s: float, seconds: float, seed: int = 7, begin_s: float = 0.0) -> Iterator[Request]:
    """Requests at random moments, all of one shape."""
    drawn, at_s = random.Random(seed), begin_s
    while (at_s := at_s + drawn.expovariate(per_s)) < begin_s + seconds:
        yield Request(at_s)


def histogram(name: str, values: Sequence[float]) -> Histogram:
    """The values as a server would count them."""
    bounds = BOUNDS[name]
    return Histogram(bounds, tuple(float(sum(v <= bound for v in values)) for bound in bounds), math.fsum(values))


def scrape(requests: Sequence[Request], at_s: float) -> Scrape:
    """What `/metrics` would say at that moment of requests that began before it."""
    begun = [r for r in requests if r.at_s <= at_s]
    first = [r for r in begun if r.first_s <= at_s]
    done = [r for r in begun if r.end_s <= at_s]
    ended: dict[str, float] = {}
    for request in done:
        ended[request.reason] = ended.get(request.reason, 0.0) + 1
    counters = Counters(
        prompt_tokens=float(sum(r.input_tokens for r in first)),
        generation_tokens=float(sum(r.tokens_by(at_s) for r in first)),
        cache_query_tokens=float(sum(r.input_tokens for r in first)),
        cache_hit_tokens=float(sum(r.cached_tokens for r in first)),
        preemptions=0.0,
        requests_finished=float(len(done)),
        running=float(len(begun) - len(done)),
        waiting=0.0,
        kv_usage_fraction=0.25,
    )
    gaps = [(r.tpot_s, r.tokens_by(at_s) - 1) for r in first]
    histograms = {
        "ttft": histogram("ttft", [r.ttft_s for r in first]),
        "tpot": histogram("tpot", [r.tpot_s for r in done if r.output_tokens > 1]),
        "gap": Histogram(
            BOUNDS["gap"],
            tuple(float(sum(n for gap, n in gaps if gap <= bound)) for bound in BOUNDS["gap"]),
            math.fsum(gap * n for gap, n in gaps),
        ),
        "e2e": histogram("e2e", [r.end_s - r.at_s for r in done]),
        "input": histogram("input", [float(r.input_tokens) for r in done]),
        "output": histogram("output", [float(r.output_tokens) for r in done]),
    }
    return Scrape(at_s, counters, histograms, ended)


def scrapes(requests: Sequence[Request], until_s: float, every_s: float, from_s: float = 0.0) -> list[Scrape]:
    """Readings at even distances."""
    return [scrape(requests, from_s + every_s * n) for n in range(1 + round((until_s - from_s) / every_s))]


def slowing(rates_per_s: Sequence[float], each_s: float, every_s: float, step_s: float = 0.02) -> list[Scrape]:
    """Readings of a server on which 64 tokens take 0.8 + 0.02 N s beside N others, under one rate after the other."""
    drawn, arriving = random.Random(3), 0.0
    left: list[list[float]] = []
    times: list[float] = []
    read: list[Scrape] = []
    generated = 0.0
    for step in range(round(each_s * len(rates_per_s) / step_s)):
        now = step * step_s
        while arriving <= now:
            left.append([arriving, 64.0])
            arriving += drawn.expovariate(rates_per_s[int(now // each_s)])
        if now >= len(read) * every_s:
            counters = Counters(generation_tokens=float(round(generated)), running=float(len(left)), waiting=0.0)
            read.append(Scrape(now, counters, {"e2e": histogram("e2e", times)}))
        each = step_s * 64 / (0.8 + 0.02 * len(left))
        generated += sum(min(each, tokens) for _, tokens in left)
        times += [now + step_s - begun for begun, tokens in left if tokens <= each]
        left = [[begun, tokens - each] for begun, tokens in left if tokens > each]
    return read


VLLM_NAMES = {
    "ttft": "time_to_first_token_seconds",
    "tpot": "request_time_per_output_token_seconds",
    "gap": "inter_token_latency_seconds",
    "e2e": "e2e_request_latency_seconds",
    "input": "request_prompt_tokens",
    "output": "request_generation_tokens",
}


def vllm_text(reading: Scrape, model: str, engine: int = 0, born: float | None = None) -> str:
    """The reading as vLLM writes it."""
    labels = f'engine="{engine}",model_name="{model}"'
    c = reading.counters
    lines = [
        f"vllm:prompt_tokens_total{{{labels}}} {c.prompt_tokens}",
        f"vllm:generation_tokens_total{{{labels}}} {c.generation_tokens}",
        f"vllm:prefix_cache_queries_total{{{labels}}} {c.cache_query_tokens}",
        f"vllm:prefix_cache_hits_total{{{labels}}} {c.cache_hit_tokens}",
        f"vllm:num_preemptions_total{{{labels}}} {c.preemptions}",
        f"vllm:num_requests_running{{{labels}}} {c.running}",
        f"vllm:num_requests_waiting{{{labels}}} {c.waiting}",
        f"vllm:kv_cache_usage_perc{{{labels}}} {c.kv_usage_fraction}",
        *(f'vllm:request_success_total{{{labels},finished_reason="{r}"}} {n}' for r, n in reading.ended.items()),
    ]
    if born is not None:
        lines.append(f"vllm:generation_tokens_created{{{labels}}} {born}")
    for key, name in VLLM_NAMES.items():
        one = reading.histograms[key]
        lines.append(f"# TYPE vllm:{name} histogram")
        for bound, count in zip(one.bounds, one.counts, strict=True):
            le = "+Inf" if math.isinf(bound) else str(bound)
            lines.append(f'vllm:{name}_bucket{{{labels},le="{le}"}} {count}')
        lines += [f"vllm:{name}_count{{{labels}}} {one.observations}", f"vllm:{name}_sum{{{labels}}} {one.total!r}"]
    return "\n".join(lines) + "\n"
