"""PRB-5: what a probe of one option's replica would send, and how long it takes, from what is known of the replica.

The service time T(N) = a + b N (CAP-9) goes through one request alone and through the requests in service at the
latency target. Where one request alone is not known (a published run, a typed figure), T is that at the target for
fewer requests and grows with their number beyond it: on the long side.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from planner.capacity.calibration import INSIDE, OTHER_SHAPE, SAME_SHAPE_FACTOR, SATURATED_ELASTICITY
from planner.capacity.engine_defaults import LARGE_SEQS
from planner.capacity.measurement.levels import Planned, SecondsOf, planned, probe_levels
from planner.decision.kernel.fleet import NO_WORK, Z_P90, fleet_plan
from planner.domain.facts import ReplicaFacts
from planner.domain.options import SelfHosted
from planner.domain.probe_task import MAX_LEVEL, Budget, ProbeTask
from planner.domain.scenario import Scenario
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, ceil_tol
from planner.workload.demand import class_arrays, mean_shape

SETUP_HOURS_ON_A_REPLICA = 1.0
"""Bringing the server up, loading its weights and checking its settings, before the first run. An assumption."""
STAFF_HOURS = 8.0
"""Setting the server up, probing it and judging the result: a day of an engineer. An assumption."""
BUDGET_FACTOR = 1.5
"""A probe stops at so many times what is planned for it."""
NO_LIMIT = Budget(requests=10**7, tokens=10**12, seconds=7 * 86_400)
LEAST_BUDGET_S = 600.0
FULL_TIMES = 2
"""A server is seen to be full at so many times the requests that it serves side by side."""
"""|z| of a standard normal: half are below the first, nine of ten below the second."""


class ServiceTime(NamedTuple):
    """T(N) of one replica at the scenario's requests, and its load at the latency target."""

    a_s: float | None
    """None: one request alone is not known."""
    b_s: float
    at_target: float
    """Requests in service at the largest rate within the target."""
    at_target_s: float
    rate_per_s: float

    def seconds(self, in_flight: float) -> float:
        """Seconds of one request beside so many others, waiting included."""
        least = in_flight / self.at_target * self.at_target_s if in_flight > self.at_target else self.at_target_s
        if self.a_s is None or self.b_s == 0:
            return least if self.a_s is None else max(self.a_s, least if in_flight > self.at_target else 0.0)
        return self.a_s + self.b_s * in_flight

    def in_flight(self, rate_per_s: float) -> float:
        """Requests in flight at an even flow, N = lambda T(N) (CAP-9), up to those at the target."""
        rate = min(rate_per_s, self.rate_per_s)
        alone = self.at_target_s if self.a_s is None else self.a_s / max(1 - rate * self.b_s, 1e-9)
        return min(rate * alone, self.at_target)


class Noise(NamedTuple):
    """Error of one reading: standard deviation as a share of the true figure, and what it rests on."""

    fraction: float
    why: str


def request_shape(option: SelfHosted, scenario: Scenario) -> tuple[float, float]:
    """Mean prompt tokens to compute and mean output tokens of a request, in the model's own tokens."""
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    return mean_shape(arrays, option.prefix_cache_hit_fraction)


def service_time(option: SelfHosted, scenario: Scenario, replica: ReplicaFacts) -> ServiceTime:
    """T(N) from the replica's facts."""
    prompt, output = request_shape(option, scenario)
    busy = max(prompt * replica.s_per_input_token + output * replica.s_per_output_token, 1e-12)
    rate = (1.0 if replica.held_at_slo else option.allowed_utilisation_fraction) / busy
    whole = (replica.ttft_ms + replica.tpot_ms * max(output - 1, 0)) / 1000
    most = max(rate * whole, 1.0)
    if replica.alone_s is None:
        return ServiceTime(None, 0.0, most, whole, rate)
    slope = max(whole - replica.alone_s, 0.0) / (most - 1) if most > 1 else 0.0
    return ServiceTime(max(replica.alone_s - slope, 0.0), slope, most, whole, rate)


def operating_point(option: SelfHosted, scenario: Scenario, replica: ReplicaFacts) -> float:
    """Requests in flight on one serving replica in the busiest hour of month 1; 1 at least."""
    plan = fleet_plan(option, replica, scenario)
    if plan.mean_need <= NO_WORK:
        return 1.0
    volume = scenario.workload.volume_multiplier
    serving = max(float(ceil_tol(plan.peak_need * volume / plan.sharing_regions)), plan.min_replicas, 1.0)
    mean_rate = float(class_arrays(scenario.workload).requests_per_day.sum()) / SECONDS_PER_DAY
    peak_rate = mean_rate / option.success_fraction * volume * plan.peak_need / plan.mean_need
    flow = peak_rate / plan.sharing_regions / serving
    return max(service_time(option, scenario, replica).in_flight(flow), 1.0)


def most_side_by_side(option: SelfHosted, scenario: Scenario, replica: ReplicaFacts) -> int:
    """Requests that memory and engine let one replica serve at once; the largest default of an engine where it is
    not said, or what it is known to serve."""
    room = replica.kv_cache_tokens / max(sum(request_shape(option, scenario)), 1.0)
    engine = option.serving.max_num_seqs or max(LARGE_SEQS, service_time(option, scenario, replica).at_target)
    return int(max(min(room, engine, MAX_LEVEL), 1))


