from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from planner.decision import present
from planner.domain.facts import Reason
from planner.domain.options import ApiOption, Operations, RentedOption, TypedThroughput, TypedTokenPrice
from planner.domain.result import Result, Verdict
from planner.units import money
from tests.samples_result import MONTHS, changed, sample_result, sample_scenario

SCENARIO = sample_scenario()
RESULT = sample_result()


def verdict(**updates: Any) -> Result:
    return changed(RESULT, verdict=changed(RESULT.verdict, **updates))


def blocked() -> Result:
    options = [o for o in RESULT.options if o.status == "blocked"]
    return changed(RESULT, options=options, verdict=Verdict(status="blocked"), break_evens=(), curves=())


def test_headline_says_what_it_costs_and_how_much_less() -> None:
    assert present.headline(SCENARIO, RESULT) == (
        "Keep paying per token: gpt-oss-120b on Groq costs $4,758 a month ($171,275 in today's money over 36 months), "
        "59% less than gpt-oss-120b on your own H200s ($11,476 a month). Confidence: high."
    )


def test_headline_when_self_host_wins() -> None:
    result = verdict(recommended_id="h200", runner_up_id="api", saving_fraction=0.578, confidence="medium")
    text = present.headline(SCENARIO, result)
    assert text.startswith("Run it yourself: gpt-oss-120b on your own H200s costs $11,476 a month ")
    assert text.endswith("58% less than GPT-5.4 mini by API ($27,183 a month). Confidence: medium.")


def test_headline_of_a_tie_names_the_simpler_and_the_cheapest() -> None:
    options = [changed(o, dearer_than_best_fraction=0.031) if o.option_id == "api" else o for o in RESULT.options]
    result = changed(verdict(recommended_id="api", close=True), options=options)
    text = present.headline(SCENARIO, result)
    assert text.startswith("Too close to call on cost: GPT-5.4 mini by API, the simpler option, is recommended at ")
    assert "3% more than the cheapest, gpt-oss-120b on Groq ($4,758 a month), inside the 5% tie band" in text


def test_headline_of_a_tie_that_the_cheapest_wins() -> None:
    options = [changed(o, dearer_than_best_fraction=0.0004) if o.option_id == "h200" else o for o in RESULT.options]
    text = present.headline(SCENARIO, changed(verdict(close=True), options=options))
    assert "gpt-oss-120b on your own H200s ($11,476 a month) costs less than 0.1% more" in text


def test_headline_with_one_price_only() -> None:
    text = present.headline(SCENARIO, verdict(runner_up_id=None, saving_usd=None, saving_fraction=None))
    assert (
        "the only option with a price (gpt-oss-120b on MI300X blocked), so there is nothing to compare it with" in text
    )


def test_headline_when_nothing_can_be_priced_gives_the_way_out() -> None:
    result = blocked()
    text = present.headline(SCENARIO, result)
    assert text.startswith(
        "No answer yet, because the one option cannot be priced: gpt-oss-120b on MI300X: The weights"
    )
    assert text.endswith("Use 2 GPUs per replica or a smaller format.")
    assert "$" not in text
    assert [m.value for m in present.metrics(SCENARIO, result)] == ["not known"] * 3 + ["–"]
    assert present.support(SCENARIO, result)[0].startswith("There is no break-even to show")


def test_zero_volume_costs_no_tokens_and_leaves_unit_costs_undefined() -> None:
    result = sample_result(0.0)
    text = present.headline(SCENARIO, result)
    assert "nothing is paid for tokens" in text
    assert "its GPUs being paid for while idle" in text
    assert "per 1M tokens is undefined" in text
    assert [m.value for m in present.metrics(SCENARIO, result)][1:3] == ["undefined", "undefined"]
    assert present.mix(result) == "no tokens"


