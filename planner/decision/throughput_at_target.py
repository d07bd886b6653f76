"""From a service table to a throughput: the largest rate at the latency target, its range, and CAP-1 rates."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.published import WorkRates
from planner.capacity.queue import MS_PER_S, Operating, ServiceTable, target_of
from planner.capacity.sizing import Limit, exact_rate
from planner.decision.throughput_values import Asked, Blocked
from planner.domain.facts import Reason

LEAST_LOW_FRACTION = 0.2
"""The range ends here where the low end of a band misses the target: then no number of replicas holds it."""
MAX_PREFILL_SHARE = 0.8
LEAST_OUTPUT_TOKENS = 1e-3
"""A mean request with fewer generates nothing."""
LEAST_S = 1e-12


class AtTarget(NamedTuple):
    """One replica at its largest rate within the target."""

    rate_per_s: float
    limit: Limit
    operating: Operating
    late_s: float
    """Seconds that the first token of the slow classes takes beyond the mean, at the target's percentile."""
    low: float
    """Ends of the rate over the likely one."""
    high: float
    low_holds: bool
    """Whether the low end of the band holds the target at all."""

    @property
    def ttft_ms(self) -> float:
        """Mean time to the first token of a request that is in service, for CAP-3: a waiting one takes no memory."""
        return MS_PER_S * max(float(self.operating.ttft_mean_s - self.operating.wait_mean_s), LEAST_S)

    @property
    def tpot_ms(self) -> float:
        """Mean time per output token, for CAP-3."""
        return MS_PER_S * max(float(self.operating.tpot_mean_s), LEAST_S)


def at_target(
    asked: Asked,
    table: ServiceTable,
    how: str,
    *,
    low: float,
    high: float,
    late_s: float = 0.0,
    high_table: ServiceTable | None = None,
) -> AtTarget:
    """The largest rate within the scenario's target. `low` and `high`: ends of the band of throughput at equal load.

    The band is carried through the target: a slower replica must hold fewer requests at once too. The high end is that
    of `high_table` where more requests may be served side by side than is known. Blocked when one request alone misses
    the target; `how` says where the latencies are from.
    """
    target = target_of(asked.scenario.latency)
    target = target._replace(ttft_s=float(target.ttft_s) - late_s)
    sized = exact_rate(table, target)
    if sized.rate_per_s <= 0:
        raise Blocked(_out_of_reach(asked, table, late_s, how))
    ends = (faster(table, low), faster(high_table or table, high))
    slow, fast = (exact_rate(end, target).rate_per_s / sized.rate_per_s for end in ends)
    return AtTarget(
        rate_per_s=sized.rate_per_s,
        limit=sized.limit,
        operating=sized.operating,
        late_s=late_s,
        low=min(max(slow, LEAST_LOW_FRACTION), 1.0),
        high=max(fast, 1.0),
        low_holds=slow > 0,
    )


def faster(table: ServiceTable, factor: float) -> ServiceTable:
    """The same replica at `factor` times the throughput."""
    return table._replace(service_s=table.service_s / factor, prefill_s=table.prefill_s / factor)


def work_rates(asked: Asked, rate_per_s: float, prefill_share: float) -> WorkRates:
    """CAP-1 rates that make a mean request cost 1 / rate; the prompt's part is at most 80 % of it."""
    prompt, output = asked.shape
    if output < LEAST_OUTPUT_TOKENS and prompt:
        return WorkRates(1 / rate_per_s / prompt, LEAST_S)
    output = max(output, LEAST_OUTPUT_TOKENS)
    share = min(prefill_share, MAX_PREFILL_SHARE) if prompt else 0.0
    return WorkRates(share / rate_per_s / prompt if prompt else 0.0, (1 - share) / rate_per_s / output)


def low_end_warning(asked: Asked, found: AtTarget) -> tuple[str, ...]:
    """Told when the low end of the band misses the target."""
    target = asked.scenario.latency
    if found.low_holds:
        return ()
    told = (
        f"At the low end of its band it misses the latency target (TTFT {target.ttft_slo_ms:,.0f} ms, TPOT "
        f"{target.tpot_slo_ms:,.4g} ms) with any number of replicas."
    )
    return (told,)


def _out_of_reach(asked: Asked, table: ServiceTable, late_s: float, how: str) -> Reason:
    target = asked.scenario.latency
    ttft, tpot = float(table.prefill_s[0]) + late_s, float(table.tpot_s[0])
    return Reason(
        code="LATENCY",
        message=f"The target is TTFT {target.ttft_slo_ms:,.0f} ms and TPOT {target.tpot_slo_ms:,.4g} ms; the best "
        f"reachable is TTFT {ttft * MS_PER_S:,.0f} ms and TPOT {tpot * MS_PER_S:,.1f} ms, {how} for one request alone.",
        field="latency",
        remedy="Relax the target, use more GPUs per replica or a smaller weight format, or type in what you measured "
        f"at {asked.where}.throughput.",
    )
