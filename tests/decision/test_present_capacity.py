"""The capacity search in words and tables: every figure with its unit, its band and its way out."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from planner.capacity.replica_memory import Setup
from planner.catalog.catalog import load
from planner.decision import present_capacity as words
from planner.decision import present_capacity_tables as tables
from planner.decision.present_capacity import Names
from planner.decision.present_capacity_memory import cannot, memory, ways_to_fit
from planner.domain.capacity import Placement, Reachable, RefusalCode
from tests.samples_capacity import answer, candidate, request

NAMES = Names(load().tables)
TABLES = NAMES.tables


def test_the_headline_is_the_answer_in_one_sentence() -> None:
    assert words.headline(answer(), NAMES) == (
        "3 replicas of 2 x NVIDIA H100 SXM with vLLM, 1 of them spare, serve Llama 3.3 70B in FP8 (W8A8) at "
        "5 requests/s with P95 TPOT 31 ms; $8,760 a month ($8,760 to $11,680), modelled, normal confidence."
    )


def test_a_low_end_that_misses_the_target_is_no_price() -> None:
    """Without an upper end there is none to show: it is said, not left out."""
    found = answer(candidate(usd_per_month_high=None))
    assert "no number of replicas holds the target" in words.headline(found, NAMES)
    assert "misses the target" in tables.candidate_rows(found, found.candidates, NAMES).rows[0]


def test_one_replica_serves_and_a_flat_band_says_so() -> None:
    one = candidate(replicas=1, spare_replicas=0, usd_per_month=100, usd_per_month_low=100, usd_per_month_high=100)
    told = words.headline(answer(one), NAMES)
    assert told.startswith("1 replica of 2 x NVIDIA H100 SXM with vLLM serves")
    assert "$100 a month over the whole band" in told


def test_an_impossible_target_tells_the_best_reachable() -> None:
    alone = {name: value for name, value in candidate().model_dump().items() if name in Placement.model_fields}
    best = Reachable(
        placement=Placement(**alone), tpot_ms=18, ttft_ms=120, sentence="the best reachable is 18 ms on 2 x H100."
    )
    found = answer(candidates=(), meeting=0, best_reachable=best)
    assert words.headline(found, NAMES) == "Nothing in the catalog meets P95 TPOT 40 ms and TTFT 2000 ms."
    assert words.support(found, NAMES)[0] == "The best reachable is 18 ms on 2 x H100."


def test_nothing_found_for_other_reasons_tells_each_with_its_way_out() -> None:
    found = answer(candidates=(), meeting=0)
    assert words.headline(found, NAMES) == "Nothing in the catalog meets what is asked."
    assert "28 left out: Llama on 1 x T4: too small. Use more GPUs." in words.support(found, NAMES)


def test_a_fleet_that_needs_luck_says_so() -> None:
    assert any("low end of the 80% band" in told for told in words.support(answer(), NAMES))
    sure = answer(candidate(within_band=True))
    assert not any("low end of the 80% band" in told for told in words.support(sure, NAMES))


def test_a_doubtful_fleet_names_the_cheapest_that_is_surer() -> None:
    doubtful = candidate(confidence="low")
    dearer = candidate(price_id="b", provider="Other", usd_per_month=9000, usd_per_month_low=9000, within_band=True)
    told = words.support(answer(doubtful, dearer), NAMES)
    surer = "3 replicas of 2 x NVIDIA H100 SXM, Other, $9,000 a month ($9,000 to $11,680)."
    assert f"The cheapest of normal confidence: {surer}" in told
    assert f"The cheapest that holds it over the whole band: {surer}" in told
    alone = words.support(answer(doubtful), NAMES)
    assert not any("The cheapest" in sentence for sentence in alone)


def test_the_most_within_the_target_leaves_spares_out() -> None:
    """2 serving replicas of 3 requests/s: 6, and 4.8 to 7.2 over the band."""
    found = {metric.label: metric for metric in words.metrics(answer(), candidate())}
    assert found["Most within the target"].value == "6 requests/s"
    assert found["Most within the target"].note == "80% band 4.8 to 7.2, spares left out"
    assert found["GPU rent"].value == "$8,760"


def test_a_candidate_has_a_row_with_price_band_confidence_and_reason() -> None:
    found = answer()
    table = tables.candidate_rows(found, found.candidates, NAMES)
    row = dict(zip(table.heads, table.rows[0], strict=True))
    assert row["Deployment"] == "Llama 3.3 70B, FP8 (W8A8), on 2 x NVIDIA H100 SXM"
    assert (row["GPU rent (USD/month)"], row["Low end (USD/month)"], row["High end (USD/month)"]) == (
        "8,760.00",
        "8,760.00",
        "11,680.00",
    )
    assert row["Replicas (count)"] == "3 (1 spare)"
    assert row["Price"] == "2.00 an hour, Acme, on demand, 2026-11-01"
    assert row["Why"] == "On the front. vLLM 0.8 and later, dense."
    assert row["TTFT (P95, weak, ms)"] == "210"


def test_only_the_cheapest_price_of_a_deployment_is_kept() -> None:
    dear, other = candidate(price_id="b", usd_per_month=9000), candidate(price_id="c", tp=4, gpus_per_replica=4)
    assert [c.price_id for c in tables.cheapest_each([candidate(), dear, other])] == ["acme-h100", "c"]


def test_reasons_for_leaving_out_are_told_by_how_many_they_hit() -> None:
    rows = tables.refused_rows(answer().refused).rows
    assert [row[:2] for row in rows] == [("Misses the latency target", "57"), ("Does not fit in memory", "28")]
    assert all(row[3] for row in rows)


def test_every_reason_has_words() -> None:

    assert set(tables.REASONS) == set(get_args(RefusalCode))


@pytest.mark.parametrize(("text", "told"), [("vLLM 0.8", "vLLM 0.8."), ("the band", "The band."), ("FP8!", "FP8!")])
def test_sentences_keep_names_as_they_are_written(text: str, told: str) -> None:
    assert words.sentence(text) == told


def setup(**changes: Any) -> Setup:
    rows = (TABLES.model_by_id["llama-3.3-70b"], TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h100-sxm"])
    return Setup(*rows, tp=2, max_model_len=8192)._replace(**changes)


def test_the_parts_of_the_memory_add_up_to_the_gpu() -> None:
    found = memory(setup(), 1800, in_service=10)
    assert found.fits
    assert sum(found.parts_gib.values()) == pytest.approx(found.gpu_gib)
    assert found.parts_gib["KV cache in use"] > 0


def test_more_in_service_than_fits_fills_the_cache_and_no_more() -> None:
    found = memory(setup(), 1800, in_service=1e9)
    assert found.parts_gib["KV cache free"] == 0


def test_what_does_not_fit_says_why_and_what_would() -> None:
    """67.7 GiB of weights on one H100: too little is left for a request of 8,192 tokens; on an A100 40GB nothing is."""
    alone = setup(tp=1)
    found = memory(alone, 1800)
    assert not found.fits
    assert "does not hold one request of 8,192 tokens" in found.why_not
    assert "Weights and engine alone" in memory(alone._replace(gpu=TABLES.gpu_by_id["a100-40gb"]), 1800).why_not
    assert any(way.kind == "gpus" and "2 x" in way.sentence for way in ways_to_fit(alone, 1800, TABLES))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tp": 3}, "64 query heads and 8 KV heads"),
        ({"gpu": TABLES.gpu_by_id["t4"], "number_format": TABLES.format_by_id["mxfp4"]}, "cannot run MXFP4"),
        ({"max_model_len": 1_000_000}, "reads at most 131,072 tokens"),
        ({"number_format": TABLES.format_by_id["bf16"]}, ""),
    ],
)
def test_what_cannot_be_is_named_with_the_way_out(changes: dict[str, object], told: str) -> None:
    problems = cannot(setup(**changes), TABLES)
    assert bool(problems) == bool(told)
    assert all(told in problem and "Take " in problem for problem in problems)


def test_a_target_that_is_not_of_the_95th_percentile_is_named_by_its_own() -> None:
    asked = request(latency={"ttft_slo_ms": 2000, "tpot_slo_ms": 40, "slo_percentile": 99})
    assert "with P99 TPOT" in words.headline(answer(request=asked), NAMES)


def test_classes_of_errors_are_told_in_words() -> None:
    told = words.why_words(("band of mixture of experts: 9 configurations", "weights above 80% of memory."))
    assert told == ("Band of mixture of experts: 9 configurations. Weights above 80% of memory.")