def test_support_tells_the_robust_break_even_the_ranges_before_it_and_the_confidence() -> None:
    robust, ranges, confidence = present.support(SCENARIO, RESULT)
    assert "cheaper than gpt-oss-120b on Groq for good above 9.04B tokens/day at this mix" in robust
    assert robust.endswith("today's volume is 652M tokens/day.")
    assert ranges.endswith("(5.999B, 6B], (6.43B, 6.5B], (6.87B, 7B], (7.3B, 7.5B] and 3 more.")
    assert confidence == (
        "Confidence is high. The saving is larger than the range of every throughput figure. "
        "All prices are less than 30 days old."
    )


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (1, "Not reached at any volume: a full replica of gpt-oss-120b on your own A100s costs more than"),
        (4, "Not known: gpt-oss-120b on MI300X cannot be priced."),
    ],
)
def test_not_reached_and_not_known_are_told_apart(index: int, words: str) -> None:
    result = changed(RESULT, break_evens=RESULT.break_evens[index : index + 1])
    assert words in present.support(SCENARIO, result)[0]
    assert present.metrics(SCENARIO, result)[3].value == ("not reached" if index == 1 else "not known")


def test_ranges_without_an_end_for_good() -> None:
    windows = RESULT.break_evens[0].intervals[:2]
    cut = {"status": "not_reached", "robust_tokens_per_day": None, "intervals": windows, "intervals_total": 2}
    pair = changed(RESULT.break_evens[0], explanation="Not reached for good: only in 2 windows.", **cut)
    first, second, _ = present.support(SCENARIO, changed(RESULT, break_evens=(pair,)))
    assert first == "Not reached for good: only in 2 windows."
    assert second == "It is cheaper in these ranges of tokens/day: (5.999B, 6B], (6.43B, 6.5B]."


def test_a_cut_list_of_ranges_says_at_least() -> None:
    pair = changed(RESULT.break_evens[0], intervals_total=900, intervals_exact=False)
    assert present.support(SCENARIO, changed(RESULT, break_evens=(pair,)))[1].endswith("and at least 895 more.")


def test_options_of_one_name_have_columns_of_their_own() -> None:
    result = changed(RESULT, options=[changed(o, label="Same") for o in RESULT.options])
    assert present.month_rows(result).heads[2:] == tuple(f"Same [{i}] (USD)" for i in ("groq", "api", "h200", "a100"))


def test_metrics_carry_the_mix_and_the_fleet() -> None:
    shown = {m.label: (m.value, m.note) for m in present.metrics(SCENARIO, RESULT)}
    assert shown["Cost per month"] == ("$4,758", "gpt-oss-120b on Groq; levelised over 36 months, one-offs included")
    assert shown["Cost per 1M tokens"] == ("$0.2399", "92% input (33% of it cached), 8% output")
    assert shown["Best self-hosted fleet"][0] == "3 GPUs, 12% used"
    assert shown["Saving over 36 months"] == (
        "$241,864",
        "against gpt-oss-120b on your own H200s, 59%, in today's money",
    )
    assert len(shown) == 6


def test_option_rows_are_ranked_and_blocked_ones_have_no_cost() -> None:
    table = present.option_rows(SCENARIO, RESULT)
    assert table.heads[2:5] == ("NPV (USD)", "Total, 36 months (USD)", "Per month (USD/month)")
    assert table.rows[0][0] == "gpt-oss-120b on Groq"
    last = table.rows[-1]
    assert set(last[2:8]) == {"not known"}
    assert "VRAM: The weights" in last[-1]
    assert "THROUGHPUT_UNKNOWN" in last[-1]
    assert table.rows[1][-1] == "141% dearer than the cheapest; 76% of it is GPUs."
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_years_and_months_add_up_to_the_option_table() -> None:
    totals = {row[0]: row[3] for row in present.option_rows(SCENARIO, RESULT).rows}
    months = present.month_rows(RESULT)
    assert len(months.rows) == 1 + MONTHS + 3 + 1
    for column, label in enumerate(o.label for o in RESULT.options if o.status == "ok"):
        assert months.rows[-1][2 + column] == totals[label]
    whole = {row[0]: row[-1] for row in present.year_rows(RESULT).rows if row[1] == "36 months"}
    assert whole == {label: total for label, total in totals.items() if total != "not known"}


def test_an_incomplete_last_year_has_its_total() -> None:
    result = changed(RESULT, horizon_months=14)
    assert [row[0] for row in present.month_rows(result, ["groq"]).rows][-5:] == [
        "Year 1",
        "Month 13",
        "Month 14",
        "Year 2",
        "Total",
    ]


def test_components_of_a_mean_month_sum_to_the_mean() -> None:
    for option in RESULT.options[:4]:
        parts = sum(usd for _, usd in present.mean_components(option))
        assert money(parts) == money(option.tco_usd_per_month or 0)


