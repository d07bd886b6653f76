"""The question that sizes a deployment, and what the search over the catalog answers.

Money here is the rent of GPUs and nothing else: people, storage and network come with a scenario's whole cost.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import LongText, ShortText, Slug, Usd, UsdSmall, Value
from planner.domain.organisation import Organisation
from planner.domain.prices import PriceTerm, ProviderTier
from planner.domain.serving import EngineName
from planner.domain.workload import LatencyTarget
from planner.units import CalendarName

RefusalCode = Literal[
    "FORMAT",
    "ENGINE",
    "MODALITY",
    "CONTEXT",
    "SPLIT",
    "MEMORY",
    "LICENCE",
    "LATENCY",
    "TERM",
    "NODE",
    "NO_PRICE",
    "BUDGET",
]
"""FORMAT: the GPU cannot run it, or the model does not come in it; SPLIT: heads or layers do not divide; NODE: the
replica needs more GPUs than come together; TERM: no price on the terms, from the providers or in the region asked."""
_Rate = Annotated[float, Field(gt=0, le=1e6)]
_Slugs = Annotated[tuple[Slug, ...], Field(max_length=500)]


class CapacityRequest(Value):
    """One question: this much of this work within this latency. Empty selections mean everything in the catalog."""

    peak_requests_per_s: _Rate = Field(description="Requests a second in the busiest minutes; sets replicas.")
    mean_requests_per_s: _Rate | None = Field(
        None, description="Mean requests a second over the month; empty = as at peak. Prices per token divide by it."
    )
    input_tokens: float = Field(ge=1, le=1e7, description="Mean prompt tokens per request, cached ones included (ISL).")
    output_tokens: float = Field(
        ge=1, le=1e6, description="Mean generated tokens per request, reasoning included (OSL)."
    )
    cached_fraction: float = Field(0, ge=0, lt=1, description="Share of the prompt found in the prefix cache.")
    latency: LatencyTarget = Field(LatencyTarget(), description="What a user must not wait longer than.")
    model_ids: _Slugs = Field((), description="Models of the catalog to look at; empty = all.")
    format_ids: _Slugs = Field((), description="Weight formats to look at; empty = all.")
    gpu_ids: _Slugs = Field((), description="GPUs to look at; empty = all.")
    max_gpus_per_replica: int = Field(8, ge=1, le=64, description="Most GPUs that may hold one copy.")
    max_pipeline_stages: int = Field(2, ge=1, le=16, description="Most stages that layers are split over (pp).")
    engine: EngineName = Field("vllm", description="Serving engine.")
    kv_cache_bits: Literal[8, 16] | None = Field(None, description="Bits per KV-cache element; empty = the engine's.")
    gpu_memory_utilisation_fraction: float = Field(0.9, gt=0, le=1, description="GPU memory that the engine may use.")
    max_model_len: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="Longest prompt plus answer the server accepts, tokens; empty = mean x 4.",
    )
    max_num_seqs: int | None = Field(None, ge=1, le=65_536, description="Requests side by side; empty = the engine's.")
    terms: tuple[PriceTerm, ...] = Field(("on_demand",), min_length=1, max_length=5, description="Ways to pay.")
    provider_tiers: tuple[ProviderTier, ...] = Field(
        ("neocloud", "hyperscaler"),
        max_length=3,
        description="Kinds of provider; empty = all. A marketplace lists its cheapest machine of one day.",
    )
    providers: tuple[ShortText, ...] = Field((), max_length=100, description="Providers by name; empty = all.")
    region: ShortText = Field(
        "", description="Start of the region's name, e.g. us-east; prices for no particular region always count."
    )
    spare_replicas: int = Field(1, ge=0, le=1000, description="Extra replicas for failure and rollout (N+1).")
    min_replicas: int = Field(1, ge=1, le=100_000, description="Replicas kept even when idle.")
    whole_instances: bool = Field(True, description="GPUs are paid for in the whole instances they come in.")
    regions: int = Field(1, ge=1, le=20, description="Regions that share the load evenly, whole replicas in each.")
    survive_region_loss: bool = Field(False, description="The others must carry the peak when one region fails.")
    budget_usd_per_month: float | None = Field(None, gt=0, le=1e12, description="Most GPU rent a month, USD.")
    organisation: Organisation = Field(Organisation(), description="Who uses it, for the licences.")
    check_licences: bool = Field(True, description="Leave out models whose licence this use fails.")
    calendar: CalendarName = Field("avg", description="Length of a month: avg = 730 hours, 30d = 720.")
    most_candidates: int = Field(200, ge=1, le=100_000, description="Candidates that are listed; all are counted.")

    @model_validator(mode="after")
    def _consistent(self) -> CapacityRequest:
        if self.mean_requests_per_s is not None and self.mean_requests_per_s > self.peak_requests_per_s:
            raise ValueError("mean_requests_per_s is above peak_requests_per_s; swap them")
        if self.survive_region_loss and self.regions == 1:
            raise ValueError("one region cannot survive its own loss: give regions = 2 or more, or accept the loss")
        if self.max_model_len is not None and self.max_model_len < self.input_tokens + self.output_tokens:
            raise ValueError(
                f"max_model_len {self.max_model_len:,} is shorter than a mean request, prompt plus answer "
                f"({self.input_tokens + self.output_tokens:,.0f} tokens); raise it or leave it out"
            )
        return self

    @property
    def mean_rate_per_s(self) -> float:
        """Mean requests a second; the peak when no mean is given."""
        return self.peak_requests_per_s if self.mean_requests_per_s is None else self.mean_requests_per_s


class Placement(Value):
    """One deployment: what is served, on what, how much memory it takes, and what one replica does at the target."""

    model_id: Slug = Field(description="Model in data/models.csv.")
    format_id: Slug = Field(description="Weight format in data/formats.csv.")
    gpu_id: Slug = Field(description="GPU in data/gpus.csv.")
    gpus_per_replica: int = Field(description="GPUs that hold one copy: tp x pp.")
    tp: int = Field(description="GPUs that share every layer (tensor parallel).")
    pp: int = Field(description="Stages that the layers are split over (pipeline parallel).")
    engine: EngineName = Field(description="Serving engine.")
    max_model_len: int = Field(description="Longest prompt plus answer it is set up for, tokens.")
    max_num_seqs: int = Field(description="Requests side by side that it is set up for.")
    weight_gib: float = Field(description="Weights of one replica, GiB.")
    kv_cache_tokens: int = Field(description="Tokens of KV cache of one replica.")
    max_sequences: int = Field(description="Requests of the mean length that fit in it at once, whole.")
    memory_used_fraction: float = Field(description="Weights, overhead and the cache of the peak load / GPU memory.")
    rate_at_target_per_s: float = Field(description="Requests a second that one replica serves within the target.")
    rate_at_target_low_per_s: float = Field(description="The same at the low end of the 80 % band.")
    rate_at_target_high_per_s: float = Field(description="The same at the high end.")
    output_tokens_per_s_at_target: float = Field(description="Output tokens/s of one replica at that rate.")
    tpot_ms_alone: float = Field(description="Time per output token of a request alone, mean, ms.")
    ttft_ms_alone: float = Field(description="Time to first token of a request alone, mean, ms; weakly predicted.")
    confidence: Literal["normal", "low"] = Field(description="low: outside what the predictor has been tested on.")
    why: tuple[LongText, ...] = Field((), description="What the confidence rests on.")


class Candidate(Placement):
    """A placement at one price, sized for the peak."""

    price_id: Slug = Field(description="Row of data/gpu_prices.csv in force on the day.")
    provider: ShortText = Field(description="Who rents it out.")
    provider_tier: ProviderTier = Field(description="What kind of company that is.")
    instance: ShortText = Field(description="Instance type or product line.")
    gpus_per_instance: int = Field(description="GPUs that come together.")
    region: ShortText = Field("", description="Region that the price is for; empty = one price everywhere.")
    term: PriceTerm = Field(description="How it is paid for.")
    usd_per_gpu_hour: UsdSmall = Field(description="USD for one GPU for one hour.")
    price_as_of: ShortText = Field(description="Day of the price.")
    price_source: ShortText = Field(description="Who says so.")
    tpot_ms: float = Field(description="Time per output token at the peak and the SLO percentile, ms.")
    ttft_ms: float = Field(description="Time to first token at the peak and the SLO percentile, ms; weakly predicted.")
    replicas: int = Field(description="Replicas, spares included.")
    spare_replicas: int = Field(description="Of which spare.")
    gpus: int = Field(description="GPUs paid for, in whole instances.")
    utilisation_fraction: float = Field(description="Mean load / what all GPUs paid for serve at the target.")
    usd_per_month: Usd = Field(description="GPU rent of a month, USD.")
    usd_per_month_low: Usd | None = Field(description="The same if throughput is at the high end of the band.")
    usd_per_month_high: Usd | None = Field(
        description="The same at the low end; empty = the target is then out of reach with any number of replicas."
    )
    usd_per_mtok_output: UsdSmall = Field(description="Rent / output tokens at the mean load, USD per 1M.")
    usd_per_mtok: UsdSmall = Field(description="Rent / all tokens, prompt and output, at the mean load, USD per 1M.")
    usd_per_mtok_full_load: UsdSmall = Field(
        description="Per 1M tokens, all of them, if every GPU were at the target's rate in every hour."
    )
    within_band: bool = Field(description="This fleet holds the target at the low end of the band too.")
    pareto: bool = Field(description="None is both cheaper and faster.")


class Refusal(Value):
    """How many were left out for one reason, the nearest of them, and the way out."""

    code: RefusalCode = Field(description="Kind of reason.")
    count: int = Field(description="Deployments, or deployments at a price, left out for it.")
    example: LongText = Field(description="One of them, with its figures.")
    remedy: LongText = Field(description="What would let it in.")


class Reachable(Value):
    """The deployment that comes nearest to the latency target with one request in flight, and what it reaches."""

    placement: Placement = Field(description="The deployment; its rate at the target is 0.")
    tpot_ms: float = Field(description="Time per output token, one request in flight, ms.")
    ttft_ms: float = Field(description="Time to first token, one request in flight, ms.")
    sentence: LongText = Field(description="`best reachable is ...` in words.")


class Found(Value):
    """What the search found, cheapest first."""

    on: dt.date = Field(description="Day of the prices.")
    request: CapacityRequest = Field(description="What was asked.")
    searched: int = Field(description="Combinations of model, format, GPU, parallelism and price that were looked at.")
    deployments: int = Field(description="Combinations without the prices.")
    meeting: int = Field(description="Candidates that meet every constraint; more than are listed when capped.")
    candidates: tuple[Candidate, ...] = Field(description="Those that meet every constraint, cheapest first.")
    unpriced: tuple[Placement, ...] = Field((), description="They meet the target, but the catalog has no price.")
    unpriced_count: int = Field(0, description="All of those.")
    refused: tuple[Refusal, ...] = Field((), description="What was left out, by reason.")
    best_reachable: Reachable | None = Field(None, description="Only when nothing meets the latency target.")
    notes: tuple[LongText, ...] = Field((), description="What a reader must know.")

    @property
    def cheapest(self) -> Candidate | None:
        """The cheapest that meets every constraint; None when nothing does."""
        return self.candidates[0] if self.candidates else None

    @property
    def pareto(self) -> tuple[Candidate, ...]:
        """The front of price against time per token, cheapest first."""
        return tuple(candidate for candidate in self.candidates if candidate.pareto)