def task_for(option: SelfHosted, scenario: Scenario, replica: ReplicaFacts, usd_per_gpu_hour: float) -> ProbeTask:
    """Loads around the operating point, then up to where the rate stops rising, at the scenario's own request shape."""
    time, limit = service_time(option, scenario, replica), most_side_by_side(option, scenario, replica)
    operating = min(operating_point(option, scenario, replica), float(limit))
    prompt, output = request_shape(option, scenario)
    levels = probe_levels(operating, limit)
    seconds_of = waiting_beyond(time, limit)
    task = ProbeTask(
        input_tokens=max(round(prompt), 1),
        output_tokens=max(round(output), 1),
        levels=levels,
        most_in_flight=_top(time, operating, levels[-1], limit),
        ttft_p95_ms=scenario.latency.ttft_slo_ms,
        tpot_p95_ms=scenario.latency.tpot_slo_ms,
        usd_per_hour=usd_per_gpu_hour * option.gpus_per_replica,
        budget=NO_LIMIT,
    )
    return task.model_copy(update={"budget": _budget(planned(task, seconds_of))})


def _top(time: ServiceTime, operating: float, level: int, limit: int) -> int:
    """The last planned load doubled until the rate hardly rises (a / (a + b N) is a tenth) and it is well above the
    loads at the target and planned; at most to twice what can be served side by side, where a full server shows by its
    queue. Without that every probe of a server whose limit comes first would end as a lower bound."""
    flat = (1 / SATURATED_ELASTICITY - 1) * time.a_s / time.b_s if time.a_s is not None and time.b_s else 0.0
    wanted = max(4 * operating, 2 * time.at_target, flat)
    most = min(FULL_TIMES * limit, MAX_LEVEL)
    while level < min(wanted, most):
        level = min(2 * level, most)
    return level


def waiting_beyond(time: ServiceTime, limit: int) -> SecondsOf:
    """Seconds of one request beside so many others; of more than `limit` the rest wait their turn."""
    return lambda in_flight: time.seconds(min(in_flight, limit)) * max(in_flight / limit, 1.0)


def _budget(plan: Planned) -> Budget:
    """So many times what the probe takes at most."""
    seconds = max(BUDGET_FACTOR * longest_s(plan), LEAST_BUDGET_S)
    return Budget(
        requests=min(math.ceil(BUDGET_FACTOR * plan.most.requests), NO_LIMIT.requests),
        tokens=min(math.ceil(BUDGET_FACTOR * plan.most.tokens), NO_LIMIT.tokens),
        seconds=min(seconds, NO_LIMIT.seconds),
    )


def longest_s(plan: Planned) -> float:
    """How long the runs take at most, s; 0 when nothing is known of it."""
    return 0.0 if plan.seconds is None else plan.seconds[1]


def plan_of(option: SelfHosted, scenario: Scenario, replica: ReplicaFacts, usd_per_gpu_hour: float) -> Planned:
    """What the task takes, by the replica's service times."""
    task = task_for(option, scenario, replica, usd_per_gpu_hour)
    limit = most_side_by_side(option, scenario, replica)
    return planned(task, waiting_beyond(service_time(option, scenario, replica), limit))


def replica_hours(plan: Planned) -> float:
    """Hours that one replica is paid for: setting it up, and the runs at most."""
    return SETUP_HOURS_ON_A_REPLICA + longest_s(plan) / SECONDS_PER_HOUR


def reading_noise(option: SelfHosted, scenario: Scenario) -> Noise:
    """Error of a probe at the mean request: that between measured loads where every class has about that shape, that
    of another shape otherwise; no less than the repeats of the last measurement differed. It is the standard deviation
    of the band that the plan will have with the measurement (`throughput_band`)."""
    if _one_shape(option, scenario):
        told = "a reading at three loads, at the shape of this workload's requests"
        found = Noise(_deviation(INSIDE.p90), told)
    else:
        told = "a reading at the mean of request classes of different lengths, which behaves like another length"
        found = Noise(_deviation(OTHER_SHAPE.p90), told)
    again = Noise(_deviation(_spread(option) / 2), "a reading that repeats as badly as the last measurement")
    return max(found, again, key=lambda noise: noise.fraction)


def _deviation(error_fraction: float) -> float:
    """Standard deviation of the logarithm of a throughput whose 80 % range is that error to both sides (UNC-1)."""
    return math.log1p(error_fraction) / Z_P90


def _spread(option: SelfHosted) -> float:
    """By how much the repeats of the option's own measurement differ; 0 when nothing is known of it."""
    held = option.calibration.measured_by if option.calibration else None
    return (held.spread_fraction or 0.0) if held else 0.0


def _one_shape(option: SelfHosted, scenario: Scenario) -> bool:
    """Whether every class that asks for something is within 10 % of the mean request."""
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    prompt, output = request_shape(option, scenario)
    asks = arrays.requests_per_day > 0
    computed = arrays.prompt_tokens - option.prefix_cache_hit_fraction * arrays.cached_tokens
    pairs = ((computed[asks], prompt), (arrays.generated_tokens[asks], output))
    return all(
        bool(((values <= mean * SAME_SHAPE_FACTOR) & (values * SAME_SHAPE_FACTOR >= mean)).all())
        for values, mean in pairs
    )
