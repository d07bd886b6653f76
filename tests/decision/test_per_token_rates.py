"""Reasoning and cache lives in the kernel: against plain loops, and in what was saved before they existed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import plain
from planner.decision.evaluate import decide
from planner.decision.kernel import Model, option_costs
from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, Facts
from planner.domain.options import ApiOption
from planner.domain.scenario import Scenario
from planner.store.payload import from_json, scenario_from_json, to_json
from tests.builders import ON, catalog, requests, scenario, token_price, typed_api, workload

NEW_IN_OPTIONS = ("region", "service_tier", "cache_write_ttl")
NEW_IN_PRICES = ("reasoning_usd_per_mtok", "cache_write_1h_usd_per_mtok")

usd = st.decimals("0.01", 50, places=2)
tokens = st.integers(0, 300_000)


@settings(max_examples=150, deadline=None)
@given(
    price=st.fixed_dictionaries(
        {
            "cached_input_usd_per_mtok": st.none() | usd,
            "cache_write_usd_per_mtok": st.none() | usd,
            "cache_write_1h_usd_per_mtok": usd,
            "reasoning_usd_per_mtok": st.none() | usd,
            "batch_discount_fraction": st.sampled_from([0.25, 0.5]),
            "long_context_threshold_tokens": st.none() | st.just(200_000),
            "long_input_multiplier": st.just(2),
            "long_output_multiplier": st.just(1.5),
        }
    ),
    life=st.sampled_from(["5m", "1h"]),
    task=st.fixed_dictionaries(
        {
            "cached_input_tokens": tokens,
            "cache_write_tokens": tokens,
            "reasoning_tokens": tokens,
            "batch_fraction": st.sampled_from([0, 0.3, 1]),
        }
    ),
)
def test_the_kernel_equals_the_plain_loop(price: dict[str, Any], life: str, task: dict[str, Any]) -> None:
    option = typed_api(token_price(**price), cache_write_ttl=life, output_token_ratio=1.25, success_fraction=0.9)
    asked = scenario(option, work=workload(requests(1000, 900, 120, **task)))
    facts = resolve(asked, catalog(), ON)
    model = Model(asked, option_costs(asked, facts))
    fast = float(model.npv_usd(model.at())[0])
    assert fast == pytest.approx(plain.npv_usd(asked.options[0], facts.options[0], asked), rel=1e-12)


def test_a_typed_price_without_one_hour_writes_is_refused_for_them() -> None:
    option = typed_api(token_price(cache_write_usd_per_mtok="3.75"), cache_write_ttl="1h")
    asked = scenario(option, work=workload(requests(cache_write_tokens=100)))
    (facts,) = resolve(asked, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    assert facts.reasons[0].field == "options[api].cache_write_ttl"


def test_a_cache_life_that_writes_on_a_miss_needs_its_price_too() -> None:
    option = typed_api(token_price(), cache_write_ttl="1h", cache_ttl_s=3600)
    asked = scenario(option, work=workload(requests(cached_input_tokens=100)))
    (facts,) = resolve(asked, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)


def without(value: Any, names: tuple[str, ...]) -> Any:
    """The same plain document as it was before these fields existed."""
    if isinstance(value, dict):
        return {name: without(inner, names) for name, inner in value.items() if name not in names}
    return [without(inner, names) for inner in value] if isinstance(value, list) else value


def test_what_was_saved_before_reads_as_it_was_and_costs_the_same() -> None:
    option = typed_api(token_price(cache_write_usd_per_mtok="3.75", batch_discount_fraction=0.5))
    asked = scenario(option, work=workload(requests(cache_write_tokens=100, reasoning_tokens=50, batch_fraction=0.5)))
    facts = resolve(asked, catalog(), ON)
    then = without(json.loads(to_json(asked)), (*NEW_IN_OPTIONS, *NEW_IN_PRICES))
    pinned = without(json.loads(to_json(facts)), NEW_IN_PRICES)
    assert all(name not in json.dumps([then, pinned]) for name in (*NEW_IN_OPTIONS, *NEW_IN_PRICES))
    old: Scenario = scenario_from_json(json.dumps(then))
    assert old == asked
    found = from_json(Facts, json.dumps(pinned))
    assert decide(old, found) == decide(asked, facts)
    read = old.options[0]
    assert isinstance(read, ApiOption)
    assert (read.region, read.service_tier, read.cache_write_ttl) == ("", "standard", "5m")


def test_reasoning_never_costs_more_when_its_price_falls() -> None:
    costs = []
    for own in ("0", "5", "15", "20"):
        option = typed_api(token_price("3", "15", reasoning_usd_per_mtok=own))
        asked = scenario(option, work=workload(requests(reasoning_tokens=500)))
        costs.append(decide(asked, resolve(asked, catalog(), ON)).options[0].tco_usd or 0)
    assert costs == sorted(costs)
    as_output = typed_api(token_price("3", "15"))
    asked = scenario(as_output, work=workload(requests(reasoning_tokens=500)))
    assert decide(asked, resolve(asked, catalog(), ON)).options[0].tco_usd == pytest.approx(costs[2])
