"""What evaluation returns. Screen, PDF, CSV, JSON and command line read this and compute no money of their own."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from planner.domain.base import Slug, Usd, UsdSmall, Value
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.serving import KnownSource

RESULT_VERSION = 2
"""2: the verdict follows NPV (it was the plain sum), and every way to serve is there."""

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
    """The GPUs of an own fleet at this volume, in month 1 (CAP-5)."""

    replicas: int = Field(description="Copies of the model, spares included.")
    spare_replicas: int = Field(description="Of which spare, before rounding to rentable steps.")
    gpus: int = Field(description="GPUs rented.")
    gpus_per_replica: int = Field(description="GPUs in one replica.")
    utilisation_fraction: float = Field(description="Work done / work the fleet could do, over all paid hours.")
    replica_requests_per_s: float = Field(description="What one replica serves at this mix, at 100 % busy.")
    replica_output_tokens_per_s: float = Field(description="The same in output tokens per second.")
    throughput_source: KnownSource | None = Field(
        None, description="Where those rates are from: typed, calibrated, published or modelled; empty = not recorded."
    )
    compute_ceiling_fraction: float | None = Field(description="Share of the FLOPS bound that rate needs (CAP-7).")
    weight_gib: float = Field(description="Weights of one replica.")
    kv_cache_tokens: int = Field(description="KV-cache tokens one replica holds.")
    limited_by: Literal["work", "memory", "minimum"] = Field(description="What sets the number of replicas.")
    replicas_last_month: int | None = Field(None, description="Replicas in the last month of the horizon.")
    paid_gpu_hours_per_month: float | None = Field(None, description="GPU-hours paid in month 1, starts included.")
    servers: int | None = Field(None, description="Whole servers bought, of an owned fleet.")
    in_house_fraction: float | None = Field(None, description="Share of the work done by the own part of a hybrid.")


class MonthCost(Value):
    """One month of one option; the components sum to the total."""

    month: int = Field(description="1 = the first month; 0 holds the one-off costs.")
    starts_on: dt.date = Field(description="First day.")
    tokens_usd: Usd = Field(description="Per-token charges.")
    gpu_usd: Usd = Field(description="GPU rental, busy or idle; the annuity of machines bought.")
    energy_usd: Usd = Field(0, description="Electricity of own machines.")
    facility_usd: Usd = Field(0, description="Colocation, maintenance, licences and storage of weights.")
    people_usd: Usd = Field(description="Engineers: setup, running, updates, evaluations, waiting.")
    tuning_usd: Usd = Field(0, description="Fine-tuning: training GPUs, data and evaluation.")
    other_usd: Usd = Field(description="Everything else: support, compliance, monitoring.")
    total_usd: Usd = Field(description="Sum of the components.")
    volume_mtok: float | None = Field(None, description="Million tokens asked for in the month.")
    gpu_hours: float | None = Field(None, description="GPU-hours paid, of an own fleet.")


class CashFlow(Value):
    """Cash and book view of machines bought, beside the annuity that the decision uses (OWN-1)."""

    month: int = Field(description="0 = before the first month.")
    purchase_usd: Usd = Field(description="Paid for machines.")
    resale_usd: Usd = Field(description="Received for them at the end of their life or of the horizon.")
    depreciation_usd: Usd = Field(description="Straight-line book depreciation of the month.")
    book_value_usd: Usd = Field(description="Book value at the end of the month.")


class OptionResult(Value):
    """One way to serve, priced or blocked."""

    option_id: Slug = Field(description="The option.")
    label: str = Field(description="Its name.")
    kind: str = Field(description="api, hosted, provisioned, rented, owned, workstation or hybrid.")
    status: Literal["ok", "excluded", "blocked"] = Field(
        description="excluded: priced, but fails a hard constraint; blocked: something it needs is unknown."
    )
    reasons: tuple[Reason, ...] = Field((), description="Why it is blocked: all reasons.")
    warnings: tuple[str, ...] = Field((), description="What a reviewer should know.")
    tco_usd: Usd | None = Field(None, description="All spend over the horizon, one-offs included.")
    one_off_usd: Usd | None = Field(None, description="Before the first month.")
    usd_per_month: Usd | None = Field(None, description="Run-rate of month 1, without one-offs.")
    tco_usd_per_month: Usd | None = Field(None, description="tco_usd spread evenly over the horizon.")
    npv_usd: Usd | None = Field(None, description="Today's value of all spend over the horizon (TIME-4): the verdict.")
    levelised_usd_per_month: Usd | None = Field(None, description="npv_usd as an equal sum a month.")
    usd_per_successful_request: UsdSmall | None = Field(
        None, description="tco_usd / usable answers; failed ones are retried and paid."
    )
    input_usd_per_mtok: UsdSmall | None = Field(
        None, description="Input share of the cost by the reference-price rule; with output it adds up to tco_usd."
    )
    output_usd_per_mtok: UsdSmall | None = Field(None, description="Output share of the cost by the same rule.")
    marginal_usd_per_mtok: UsdSmall | None = Field(
        None, description="Usage view: what one more token costs now, with the fleet as it is; not for decisions."
    )
    usd_per_request: UsdSmall | None = Field(
        None, description="tco_usd / requests over the horizon; empty at zero volume."
    )
    blended_usd_per_mtok: UsdSmall | None = Field(
        None, description="tco_usd / million tokens at this mix; empty at zero."
    )
    dearer_than_best_fraction: float | None = Field(None, description="npv_usd / lowest of the eligible - 1.")
    soft_score: float | None = Field(None, description="Weighted soft criteria, 0 to 5, beside the dollars (DEC-3).")
    months: tuple[MonthCost, ...] = Field((), description="One-offs as month 0, then each month.")
    fleet: Fleet | None = Field(None, description="For own fleets.")
    cash: tuple[CashFlow, ...] = Field((), description="Cash and book view, for machines that are bought.")


class Crossing(Value):
    """A volume at which the cheaper side changes."""

    tokens_per_day: float = Field(description="Where.")
    kind: Literal["continuous", "jump"] = Field(description="jump: another replica starts just above this volume.")
    self_host_wins_above: bool = Field(description="True when running it yourself is cheaper just above.")


class WinInterval(Value):
    """Self-host is cheaper on (above, up_to]; up_to is empty when it stays cheaper for good."""

    above_tokens_per_day: float = Field(description="Open end.")
    up_to_tokens_per_day: float | None = Field(description="Closed end; empty = no end.")


class Required(Value):
    """BE-3: what one figure would have to be for both sides to cost the same at this volume, all others unchanged."""

    api_usd_per_mtok: UsdSmall | None = Field(None, description="Blended per-token price, month 1.")
    api_usd_per_mtok_now: UsdSmall | None = Field(None, description="What it is.")
    usd_per_gpu_hour: UsdSmall | None = Field(None, description="GPU price; empty when not even free GPUs would do.")
    usd_per_gpu_hour_now: UsdSmall | None = Field(None, description="What it is; empty for machines that are bought.")
    throughput_ratio: float | None = Field(None, description="Throughput of a replica, times the figure used.")
    utilisation_fraction: float | None = Field(None, description="Work over capacity of the paid hours; empty above 1.")
    utilisation_fraction_now: float | None = Field(None, description="What it is.")
    staff_usd_per_month: Usd | None = Field(None, description="People of the self-hosted side, horizon average.")
    staff_usd_per_month_now: Usd | None = Field(None, description="What they cost.")


class BreakEven(Value):
    """One per-token option against one self-hosted option, by NPV over the horizon at a constant mix."""

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
    required: Required | None = Field(None, description="BE-3 at the scenario's own volume.")


class Comparison(Value):
    """One option against the reference, month by month (BE-4, TIME-6). Savings are positive when it is cheaper."""

    option_id: Slug = Field(description="The option.")
    reference_id: Slug = Field(description="The cheapest eligible per-token option.")
    delta_npv_usd: Usd = Field(description="NPV of the reference minus that of the option.")
    cheaper_months: tuple[int, ...] = Field(description="Months in which its bill is the lower one.")
    payback_first_month: int | None = Field(description="First month by which its extra cost is repaid; empty = never.")
    payback_permanent_month: int | None = Field(description="First month from which it stays repaid; empty = never.")
    irr_per_year: tuple[float, ...] = Field(description="All internal rates of return; empty when there is none.")
    cumulative_usd: tuple[float, ...] = Field(description="Saved up to month 0, 1, 2, ..., not discounted.")
    switch_month: int | None = Field(description="Month to move to it from the reference; empty = never.")
    switch_npv_usd: Usd = Field(description="NPV with that switch.")


class Flip(Value):
    """DEC-3: how far one driver must move until the recommendation changes."""

    driver: str = Field(description="The driver.")
    label: str = Field(description="Its name in words.")
    unit: str = Field(description="Unit of its values.")
    value_now: float = Field(description="What it is.")
    value_at_flip: float | None = Field(description="Where the recommendation changes; empty = nowhere in the range.")
    margin_fraction: float | None = Field(description="value_at_flip / value_now - 1; empty when the value is 0.")
    to_option_id: Slug | None = Field(description="What is recommended beyond it.")
    searched_low: float = Field(description="Range searched.")
    searched_high: float = Field(description="Range searched.")


class CurveSeries(Value):
    """Levelised monthly cost of one option against volume, exact at every whole-replica step."""

    option_id: Slug = Field(description="The option.")
    label: str = Field(description="Its name.")
    kind: str = Field(description="api, hosted or rented.")
    tokens_per_day: tuple[float, ...] = Field(description="Volume; a step appears as the same volume twice.")
    usd_per_month: tuple[float, ...] = Field(description="Cost at that volume.")


class Verdict(Value):
    """The recommendation. It follows npv_usd of the eligible options and the tie band, nothing else."""

    status: Literal["decided", "blocked"] = Field(description="blocked when no option can be priced.")
    recommended_id: Slug | None = Field(None, description="The option to choose.")
    cheapest_id: Slug | None = Field(None, description="The eligible option with the lowest npv_usd.")
    runner_up_id: Slug | None = Field(None, description="The cheapest option of the other side, or the next one.")
    saving_usd: Usd | None = Field(None, description="npv_usd of the runner-up minus that of the recommendation.")
    saving_fraction: float | None = Field(None, description="saving_usd / npv_usd of the runner-up.")
    fewest_codes_ids: tuple[Slug, ...] = Field(
        (), description="When nothing is feasible: options with fewest failures."
    )
    close: bool = Field(False, description="Several options lie inside the tie band.")
    confidence: ConfidenceLevel = Field("low", description="Computed, see confidence_reasons.")
    confidence_reasons: tuple[str, ...] = Field((), description="Why.")


class Result(Value):
    """The answer to one scenario on one day."""

    result_version: Literal[2] = Field(2, description="Version of this document's form.")
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
    break_evens: tuple[BreakEven, ...] = Field(
        description="Every pair of per-token and self-hosted option; headline first."
    )
    comparisons: tuple[Comparison, ...] = Field((), description="Every eligible option against the reference.")
    switching: tuple[Flip, ...] = Field((), description="What would change the recommendation, nearest first (DEC-3).")
    curves: tuple[CurveSeries, ...] = Field(description="For the break-even chart.")
    evidence: tuple[Evidence, ...] = Field(description="Every figure the answer rests on.")

    def option(self, option_id: str) -> OptionResult:
        """The result of one option; KeyError when there is none."""
        return {o.option_id: o for o in self.options}[option_id]
