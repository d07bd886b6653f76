"""A scenario and a result worked by a few lines of arithmetic: five options, one of them blocked, over 36 months."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, NamedTuple, TypeVar

import numpy as np

from planner.decision.breakeven import Line, Solution, Staircase, win_intervals
from planner.domain.base import Value
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.options import ApiOption, HostedOption, RentedOption
from planner.domain.result import (
    BreakEven,
    CurveSeries,
    Demand,
    Fleet,
    MonthCost,
    OptionResult,
    Result,
    Verdict,
    WinInterval,
)
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass, Workload

ON = dt.date(2026, 11, 20)
MONTHS = 36
DAYS = 365 / 12
HOURS = 730.0
TOKENS_PER_DAY = 652_000_000.0
REQUESTS_PER_DAY = 200_000.0

V = TypeVar("V", bound=Value)


def changed(value: V, **updates: Any) -> V:
    """The same value with some fields replaced, validated anew."""
    return type(value).model_validate(value.model_dump() | updates)


class Way(NamedTuple):
    """Invented prices of one option: a line (usd_per_mtok) or a staircase (usd_per_gpu_hour, tokens per day)."""

    option_id: str
    label: str
    kind: str
    people_usd: float
    one_off_usd: float
    usd_per_mtok: float = 0.0
    usd_per_gpu_hour: float = 0.0
    replica_tokens_per_day: float = 0.0

    def replicas(self, tokens_per_day: float) -> int:
        """Serving replicas and one spare."""
        return max(1, math.ceil(tokens_per_day / self.replica_tokens_per_day)) + 1

    def tokens_usd(self, tokens_per_day: float) -> float:
        """Per-token charges of a month."""
        return tokens_per_day * DAYS / 1e6 * self.usd_per_mtok

    def gpu_usd(self, tokens_per_day: float) -> float:
        """Rental of a month."""
        return self.replicas(tokens_per_day) * self.usd_per_gpu_hour * HOURS if self.usd_per_gpu_hour else 0.0

    def fixed_usd(self) -> float:
        """Cost of a month that does not follow volume."""
        return self.people_usd + 25.0 + self.one_off_usd / MONTHS


GROQ = Way("groq", "gpt-oss-120b on Groq", "hosted", 317.2867, 1600.0, usd_per_mtok=0.2204)
API = Way("api", "GPT-5.4 mini by API", "api", 317.2867, 1600.0, usd_per_mtok=1.3512)
H200 = Way(
    "h200",
    "gpt-oss-120b on your own H200s",
    "rented",
    2379.65,
    12_000.0,
    usd_per_gpu_hour=3.99,
    replica_tokens_per_day=5.0e8,
)
A100 = Way(
    "a100",
    "gpt-oss-120b on your own A100s",
    "rented",
    2379.65,
    12_000.0,
    usd_per_gpu_hour=1.89,
    replica_tokens_per_day=1.1e8,
)
WAYS = (GROQ, API, H200, A100)
REASONS = (
    Reason(
        code="VRAM",
        message="The weights (117.0 GiB) do not fit into 1 x 80 GiB.",
        field="options.mi300x.gpus_per_replica",
        remedy="Use 2 GPUs per replica or a smaller format.",
    ),
    Reason(
        code="THROUGHPUT_UNKNOWN",
        message="No published throughput for this model on this GPU.",
        field="options.mi300x.throughput",
        remedy="Type in a measured throughput.",
    ),
)


def sample_scenario(**updates: Any) -> Scenario:
    """The question: one chat workload, five options."""
    chat = TaskClass(
        class_id="chat",
        label="Support chat",
        requests_per_day=REQUESTS_PER_DAY,
        fresh_input_tokens=2000,
        cached_input_tokens=1000,
        output_tokens=180,
        reasoning_tokens=80,
    )
    rented: dict[str, Any] = dict(model_id="gpt-oss-120b", format_id="mxfp4")
    scenario = Scenario(
        name="Support chat 2027",
        owner="Dana Lee, Platform Finance",
        workload=Workload(classes=(chat,), peak_to_mean=2.5, source="March 2026 gateway log", as_of="2026-03"),
        options=(
            HostedOption(option_id="groq", label=GROQ.label, provider="groq", model="openai/gpt-oss-120b"),
            ApiOption(option_id="api", label=API.label, provider="openai", model="gpt-5.4-mini"),
            RentedOption(option_id="h200", label=H200.label, gpu_id="h200", price_id="h200-ondemand", **rented),
            RentedOption(option_id="a100", label=A100.label, gpu_id="a100", price_id="a100-ondemand", **rented),
            RentedOption(option_id="mi300x", label="gpt-oss-120b on MI300X", gpu_id="mi300x", **rented),
        ),
    )
    return changed(scenario, **updates)


def sample_result(tokens_per_day: float = TOKENS_PER_DAY) -> Result:
    """The answer at one volume: Groq first, H200s dearer today but cheaper for good far above."""
    priced = [_option(way, tokens_per_day) for way in WAYS]
    best = min(option.tco_usd or 0.0 for option in priced)
    options = [changed(o, dearer_than_best_fraction=(o.tco_usd or 0.0) / best - 1) for o in priced]
    pairs = [(line, stairs) for line in (GROQ, API) for stairs in (H200, A100)]
    return Result(
        engine_version="0.1.0",
        facts_engine_version="0.1.0",
        catalog_version="genai-prices 0.2.3, tables 2026-11-20",
        scenario_name="Support chat 2027",
        on=ON,
        calendar="avg",
        horizon_months=MONTHS,
        demand=_demand(tokens_per_day),
        verdict=_verdict(options),
        options=(*options, _blocked()),
        break_evens=(*(_break_even(*pair) for pair in pairs), _not_known("groq"), _not_known("api")),
        curves=tuple(_curve(way) for way in WAYS),
        evidence=_evidence(),
    )


def _months(way: Way, tokens_per_day: float) -> tuple[MonthCost, ...]:
    none: dict[str, Any] = dict(tokens_usd=0.0, gpu_usd=0.0)
    one_off = MonthCost(
        month=0, starts_on=ON, people_usd=way.one_off_usd, other_usd=0.0, total_usd=way.one_off_usd, **none
    )
    tokens, gpu = way.tokens_usd(tokens_per_day), way.gpu_usd(tokens_per_day)
    parts: dict[str, float] = dict(tokens_usd=tokens, gpu_usd=gpu, people_usd=way.people_usd, other_usd=25.0)
    total = math.fsum(parts.values())
    starts = [dt.date(2026 + (10 + m) // 12, (10 + m) % 12 + 1, 20) for m in range(MONTHS)]
    asked = dict(volume_mtok=tokens_per_day * DAYS / 1e6)
    return (
        one_off,
        *(MonthCost(month=m, starts_on=s, total_usd=total, **asked, **parts) for m, s in enumerate(starts, 1)),
    )


def _option(way: Way, tokens_per_day: float) -> OptionResult:
    months = _months(way, tokens_per_day)
    tco = math.fsum(m.total_usd for m in months)
    mtok = tokens_per_day * DAYS * MONTHS / 1e6
    requests = REQUESTS_PER_DAY * tokens_per_day / TOKENS_PER_DAY * DAYS * MONTHS
    return OptionResult(
        option_id=way.option_id,
        label=way.label,
        kind=way.kind,
        status="ok",
        tco_usd=tco,
        one_off_usd=way.one_off_usd,
        usd_per_month=months[1].total_usd,
        tco_usd_per_month=tco / MONTHS,
        npv_usd=tco,
        levelised_usd_per_month=tco / MONTHS,
        usd_per_request=tco / requests if requests else None,
        blended_usd_per_mtok=tco / mtok if mtok else None,
        months=months,
        fleet=_fleet(way, tokens_per_day) if way.kind == "rented" else None,
        warnings=("Throughput is a published figure, not measured at your mix.",) if way.kind == "rented" else (),
    )


def _fleet(way: Way, tokens_per_day: float) -> Fleet:
    replicas = way.replicas(tokens_per_day)
    return Fleet(
        replicas=replicas,
        spare_replicas=1,
        gpus=replicas,
        gpus_per_replica=1,
        utilisation_fraction=tokens_per_day / (replicas * way.replica_tokens_per_day * 3.57),
        replica_requests_per_s=6.3,
        replica_output_tokens_per_s=1640.0,
        compute_ceiling_fraction=0.21,
        weight_gib=60.8,
        kv_cache_tokens=950_000,
        limited_by="work",
    )


def _blocked() -> OptionResult:
    return OptionResult(
        option_id="mi300x", label="gpt-oss-120b on MI300X", kind="rented", status="blocked", reasons=REASONS
    )


def _demand(tokens_per_day: float) -> Demand:
    share = tokens_per_day / TOKENS_PER_DAY
    return Demand(
        requests_per_day=REQUESTS_PER_DAY * share,
        input_tokens_per_day=600e6 * share,
        cached_input_tokens_per_day=200e6 * share,
        output_tokens_per_day=52e6 * share,
        tokens_per_day=tokens_per_day,
        peak_requests_per_s=5.787 * share,
        volume_multiplier=1,
    )


def _verdict(options: list[OptionResult]) -> Verdict:
    ranked = sorted(options, key=lambda o: o.tco_usd or 0.0)
    first = ranked[0]
    other = next(o for o in ranked if (o.kind == "rented") != (first.kind == "rented"))
    saving = (other.tco_usd or 0.0) - (first.tco_usd or 0.0)
    return Verdict(
        status="decided",
        recommended_id=first.option_id,
        cheapest_id=first.option_id,
        runner_up_id=other.option_id,
        saving_usd=saving,
        saving_fraction=saving / (other.tco_usd or 1.0),
        confidence="high",
        confidence_reasons=(
            "The saving is larger than the range of every throughput figure.",
            "All prices are less than 30 days old.",
        ),
    )


def _solve(line: Way, stairs: Way) -> Solution:
    slope = line.usd_per_mtok * DAYS / 1e6
    unit = stairs.usd_per_gpu_hour * HOURS
    steps = Staircase(stairs.fixed_usd(), unit, stairs.replica_tokens_per_day, spare_replicas=1)
    return win_intervals(Line(line.fixed_usd(), slope), steps)


def _break_even(line: Way, stairs: Way) -> BreakEven:
    solution = _solve(line, stairs)
    reached = bool(solution.intervals)
    listed = solution.intervals
    return BreakEven(
        per_token_id=line.option_id,
        self_host_id=stairs.option_id,
        status="reached" if reached else "not_reached",
        explanation=f"{stairs.label} is cheaper than {line.label} for good above some volume at this mix."
        if reached
        else f"Not reached at any volume: a full replica of {stairs.label} costs more than {line.label} charges.",
        first_tokens_per_day=solution.first,
        robust_tokens_per_day=solution.robust,
        intervals=tuple(
            WinInterval(above_tokens_per_day=a, up_to_tokens_per_day=None if math.isinf(b) else b) for a, b in listed
        ),
        intervals_total=len(listed),
    )


def _not_known(per_token_id: str) -> BreakEven:
    text = "Not known: gpt-oss-120b on MI300X cannot be priced."
    return BreakEven(per_token_id=per_token_id, self_host_id="mi300x", status="not_known", explanation=text)


def _curve(way: Way) -> CurveSeries:
    low, high = 20e6, 20e9
    if way.kind == "rented":
        edges = np.arange(1, math.ceil(high / way.replica_tokens_per_day)) * way.replica_tokens_per_day
        volumes = np.concatenate([[low], np.repeat(edges[edges > low], 2), [high]])
        steps = [way.gpu_usd(v * (1 + 1e-9 * (i % 2 == 0 and i > 0))) for i, v in enumerate(volumes.tolist())]
        costs = [s + way.fixed_usd() for s in steps]
    else:
        volumes = np.geomspace(low, high, 60)
        costs = [way.fixed_usd() + way.tokens_usd(v) for v in volumes.tolist()]
    return CurveSeries(
        option_id=way.option_id,
        label=way.label,
        kind=way.kind,
        tokens_per_day=tuple(volumes.tolist()),
        usd_per_month=tuple(costs),
    )


def _evidence() -> tuple[Evidence, ...]:
    return (
        Evidence(
            label="Groq gpt-oss-120b, output price",
            value="0.60",
            unit="USD per 1M tokens",
            origin="published",
            source="Groq price page",
            source_url="https://groq.com/pricing",
            as_of="2026-11-18",
            confidence="high",
        ),
        Evidence(
            label="H200 rental",
            value="3.99",
            unit="USD per GPU-hour",
            origin="published",
            source="Lambda price page",
            source_url="https://lambda.ai/service/gpu-cloud/a-rather-long-path-for-one-page/pricing#on-demand",
            as_of="2026-10-02",
        ),
        Evidence(
            label="H200 replica throughput",
            value="1,640",
            unit="output tokens/s",
            origin="modelled",
            source="planning assumption",
            confidence="low",
            note="Scaled from a published figure by memory bandwidth.",
        ),
    )
