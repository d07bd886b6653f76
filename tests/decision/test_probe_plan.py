"""A probe before its start: what it sends, how long it takes, what it costs, and whether it is worth that."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.decision.present_probe_plan import (
    duration,
    forecast_rows,
    headline,
    plan_rows,
    saving,
    sentences,
)
from planner.decision.probe_apply import NotApplied, applied
from planner.decision.probe_load import (
    SETUP_HOURS_ON_A_REPLICA,
    ServiceTime,
    operating_point,
    reading_noise,
    service_time,
)
from planner.decision.probe_plan import ProbePlan, probe_plan
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.domain.facts import RentedFacts
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass
from tests.builders import (
    ON,
    WORKLOADS,
    catalog,
    changed,
    output_rate,
    rented,
    requests,
    scenario,
    shipped,
    tables,
    token_price,
    typed_api,
    workload,
)
from tests.decision.probe_samples import measured


def ask(per_day: float = 8_640_000, *classes: TaskClass, **more: Any) -> Scenario:
    option = rented("3", **({"throughput": None} | more))
    work = workload(*(classes or (requests(per_day, 1000, 200),)))
    return scenario(typed_api(token_price("0.045", "0.09")), option, work=work, horizon_months=24)


def own(question: Scenario) -> RentedOption:
    option = question.options[1]
    assert isinstance(option, RentedOption)
    return option


def facts(question: Scenario) -> RentedFacts:
    found = resolve(question, catalog(), ON).options[1]
    assert isinstance(found, RentedFacts)
    return found


def plan(question: Scenario, option_id: str = "own") -> ProbePlan:
    return probe_plan(question, catalog(), ON, option_id, draws=500)


# --- service times


@given(st.floats(0.05, 5), st.floats(0.001, 0.2), st.floats(1.5, 500))
def test_service_times_go_through_one_request_alone_and_the_load_at_the_target(a: float, b: float, most: float) -> None:
    time = ServiceTime(a, b, most, a + b * most, most / (a + b * most))
    assert time.seconds(1) == pytest.approx(a + b)
    assert time.seconds(most) == pytest.approx(time.at_target_s)
    assert time.in_flight(time.rate_per_s) == pytest.approx(most)


@given(st.floats(0.01, 1), st.floats(0.05, 5), st.floats(0.001, 0.2), st.floats(1.5, 500))
def test_requests_in_flight_obey_littles_law(share: float, a: float, b: float, most: float) -> None:
    time = ServiceTime(a, b, most, a + b * most, most / (a + b * most))
    n = time.in_flight(share * time.rate_per_s)
    assert n == pytest.approx(share * time.rate_per_s * time.seconds(n))


def test_without_one_request_alone_times_are_on_the_long_side() -> None:
    rough, known = ServiceTime(None, 0.0, 32, 3.2, 10), ServiceTime(1.6, 0.05, 32, 3.2, 10)
    assert rough.seconds(1) == rough.seconds(32) == 3.2 > known.seconds(1)
    assert rough.seconds(64) == 6.4 > known.seconds(64)


def test_the_line_of_a_measured_option_is_the_one_that_was_measured() -> None:
    question = applied(ask(), "own", measured(), tables())
    time = service_time(own(question), question, facts(question).replica)
    assert time.seconds(1) == pytest.approx(1.6 + 0.05, rel=0.01)
    assert time.seconds(200) == pytest.approx(1.6 + 0.05 * 200, rel=0.02)


# --- what is sent


@given(
    per_day=st.floats(100, 1e8),
    prompt=st.integers(10, 4000),
    output=st.integers(2, 1000),
    cached=st.integers(0, 3000),
    tpot_ms=st.floats(20, 200),
)
@settings(max_examples=12, deadline=None)
def test_every_plan_holds_together(per_day: float, prompt: int, output: int, cached: int, tpot_ms: float) -> None:
    question = ask(per_day, requests(per_day, prompt, output, cached_input_tokens=cached))
    question = changed(question, latency={"tpot_slo_ms": tpot_ms, "ttft_slo_ms": 10_000})
    found = plan(question)
    assert found.operating is not None
    assert found.planned.seconds is not None
    assert found.cost is not None
    levels = found.task.levels
    assert levels[0] == 1
    assert levels[0] <= found.operating <= max(levels[-1], 1) * 1.001
    assert levels[-1] <= found.task.most_in_flight
    assert found.planned.over_budget == ()
    assert found.planned.seconds[0] <= found.planned.seconds[1] <= found.task.budget.seconds
    assert found.task.input_tokens == prompt  # cached prompt tokens are not computed
    assert found.cost.replica_hours == SETUP_HOURS_ON_A_REPLICA + found.planned.seconds[1] / 3600
    rates = [round(one.output_tokens_per_s, 6) for one in found.forecast]
    assert rates == sorted(rates)


def test_a_probe_is_planned_at_the_operating_point_of_the_busiest_hour() -> None:
    """100 requests/s over 6 replicas: 16.7 a second each. N = lambda a / (1 - lambda b) of the line in use."""
    question = ask()
    held, replica = own(question), facts(question).replica
    time = service_time(held, question, replica)
    assert time.a_s is not None
    flow = 100 / 6
    expected = flow * time.a_s / (1 - flow * time.b_s)
    assert operating_point(held, question, replica) == pytest.approx(expected)
    found = plan(question)
    assert round(expected) in found.task.levels
    assert found.task.ttft_p95_ms == question.latency.ttft_slo_ms
    assert found.task.tpot_p95_ms == question.latency.tpot_slo_ms


def test_the_servers_own_limit_is_passed_so_far_that_a_full_server_shows() -> None:
    """Eight places: at 16 half of the requests wait, so that each takes twice as long and the rate stays."""
    found = plan(ask(serving={"max_num_seqs": 8}))
    assert found.task.levels[-1] <= 8
    assert found.task.most_in_flight == 16
    last = found.forecast[-1]
    full = next(one for one in found.forecast if one.requests_in_flight == 8)
    assert last.requests_in_flight == 16
    assert last.request_s == pytest.approx(2 * full.request_s)
    assert last.output_tokens_per_s == pytest.approx(full.output_tokens_per_s)
    assert any("start it like that" in note for note in found.notes)


def test_what_to_declare_is_the_option() -> None:
    said = plan(ask()).declared
    assert (said.gpu_id, said.gpus, said.model_id, said.format_id) == ("h100-sxm", 1, "llama-3.1-8b", "bf16")


# --- what it costs


def test_the_cost_is_that_of_the_risk_page() -> None:
    question = ask()
    found, risk = plan(question), assess(question, resolve(question, catalog(), ON), draws=500)
    assert found.cost is not None
    assert risk.probe is not None
    assert risk.probe == found.worth
    assert risk.probe.cost_usd == pytest.approx(found.cost.usd)
    assert found.cost.usd == found.cost.gpu_usd + found.cost.staff_usd
    assert found.cost.gpu_usd == pytest.approx(found.cost.gpu_hours * 3)


def test_gpu_hours_count_every_gpu_of_the_replica() -> None:
    found = plan(ask(model_id="llama-3.3-70b", format_id="fp8", gpus_per_replica=4))
    assert found.cost is not None
    assert found.cost.gpu_hours == pytest.approx(4 * found.cost.replica_hours)


def test_a_probe_that_can_change_the_decision_often_enough_is_worth_it() -> None:
    """The fleet may serve 0.5 to 1.8 times the typed rate, and at that rate costs what the API does."""
    question = scenario(
        typed_api(token_price("0", "2")),
        rented("3", throughput=output_rate(1000, low_fraction=0.5, high_fraction=1.8)),
        work=workload(requests(2_000_000, 0, 1000)),
        horizon_months=24,
    )
    rival = changed(question, options=(typed_api(token_price("0", "0.9")), question.options[1]))
    found = plan(rival)
    assert found.worth is not None
    assert found.worth.evsi_usd > found.worth.cost_usd
    assert headline(found).startswith("Yes, measure first: knowing the throughput of Own GPU")
    assert "the probe costs $" in headline(found)


# --- error of the reading


def test_the_error_of_the_reading_is_that_of_its_shape() -> None:
    """The 80 % range of the plan after it is 8.5 % or 14.9 % to both sides: ln 1.085 / 1.2816 and ln 1.149 / 1.2816."""
    one = ask()
    two = ask(1, requests(1e6, 1000, 200), requests(1e6, 8000, 50, class_id="long"))
    assert reading_noise(own(one), one).fraction == pytest.approx(0.06366, rel=1e-3)
    assert reading_noise(own(two), two).fraction == pytest.approx(0.10838, rel=1e-3)
    near = ask(1, requests(1e6, 1000, 200), requests(1e6, 1050, 195, class_id="near"))
    assert reading_noise(own(near), near).fraction == reading_noise(own(one), one).fraction


def test_a_server_that_repeated_badly_will_do_so_again() -> None:
    question = applied(ask(), "own", measured(spread=0.4), tables())
    assert reading_noise(own(question), question).fraction == pytest.approx(math.log(1.2) / 1.2816, rel=1e-3)


def test_a_further_measurement_is_worth_less_than_the_first_where_that_one_met_the_expectation() -> None:
    question = ask()
    close = changed(question, options=(typed_api(token_price("0.0346", "0.07")), own(question)))
    like_the_model = {
        n: x * 1.15 for n, x in {1: 121.2, 8: 800, 32: 2000, 64: 2666.7, 256: 3555.6, 512: 3764.7}.items()
    }
    before = plan(close)
    after = plan(applied(close, "own", measured(like_the_model), tables()))
    assert before.worth is not None
    assert after.worth is not None
    assert after.worth.evsi_usd < before.worth.evsi_usd


# --- what cannot be planned


def test_an_option_without_gpus_is_refused() -> None:
    with pytest.raises(NotApplied, match="API runs on no GPUs"):
        plan(ask(), "api")


def test_a_blocked_option_has_loads_and_its_reasons_and_no_figures() -> None:
    question = ask(throughput_source="calibrated")
    found = plan(question)
    assert found.reasons[0].code == "THROUGHPUT_UNKNOWN"
    assert (found.operating, found.cost, found.worth, found.planned.seconds) == (None, None, None, None)
    assert found.task.levels[-1] <= found.task.most_in_flight
    assert "is not known" in headline(found)
    assert any(text.startswith("THROUGHPUT_UNKNOWN: ") for text in sentences(found))
    assert ("Time", "not known") in plan_rows(found).rows


def test_an_idle_workload_is_probed_at_one_request() -> None:
    found = plan(ask(1, requests(0, 1000, 200)))
    assert found.operating == 1
    assert found.worth is None
    assert "asks for no tokens" in headline(found)


# --- words


def test_the_plan_in_words() -> None:
    found = plan(ask())
    rows = {row[0]: row[1] for row in plan_rows(found).rows}
    assert rows["Each request"] == "1,000 prompt tokens, 200 answer tokens"
    assert rows["Repeats of each"] == "3"
    assert rows["Time"].endswith("throughput modelled")
    assert "an hour of setting up included" in rows["GPUs"]
    assert rows["Engineer"] == "$800: 8 hours"
    assert sentences(found)[0].startswith("At the planned peak one replica has about ")
    assert [row[0] for row in forecast_rows(found).rows] == [f"{n:,}" for n in found.planned.most.levels]


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 s"), (119, "119 s"), (720, "12 min"), (7200, "2 h"), (11_520, "3.2 h")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_saving_below_a_cent_is_nothing() -> None:
    found = plan(ask())
    assert found.worth is not None
    assert saving(found.worth.model_copy(update={"evsi_usd": 0.001})) == "nothing (EVSI)"


@pytest.mark.parametrize("name", sorted(path.name for path in WORKLOADS.glob("*.yaml")))
def test_every_own_fleet_of_the_shipped_scenarios_can_be_planned(name: str) -> None:
    question = shipped(name)
    fleets = [option.option_id for option in question.options if isinstance(option, RentedOption)]
    for option_id in fleets:
        found = plan(question, option_id)
        assert found.cost is not None
        assert found.planned.over_budget == ()
