"""Single requests of a `vllm bench serve --save-detailed` result: figures and steady part computed from them."""

from __future__ import annotations

import math
from typing import Any

from planner.capacity.measurement.outcome import Outcome
from planner.capacity.measurement.run import MS_PER_S, percentiles
from planner.capacity.measurement.steady import Delivery, steady_of
from planner.probe.imports.fields import Part
from planner.probe.imports.told import Told

LISTS = ("start_times", "ttfts", "output_lens", "input_lens")


def requests_of(part: Part, requests: int) -> tuple[Outcome, ...]:
    """Every request, where all of them are told; none otherwise."""
    lists = [part.raw(name) for name in LISTS]
    if not all(isinstance(values, list) and len(values) == requests for values in lists):
        return ()
    ends, gaps, errors = part.raw("latencies"), part.raw("itls"), part.raw("errors") or [""] * requests
    if not (ends or gaps):
        return ()
    try:
        begin = min(float(start) for start in lists[0])
        rows = zip(*lists, gaps or [()] * requests, ends or [None] * requests, errors, strict=True)
        return tuple(_outcome(begin, *row) for row in rows)
    except (TypeError, ValueError, OverflowError):
        part.problems.append(f"{part.where}{', '.join(LISTS)} do not tell one request each")
        return ()


def _outcome(
    begin: float, start: Any, ttft: Any, output: Any, prompt: Any, gaps: Any, whole: Any, error: Any
) -> Outcome:
    sent, first = float(start) - begin, float(ttft)
    took = float(whole) if whole else first + math.fsum(float(gap) for gap in gaps)
    if not all(map(math.isfinite, (sent, first, took))):
        raise ValueError("times are finite")
    failed = bool(error) or not output
    return Outcome(
        sent_s=sent,
        ended_s=sent + took,
        first_s=None if failed else sent + first,
        last_s=None if failed else sent + took,
        input_tokens=int(prompt),
        output_tokens=int(output),
        error="other" if failed else None,
    )


def with_requests(told: Told, outcomes: tuple[Outcome, ...]) -> Told:
    """The load with what its single requests tell."""
    done = [o for o in outcomes if o.completed and o.first_s is not None and o.last_s is not None]
    lasts = [(o, o.first_s or 0.0, o.last_s or 0.0, o.output_tokens or 0) for o in done]
    steady = told.steady
    if steady is None and told.kind == "closed":
        deliveries = [Delivery(first, last, tokens) for _, first, last, tokens in lasts]
        steady = steady_of(outcomes, deliveries, max(math.floor(told.requests_in_flight), 1))
    return told._replace(
        ttft_ms=percentiles(MS_PER_S * (first - o.sent_s) for o, first, _, _ in lasts),
        tpot_ms=percentiles(MS_PER_S * max(last - first, 0.0) / (n - 1) for _, first, last, n in lasts if n > 1),
        e2e_ms=percentiles(MS_PER_S * (last - o.sent_s) for o, _, last, _ in lasts),
        mean_in_flight=math.fsum(o.ended_s - o.sent_s for o in outcomes) / told.duration_s,
        steady=steady,
        spread=_spread(done),
    )


def _spread(done: list[Outcome]) -> float | None:
    """Largest standard deviation over mean of the two lengths."""
    found = []
    for counts in ([o.input_tokens or 0 for o in done], [o.output_tokens or 0 for o in done]):
        mean = sum(counts) / len(counts) if counts else 0.0
        if mean > 0:
            found.append(math.sqrt(sum((count - mean) ** 2 for count in counts) / len(counts)) / mean)
    return max(found, default=None)
