"""A small scenario with one option of each kind, the facts that belong to it, and hypothesis strategies for both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar, get_args

from hypothesis import strategies as st

from planner.domain.base import Value
from planner.domain.evidence import Evidence, Provenance
from planner.domain.facts import BlockedFacts, Facts, PerTokenFacts, Reason, RentedFacts, ReplicaFacts
from planner.domain.options import (
    ApiOption,
    HostedOption,
    Operations,
    RentedOption,
    TypedGpuPrice,
    TypedThroughput,
    TypedTokenPrice,
)
from planner.domain.prices import LongTier, PricePeriod, RateCard, TokenPrices
from planner.domain.scenario import Scenario
from planner.domain.serving import (
    CalibrationPoint,
    CalibrationPoints,
    EngineName,
    Serving,
    SpeculativeDecoding,
    ThroughputSource,
)
from planner.domain.workload import LatencyTarget, TaskClass, Workload

V = TypeVar("V", bound=Value)
ON = dt.date(2026, 11, 20)


def changed(value: V, **fields: Any) -> V:
    """The same value with some fields replaced, checked again."""
    return type(value).model_validate({**value.model_dump(), **fields})


def sample_scenario(**fields: Any) -> Scenario:
    """Support chat and a nightly batch on three options: `openai`, `groq` and `own-h100`."""
    scenario = Scenario(
        name="Support chat",
        owner="Platform team",
        notes="First look.\nPrices as of November: to be checked.",
        workload=Workload(
            classes=(
                TaskClass(
                    class_id="chat",
                    label="Support chat",
                    requests_per_day=48_000,
                    fresh_input_tokens=1_800,
                    cached_input_tokens=2_400,
                    output_tokens=350,
                    reasoning_tokens=120,
                ),
                TaskClass(
                    class_id="summaries",
                    requests_per_day=6_500,
                    fresh_input_tokens=7_200,
                    output_tokens=600,
                    batch_fraction=1,
                ),
            ),
            source="usage export of October 2026",
            as_of="2026-10",
        ),
        options=(_api(), _hosted(), _rented()),
    )
    return changed(scenario, **fields)


def _api() -> ApiOption:
    return ApiOption(option_id="openai", label="GPT-5 mini by API", provider="openai", model="gpt-5-mini")


def _hosted() -> HostedOption:
    return HostedOption(
        option_id="groq",
        label="gpt-oss-120b at Groq",
        provider="groq",
        model="openai/gpt-oss-120b",
        price=TypedTokenPrice(
            input_usd_per_mtok=Decimal("0.15"),
            output_usd_per_mtok=Decimal("0.60"),
            provenance=Provenance(origin="published", source="price page", as_of="2026-11-18"),
        ),
    )


def _rented() -> RentedOption:
    return RentedOption(
        option_id="own-h100",
        label="gpt-oss-120b on rented H100",
        model_id="gpt-oss-120b",
        format_id="mxfp4",
        gpu_id="h100-sxm",
        price=TypedGpuPrice(usd_per_gpu_hour=Decimal("2.49")),
        throughput=TypedThroughput(output_tokens_per_s_per_replica=2_400),
    )


def sample_facts() -> Facts:
    """What the catalog said for `sample_scenario()`."""
    return facts_for(sample_scenario())


def facts_for(scenario: Scenario) -> Facts:
    """Invented facts that belong to the options of a scenario."""
    return Facts(
        on=ON,
        engine_version="0.1.0",
        catalog_version="genai-prices 0.2.3; tables 0123456789ab",
        options=tuple(
            _rented_facts(option.option_id) if option.kind == "rented" else _token_facts(option.option_id)
            for option in scenario.options
        ),
    )


def blocked_facts(option_id: str) -> BlockedFacts:
    """Facts of an option whose model is not known."""
    reason = Reason(code="MODEL_UNKNOWN", message="No such model.", field="model", remedy="Choose another.")
    return BlockedFacts(option_id=option_id, reasons=(reason,))


def _token_facts(option_id: str) -> PerTokenFacts:
    rates = RateCard(
        input_usd_per_mtok=Decimal("0.25"),
        output_usd_per_mtok=Decimal("2"),
        cached_input_usd_per_mtok=Decimal("0.025"),
    )
    half = RateCard(input_usd_per_mtok=Decimal("0.125"), output_usd_per_mtok=Decimal("1.00"))
    prices = TokenPrices(rates=rates, long_tiers=(LongTier(above_tokens=272_000, rates=rates),), batch_rates=half)
    return PerTokenFacts(
        option_id=option_id,
        periods=(PricePeriod(from_month=1, prices=prices),),
        evidence=tuple(_price_evidence(name, value) for name, value in (("input", "0.25"), ("output", "2"))),
    )


def _price_evidence(name: str, value: str) -> Evidence:
    return Evidence(
        label=f"gpt-5-mini at openai, {name}",
        value=value,
        unit="USD per 1M tokens",
        origin="published",
        source="OpenAI price list, through genai-prices 0.2.3",
        source_url="https://developers.openai.com/api/docs/pricing",
        as_of="2026-11-09",
        confidence="high",
    )


def _rented_facts(option_id: str) -> RentedFacts:
    return RentedFacts(
        option_id=option_id,
        usd_per_gpu_hour=2.49,
        replica=ReplicaFacts(
            s_per_input_token=1 / 48_000,
            s_per_output_token=1 / 2_400,
            low_fraction=0.8,
            high_fraction=1.25,
            held_at_slo=False,
            ttft_ms=2_000,
            tpot_ms=60,
            weight_gib=58.4,
            kv_cache_tokens=412_000,
            compute_ceiling_tokens_per_s=193_000,
            decode_steps_ceiling_per_s=640,
        ),
        evidence=(Provenance().evidence("gpt-oss-120b on rented H100, GPU rental", "2.49", "USD per GPU-hour"),),
        warnings=("Its throughput is typed in, not measured.",),
    )


_WORDS = st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=30)
_LINES = st.text(st.characters(codec="utf-8", min_codepoint=32) | st.sampled_from("\n\t '\"#:-&*!|>%@`"), max_size=60)
_NAMES = _WORDS.filter(bool)
_IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)
_DATES = st.sampled_from(("", "2026", "2026-11", "2026-11-20"))
_PRICES = st.decimals(0, 10**9, places=8) | st.sampled_from((Decimal("2.50"), Decimal("1E+2"), Decimal("0E-8")))


def _upto(high: float) -> st.SearchStrategy[float]:
    return st.floats(0, high)


_PROVENANCES = st.builds(
    Provenance,
    origin=st.sampled_from(("measured", "published", "modelled", "assumed")),
    source=_WORDS,
    source_url=_WORDS,
    as_of=_DATES,
    note=_LINES,
)
_TOKEN_PRICES = st.builds(
    TypedTokenPrice,
    input_usd_per_mtok=_PRICES,
    output_usd_per_mtok=_PRICES,
    cached_input_usd_per_mtok=st.none() | _PRICES,
    cache_write_usd_per_mtok=st.none() | _PRICES,
    batch_discount_fraction=_upto(1),
    long_context_threshold_tokens=st.none() | st.integers(1, 10**9),
    provenance=_PROVENANCES,
)
_OPERATIONS = st.builds(Operations, setup_hours=_upto(1e6), fte_fraction=_upto(1000), other_usd_per_month=_upto(1e10))
_RENTED_PRICES = st.one_of(
    st.fixed_dictionaries({"price_id": st.none() | _IDS}),
    st.fixed_dictionaries({"price": st.builds(TypedGpuPrice, usd_per_gpu_hour=_PRICES, provenance=_PROVENANCES)}),
)
_THROUGHPUTS = st.builds(
    TypedThroughput,
    output_tokens_per_s_per_replica=st.floats(1e-3, 1e9),
    held_at_slo=st.booleans(),
    provenance=_PROVENANCES,
)

_DRAFTS = st.builds(
    SpeculativeDecoding,
    draft_tokens=st.integers(1, 32),
    acceptance_fraction=_upto(1),
    draft_cost_fraction=_upto(1),
)
_SERVING = st.builds(
    Serving,
    engine=st.sampled_from(get_args(EngineName)),
    engine_version=_WORDS,
    max_num_seqs=st.none() | st.integers(1, 65_536),
    speculative=st.none() | _DRAFTS,
)
_CALIBRATIONS = st.builds(
    CalibrationPoints,
    input_tokens=st.floats(1, 1e8),
    output_tokens=st.floats(1, 1e8),
    points=st.lists(
        st.builds(
            CalibrationPoint,
            requests_in_flight=st.floats(1, 1e6),
            output_tokens_per_s=st.floats(1e-3, 1e9),
            ttft_ms=st.none() | st.floats(1e-3, 1e7),
            tpot_ms=st.none(),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    provenance=_PROVENANCES,
)


@st.composite
def _options(draw: st.DrawFn, option_id: str) -> ApiOption | HostedOption | RentedOption:
    common = {"option_id": option_id, "label": draw(_NAMES), "operations": draw(_OPERATIONS)}
    if draw(st.booleans()):
        ids = {name: draw(_IDS) for name in ("model_id", "format_id", "gpu_id")}
        numbers = {"min_replicas": draw(st.integers(0, 100_000)), "kv_cache_bits": draw(st.sampled_from((8, 16)))}
        throughput = {"throughput": draw(st.none() | _THROUGHPUTS)}
        served = {"serving": draw(_SERVING), "calibration": draw(st.none() | _CALIBRATIONS)}
        served |= {"throughput_source": draw(st.sampled_from(get_args(ThroughputSource)))}
        return RentedOption.model_validate(common | ids | numbers | throughput | served | draw(_RENTED_PRICES))
    fields = common | {"provider": draw(_IDS), "model": draw(_WORDS), "price": draw(st.none() | _TOKEN_PRICES)}
    return ApiOption.model_validate(fields) if draw(st.booleans()) else HostedOption.model_validate(fields)


@st.composite
def _classes(draw: st.DrawFn, class_id: str) -> TaskClass:
    return TaskClass(
        class_id=class_id,
        label=draw(_WORDS),
        requests_per_day=draw(_upto(1e12)),
        fresh_input_tokens=draw(_upto(1e8)),
        output_tokens=draw(_upto(1e8)),
        batch_fraction=draw(_upto(1)),
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any scenario: odd texts, extreme numbers, up to four options and three classes."""
    option_ids = draw(st.lists(_IDS, min_size=1, max_size=4, unique=True))
    class_ids = draw(st.lists(_IDS, min_size=1, max_size=3, unique=True))
    return Scenario(
        name=draw(_NAMES),
        owner=draw(_WORDS),
        notes=draw(_LINES),
        calendar=draw(st.sampled_from(("avg", "30d"))),
        horizon_months=draw(st.integers(1, 120)),
        staff_usd_per_hour=draw(_upto(1e5)),
        workload=Workload(
            classes=tuple(draw(_classes(class_id)) for class_id in class_ids), source=draw(_LINES), as_of=draw(_DATES)
        ),
        latency=LatencyTarget(ttft_slo_ms=draw(st.floats(0, 1e7, exclude_min=True))),
        options=tuple(draw(_options(option_id)) for option_id in option_ids),
    )