def test_assumptions_say_when_they_are_defaults() -> None:
    rows = {(row[0], row[1]): row[2:] for row in present.assumption_rows(SCENARIO).rows}
    assert rows["all options", "Tie band"] == ("5", "%", "assumed (default)")
    assert rows["all options", "Busiest hour / mean hour"] == ("2.5", "ratio", "set in the scenario")
    assert rows["gpt-oss-120b on your own H200s", "Setup"] == ("120", "hours", "assumed (default)")
    assert rows["gpt-oss-120b on Groq", "Engineers kept busy"] == ("0.02", "full-time engineers", "assumed (default)")


def test_typed_figures_carry_their_origin() -> None:
    price = TypedTokenPrice.model_validate({"input_usd_per_mtok": "0.10", "output_usd_per_mtok": "0.45"})
    api = ApiOption(
        option_id="a", label="A", provider="p", model="m", price=price, operations=Operations(setup_hours=3)
    )
    rented = RentedOption(
        option_id="r",
        label="R",
        model_id="m",
        format_id="f",
        gpu_id="g",
        throughput=TypedThroughput(output_tokens_per_s_per_replica=1500),
    )
    rows = {(r[0], r[1]): r[2:] for r in present.assumption_rows(sample_scenario(options=(api, rented))).rows}
    told = "assumed: typed in by the scenario's owner"
    assert rows["A", "Output price"] == ("0.45", "USD per 1M tokens", told)
    assert rows["A", "Setup"] == ("3", "hours", "set in the scenario")
    assert rows["R", "Throughput"] == ("1,500", "output tokens/s per replica", told)
    assert rows["R", "Throughput, low end"][2] == "assumed (default)"


def test_every_table_is_rectangular_and_says_its_units() -> None:
    tables = [
        present.option_rows(SCENARIO, RESULT),
        present.break_even_rows(RESULT),
        present.month_rows(RESULT),
        present.year_rows(RESULT),
        present.evidence_rows(RESULT),
        present.assumption_rows(SCENARIO),
        present.workload_rows(SCENARIO),
        present.version_rows(SCENARIO, RESULT),
        present.note_rows(RESULT),
    ]
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_versions_name_what_made_the_figures() -> None:
    rows = {row[0]: row[1] for row in present.version_rows(SCENARIO, RESULT).rows}
    assert rows["Date of prices"] == dt.date(2026, 11, 20).isoformat()
    assert rows["Program version of the figures"] == rows["Program version of the prices"] == "0.1.0"
    assert set(rows) >= {"Catalog version", "Scenario form", "Result form"}


def test_dearer_in_multiples_when_far_off() -> None:
    options = [changed(o, dearer_than_best_fraction=11.4) if o.option_id == "api" else o for o in RESULT.options]
    result = changed(RESULT, options=options)
    assert present.why(SCENARIO, result, result.option("api")).startswith("12.4 times the cheapest")


def test_reasons_of_all_codes_are_shown() -> None:
    reason = Reason(code="LATENCY", message="Too slow.", field="latency", remedy="Allow more.")
    option = changed(RESULT.options[4], reasons=(reason,))
    assert present.why(SCENARIO, RESULT, option) == "Blocked. LATENCY: Too slow. Allow more."


def test_the_table_of_options_has_the_first_sentence_and_the_table_of_blocked_ones_all() -> None:
    clause = (
        "Licence 0.1 has no rights for this. Section 2: ask first. Source: https://x.example/l.md, read 2026-11-20."
    )
    reason = Reason(code="LICENCE", message=clause, field="organisation", remedy="Choose another model.")
    options = [changed(o, reasons=(reason,)) if o.status == "blocked" else o for o in RESULT.options]
    result = changed(RESULT, options=options)
    brief = {row[0]: row[-1] for row in present.option_rows(SCENARIO, result).rows}
    blocked = [o.label for o in options if o.status == "blocked"]
    assert blocked
    assert {brief[label] for label in blocked} == {"Blocked. LICENCE: Licence 0.1 has no rights for this."}
    whole = [row for row in present.blocked_rows(result).rows if row[0] in blocked]
    told = ("blocked", f"LICENCE: {clause}", "Choose another model. (field: organisation)")
    assert whole == [(label, *told) for label in blocked]
