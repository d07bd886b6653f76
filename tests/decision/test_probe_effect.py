"""The decision before and after a measurement: figures of both sides, the sentence, and what cannot be compared."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from planner.decision.evaluate import evaluate
from planner.decision.present_probe_effect import (
    blocked_sentences,
    cited,
    doubt_sentences,
    effect_rows,
    effect_sentence,
    gained_sentence,
)
from planner.decision.probe_apply import NotApplied, applied
from planner.decision.probe_effect import ProbeEffect, probe_effect
from planner.domain.scenario import Scenario
from planner.format import Money, shown_in
from tests.builders import ON, catalog, changed, rented, requests, scenario, tables, token_price, typed_api, workload
from tests.decision.probe_samples import H100, ID, ON_A_CPU, RISING, SATURATING, measured


def ask(**more: Any) -> Scenario:
    """8.64M requests a day of 1,000 in and 200 out: 100 a second, on H100s at $3 or at an API."""
    option = rented("3", **({"throughput": None} | more))
    work = workload(requests(8_640_000, 1000, 200))
    return scenario(typed_api(token_price("0.045", "0.09")), option, work=work, horizon_months=24)


def effect(question: Scenario | None = None, rates: dict[int, float] | None = None, **more: Any) -> ProbeEffect:
    return probe_effect(question or ask(), catalog(), ON, "own", measured(rates, **more), draws=500)


@cache
def slower() -> ProbeEffect:
    return effect()


@cache
def flipped() -> ProbeEffect:
    return effect(rates=RISING)


def rows(found: ProbeEffect) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in effect_rows(found).rows}


def test_both_sides_are_the_answers_of_the_scenarios_themselves() -> None:
    found = slower()
    assert found.before.result == evaluate(ask(), catalog(), ON)
    assert found.after.result == evaluate(applied(ask(), "own", measured(), tables()), catalog(), ON)
    assert found.scenario == applied(ask(), "own", measured(), tables())


def test_nothing_but_the_measured_option_moves() -> None:
    found = slower()
    assert found.before.facts.on == found.after.facts.on
    assert found.before.facts.options[0] == found.after.facts.options[0]
    before, after = (side.result.option("api") for side in (found.before, found.after))
    assert (before.npv_usd, before.months, before.warnings) == (after.npv_usd, after.months, after.warnings)


def test_a_slower_replica_needs_more_of_them_and_narrows_the_margin() -> None:
    """T(N) = 1.6 + 0.05 N holds P95 TPOT 60 ms at 16.4 requests/s: 100 / 16.4 = 6.1, so 7 replicas at 3 x 730."""
    found, shown = slower(), rows(slower())
    assert found.after.option.levelised_usd_per_month == pytest.approx(7 * 3 * 730)
    assert shown["Replicas"] == ("6", "7", "+17%")
    assert shown["Cost, USD/month"] == ("13,140.00", "15,330.00", "+17%")
    assert shown["Rank by NPV"] == ("1 of 2", "1 of 2", "–")
    assert shown["Throughput from"] == ("modelled", "from own measured points", "–")
    assert shown["Recommended"] == ("Own GPU", "Own GPU", "–")
    assert effect_sentence(found) == (
        "Own GPU does 3.28k output tokens/s a replica in place of 3.98k (−17%), and costs $15,330 a month in place of "
        "$13,140 a month; the recommendation stays Own GPU, 7% cheaper than API in place of 21% cheaper."
    )


def test_a_recommendation_that_changes_is_named_with_both() -> None:
    found = flipped()
    assert not found.same_recommendation
    assert effect_sentence(found).endswith("; the recommendation changes from Own GPU to API.")
    assert rows(found)["Recommended"] == ("Own GPU", "API", "–")
    assert rows(found)["Cheaper for good above"][1] == "not reached for good"


def test_a_figure_outside_the_expected_range_is_called_a_surprise() -> None:
    told = " ".join(doubt_sentences(flipped()))
    assert "2.48k output tokens/s is outside the 3.57k to 4.53k expected before (8 of 10 cases)" in told
    like_the_model = effect(rates={n: rate * 1.2 for n, rate in SATURATING.items()})
    assert doubt_sentences(like_the_model) == ()


def test_the_value_of_measuring_before_and_of_a_further_one_after() -> None:
    found = slower()
    assert found.before.probe is not None
    assert found.after.probe is not None
    assert gained_sentence(found).startswith("Before it, a measurement was worth ")
    assert "What a further one is worth now: " in gained_sentence(found)


def test_the_effect_cites_the_measurement() -> None:
    assert cited(slower()) == f"probe {ID}, vLLM 0.32.0, 1 x NVIDIA H100 SXM, 2026-11-22"
    assert slower().measured_by.measurement_id == ID


def test_the_same_measurement_twice_changes_nothing_more() -> None:
    again = effect(slower().scenario)
    assert again.before.result == again.after.result
    assert all(change in ("unchanged", "–") for *_, change in rows(again).values())
    assert "as before; the recommendation stays Own GPU, 7% cheaper than API as before." in effect_sentence(again)


def test_an_option_that_could_not_be_priced_is_priced_now() -> None:
    found = effect(ask(throughput_source="calibrated"))
    assert found.before.rate is None
    assert effect_sentence(found).startswith("Own GPU could not be priced before; measured, it does 3.28k")
    assert "the recommendation changes from API to Own GPU" in effect_sentence(found)
    assert rows(found)["Replicas"][0] == "not known"
    assert found.before.reasons[0].code == "THROUGHPUT_UNKNOWN"


def test_a_measurement_that_misses_the_target_blocks_the_option_with_its_reason() -> None:
    found = effect(changed(ask(), latency={"tpot_slo_ms": 7.7, "ttft_slo_ms": 2000}))
    assert found.after.option.status == "blocked"
    assert "With the measurement Own GPU is blocked: The target is TTFT 2,000 ms and TPOT 7.7 ms" in effect_sentence(
        found
    )
    assert blocked_sentences(found)[0].startswith("LATENCY: ")
    assert rows(found)["NPV, USD"][1] == "not known"


def test_amounts_are_written_in_the_currency_shown() -> None:
    with shown_in(Money("EUR", "€")):
        assert "€15,330 a month" in effect_sentence(slower())
        assert "Cost, EUR/month" in rows(slower())


def test_other_hardware_is_refused_before_anything_is_compared() -> None:
    with pytest.raises(NotApplied, match="is h200, and this option has h100-sxm"):
        effect(declared=H100.model_copy(update={"gpu_id": "h200"}))
    with pytest.raises(NotApplied, match="without a GPU"):
        effect(declared=ON_A_CPU)


def test_an_accepted_server_without_a_gpu_changes_the_plan_and_says_so() -> None:
    """A hundred times slower: what a small machine does."""
    slow = {n: rate / 100 for n, rate in SATURATING.items()}
    relaxed = changed(ask(), latency={"tpot_slo_ms": 6000, "ttft_slo_ms": 60_000})
    found = probe_effect(
        relaxed, catalog(), ON, "own", measured(slow, declared=ON_A_CPU), accept_without_gpu=True, draws=500
    )
    assert found.after.result.verdict.recommended_id == "api"
    assert "WITHOUT a GPU" in doubt_sentences(found)[0]
    assert "a server without a GPU" in cited(found)
