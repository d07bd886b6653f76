"""A server with a number of places, each with the same service time, simulated request by request in a closed loop."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable
from typing import Any

from planner.capacity.measurement.outcome import Counters, Outcome
from planner.capacity.measurement.run import Asked, Seen, run_of
from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Run
from planner.domain.measurement import Declared, Measurement, ProbedServer, ProbedShape, ProbingClient

AT = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
IN, OUT = 100, 10
SERVICE_S, TTFT_S = 1.0, 0.1


def always(_: int) -> float:
    """Every service takes its plain time."""
    return 1.0


def simulated(level: int, places: int, requests: int, factor: Callable[[int], float] = always) -> list[Outcome]:
    """`level` clients send one request after the other; `places` are served at once, first come first served."""
    waiting = [(0.0, client) for client in range(min(level, requests))]
    free_s = [0.0] * places
    found: list[Outcome] = []
    sent = len(waiting)
    heapq.heapify(waiting)
    while waiting:
        at_s, client = heapq.heappop(waiting)
        start_s = max(at_s, heapq.heappop(free_s))
        length = SERVICE_S * factor(len(found))
        end_s = start_s + length
        heapq.heappush(free_s, end_s)
        found.append(answer(at_s, start_s + TTFT_S * length, end_s))
        if sent < requests:
            heapq.heappush(waiting, (end_s, client))
            sent += 1
    return found


def answer(sent_s: float, first_s: float, last_s: float, **more: Any) -> Outcome:
    """One completed request of IN and OUT tokens."""
    told: dict[str, Any] = {"input_tokens": IN, "output_tokens": OUT, "chunks": OUT, "finish": "length"}
    return Outcome(sent_s, last_s, first_s, last_s, **(told | more))


def asked(level: float = 1, repeat: int = 1, **more: Any) -> Asked:
    """A closed load at IN and OUT tokens of full length."""
    return Asked("closed", level, None, repeat, 1, IN, OUT, None, True, AT)._replace(**more)


def seen(outcomes: Iterable[Outcome], **more: Any) -> Seen:
    """The outcomes over their own length, and a server that counted the tokens of the completed ones."""
    every = list(outcomes)
    tokens = sum(o.output_tokens or o.chunks for o in every if o.completed)
    length = max((o.ended_s for o in every), default=1.0)
    counters = {"before": Counters(generation_tokens=7.0), "after": Counters(generation_tokens=7.0 + tokens)}
    return Seen(every, length, **(counters | more))


def ideal_run(level: int, places: int, repeat: int = 1, factor: Callable[[int], float] = always) -> Run:
    """A run of 4 requests per place in the load, 12 at least, on the ideal server."""
    return run_of(asked(level, repeat), seen(simulated(level, places, max(4 * level, 12), factor)))


def rate_run(level: float, rate: float, repeat: int = 1, *, ttft_ms: float = 100.0, **more: Any) -> Run:
    """A run of a given rate: 10 s, 100 requests of OUT tokens, then the rate put in place."""
    every = [answer(0.1 * i, 0.1 * i + ttft_ms / 1000, 0.1 * i + 1.0) for i in range(100)]
    run = run_of(asked(level, repeat), seen(every))
    steady = {"start_s": 0.0, "end_s": 10.0, "output_tokens_per_s": rate, "requests": 100}
    return Run.model_validate(run.model_dump() | {"steady": steady, "flags": ()} | more)


def measurement(runs: Iterable[Run], **more: Any) -> Measurement:
    """A finished measurement of these runs on two H100."""
    fields: dict[str, Any] = {
        "measurement_id": "3f2a000000000000",
        "program_version": "0.1.0",
        "started_at": AT,
        "finished_at": AT + dt.timedelta(minutes=5),
        "server": ProbedServer(engine="vllm", engine_version="0.32.0", served_model="m", metrics="full"),
        "declared": Declared(gpu_id="h100-sxm", gpus=2),
        "shape": ProbedShape(input_tokens_asked=IN, output_tokens_asked=OUT, ignore_eos=True),
        "client": ProbingClient(program="planner 0.1.0", cpu_count=4, same_host=False),
        "runs": tuple(runs),
    }
    return finished(Measurement(**(fields | more)))
