"""What evaluation returns. Screen, PDF, CSV, JSON and command line read this and compute no money of their own."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from planner.domain.base import Slug, Usd, UsdSmall, Value
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason

RESULT_VERSION = 1

BreakEvenStatus = Literal["reached", "not_reached", "not_known"]
ConfidenceLevel = Literal["high", "medium", "low"]


class Demand(Value):
    """The workload after the what-if factor."""

    requests_per_day: float = Field(description="All classes.")
    input_tokens_per_day: float = Field(description="Fresh, cached and cache-write prompt tokens.")
    cached_input_tokens_per_day: float = Field(description="Cache reads among them.")
    output_tokens_per_day: float = Field(description="Output and reasoning tokens.")
    tokens_per_day: float = Field(description="Input plus output; only ever shown with the mix.")
    peak_requests_per_s: float = Field(description="Busiest hour (CAP-2).")
    volume_multiplier: float = Field(description="What-if factor that is in all of these; 1 = the workload itself.")


class Fleet(Value):
    """The GPUs a rented option needs at this volume (CAP-5)."""

    replicas: int = Field(description="Copies of the model, spares included.")
    spare_replicas: int = Field(description="Of which spare, before rounding to rentable steps.")
    gpus: int = Field(description="GPUs rented.")
    gpus_per_replica: int = Field(description="GPUs in one replica.")
    utilisation_fraction: float = Field(description="Work done / work the fleet could do, over all paid hours.")
    replica_requests_per_s: float = Field(description="What one replica serves at this mix, at 100 % busy.")
    replica_output_tokens_per_s: float = Field(description="The same in output tokens per second.")
    compute_ceiling_fraction: float | None = Field(description="Share of the FLOPS bound that rate needs (CAP-7).")
    weight_gib: float = Field(description="Weights of one replica.")
    kv_cache_tokens: int = Field(description="KV-cache tokens one replica holds.")
    limited_by: Literal["work", "memory", "minimum"] = Field(description="What sets the number of replicas.")


class MonthCost(Value):
    """One month of one option; the components sum to the total."""

    month: int = Field(description="1 = the first month; 0 holds the one-off costs.")
    starts_on: dt.date = Field(description="First day.")
    tokens_usd: Usd = Field(description="Per-token charges.")
    gpu_usd: Usd = Field(description="GPU rental, busy or idle.")
    people_usd: Usd = Field(description="Engineers.")
    other_usd: Usd = Field(description="Everything else.")
    total_usd: Usd = Field(description="Sum of the components.")


class OptionResult(Value):
    """One way to serve, priced or blocked."""

    option_id: Slug = Field(description="The option.")
    label: str = Field(description="Its name.")
    kind: str = Field(description="api, hosted or rented.")
    status: Literal["ok", "blocked"] = Field(description="blocked when something it needs is unknown or does not fit.")
    reasons: tuple[Reason, ...] = Field((), description="Why it is blocked: all reasons.")
    warnings: tuple[str, ...] = Field((), description="What a reviewer should know.")
    tco_usd: Usd | None = Field(None, description="All spend over the horizon, one-offs included.")
    one_off_usd: Usd | None = Field(None, description="Before the first month.")
    usd_per_month: Usd | None = Field(None, description="Run-rate of month 1, without one-offs.")
    tco_usd_per_month: Usd | None = Field(None, description="tco_usd spread evenly over the horizon.")
    usd_per_request: UsdSmall | None = Field(
        None, description="tco_usd / requests over the horizon; empty at zero volume."
    )
    blended_usd_per_mtok: UsdSmall | None = Field(
        None, description="tco_usd / million tokens at this mix; empty at zero."
    )
    dearer_than_best_fraction: float | None = Field(None, description="tco_usd / cheapest - 1.")
    months: tuple[MonthCost, ...] = Field((), description="One-offs as month 0, then each month.")
    fleet: Fleet | None = Field(None, description="For rented options.")


class Crossing(Value):
    """A volume at which the cheaper side changes."""

    tokens_per_day: float = Field(description="Where.")
    kind: Literal["continuous", "jump"] = Field(description="jump: another replica starts just above this volume.")
    self_host_wins_above: bool = Field(description="True when running it yourself is cheaper just above.")


class WinInterval(Value):
    """Self-host is cheaper on (above, up_to]; up_to is empty when it stays cheaper for good."""

    above_tokens_per_day: float = Field(description="Open end.")
    up_to_tokens_per_day: float | None = Field(description="Closed end; empty = no end.")


class BreakEven(Value):
    """One per-token option against one rented option, by total cost over the horizon at constant volume and mix."""

    per_token_id: Slug = Field(description="The per-token side.")
    self_host_id: Slug = Field(description="The self-hosted side.")
    status: BreakEvenStatus = Field(description="not_known when either side is blocked or the workload is empty.")
    explanation: str = Field(description="The status in a sentence.")
    first_tokens_per_day: float | None = Field(None, description="First volume above which self-host is cheaper.")
    robust_tokens_per_day: float | None = Field(None, description="Above this it never loses again: the headline.")
    intervals: tuple[WinInterval, ...] = Field((), description="Where self-host is cheaper, ascending.")
    crossings: tuple[Crossing, ...] = Field((), description="Every crossing of the listed intervals, ascending.")
    intervals_total: int = Field(0, description="Intervals there are; more than listed when the list is cut.")
    intervals_exact: bool = Field(True, description="False when more intervals exist than are listed.")


class CurveSeries(Value):
    """Horizon-average monthly cost of one option against volume, exact at every whole-replica step."""

    option_id: Slug = Field(description="The option.")
    label: str = Field(description="Its name.")
    kind: str = Field(description="api, hosted or rented.")
    tokens_per_day: tuple[float, ...] = Field(description="Volume; a step appears as the same volume twice.")
    usd_per_month: tuple[float, ...] = Field(description="Cost at that volume.")


class Verdict(Value):
    """The recommendation. It follows tco_usd and the tie band, nothing else."""

    status: Literal["decided", "blocked"] = Field(description="blocked when no option can be priced.")
    recommended_id: Slug | None = Field(None, description="The option to choose.")
    cheapest_id: Slug | None = Field(None, description="The option with the lowest tco_usd.")
    runner_up_id: Slug | None = Field(None, description="The cheapest option of the other side, or the next one.")
    saving_usd: Usd | None = Field(None, description="tco_usd of the runner-up minus that of the recommendation.")
    saving_fraction: float | None = Field(None, description="saving_usd / tco_usd of the runner-up.")
    close: bool = Field(False, description="Several options lie inside the tie band.")
    confidence: ConfidenceLevel = Field("low", description="Computed, see confidence_reasons.")
    confidence_reasons: tuple[str, ...] = Field((), description="Why.")


class Result(Value):
    """The answer to one scenario on one day."""

    result_version: Literal[1] = Field(1, description="Version of this document's form.")
    engine_version: str = Field(description="Version of the program that computed these figures.")
    facts_engine_version: str = Field(description="Version of the program that looked the prices up.")
    catalog_version: str = Field(description="Version of the catalog.")
    scenario_name: str = Field(description="Name of the scenario.")
    on: dt.date = Field(description="Day of the prices.")
    calendar: str = Field(description="avg or 30d.")
    horizon_months: int = Field(description="Months compared.")
    demand: Demand = Field(description="The demand.")
    verdict: Verdict = Field(description="The recommendation.")
    options: tuple[OptionResult, ...] = Field(description="All options, in the scenario's order.")
    break_evens: tuple[BreakEven, ...] = Field(description="Every pair of per-token and rented option; headline first.")
    curves: tuple[CurveSeries, ...] = Field(description="For the break-even chart.")
    evidence: tuple[Evidence, ...] = Field(description="Every figure the answer rests on.")

    def option(self, option_id: str) -> OptionResult:
        """The result of one option; KeyError when there is none."""
        return {o.option_id: o for o in self.options}[option_id]
