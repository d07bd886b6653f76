"""Sources of a throughput side by side, the errors of the model, and a candidate as an option of a scenario."""

from __future__ import annotations

from typing import Any

import pytest

from planner.capacity.lookup import index_rows
from planner.catalog.catalog import load
from planner.decision.candidates import find
from planner.decision.candidates.deployments import fit_of
from planner.decision.present_capacity import WEAK_TTFT, Names
from planner.decision.present_capacity_curve import calibrated_line, operating
from planner.decision.present_capacity_option import as_scenario, changed_document, same_deployment_in
from planner.decision.present_capacity_sources import (
    apart,
    measured_rows,
    near_rows,
    same_deployment,
    source_evidence,
    source_rows,
)
from planner.decision.present_capacity_trust import band_rows, error_rows, summary_sentences
from planner.decision.throughput_sources import throughput_sources
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoint, CalibrationPoints
from tests.builders import rented, requests, scenario, workload
from tests.samples_capacity import ON, answer, candidate, request

TABLES = load().tables
NAMES = Names(TABLES)
REAL = find(request(gpu_ids=("h100-sxm",)), TABLES, ON)


def best() -> Any:
    assert REAL.cheapest is not None
    return REAL.cheapest


def with_llama(**changes: Any) -> Scenario:
    """A scenario whose option is the cheapest H100 deployment of the question."""
    chosen = best()
    fields = {"model_id": chosen.model_id, "format_id": chosen.format_id, "gpu_id": chosen.gpu_id}
    own = rented("3", **fields, gpus_per_replica=chosen.gpus_per_replica, throughput=None, **changes)
    return scenario(own, work=workload(requests(fresh=1500, output=300)))


POINTS = CalibrationPoints(
    input_tokens=1500,
    output_tokens=300,
    points=tuple(
        CalibrationPoint(requests_in_flight=n, output_tokens_per_s=x, ttft_ms=200)
        for n, x in ((1, 50), (16, 600), (64, 1500))
    ),
)


def test_the_curve_goes_through_the_peak_that_the_search_found() -> None:
    """One T(N), one chain: the same figure, and the largest load within the target is the search's."""
    chosen = best()
    at = operating(chosen, REAL.request, TABLES, ON)
    assert at.peak[0] == 5
    assert at.peak[1] == pytest.approx(chosen.tpot_ms, rel=1e-9)
    assert at.ttft_ms == pytest.approx(chosen.ttft_ms, rel=1e-9)
    serving = chosen.replicas - chosen.spare_replicas
    assert at.largest[0] == pytest.approx(chosen.rate_at_target_per_s * serving)
    assert at.largest[1] <= 40
    assert at.largest[1] == pytest.approx(40, rel=0.05)
    assert 0 < at.in_service < chosen.max_sequences
    assert at.goodput_fraction >= 0.95


def test_the_band_lies_around_the_curve_and_time_grows_with_load() -> None:
    at = operating(best(), REAL.request, TABLES, ON)
    assert at.slow[0][1] > at.modelled[0][1] > at.fast[0][1]
    assert at.slow[-1][0] < at.modelled[-1][0] < at.fast[-1][0]
    times = [y for _, y in at.modelled]
    assert times == sorted(times)


def test_points_of_the_own_server_give_a_second_curve_at_their_request_length_alone() -> None:
    line = calibrated_line(with_llama(calibration=POINTS), best(), REAL.request)
    assert len(line) > 10
    assert line[-1][1] > line[0][1]
    assert calibrated_line(with_llama(), best(), REAL.request) == ()
    other = REAL.request.model_copy(update={"output_tokens": 900.0})
    assert calibrated_line(with_llama(calibration=POINTS), best(), other) == ()


def test_every_source_has_a_row_and_one_is_used() -> None:
    asked, option = as_scenario(scenario(rented("3")), best(), REAL.request, TABLES)
    table = source_rows(throughput_sources(option, asked, TABLES))
    assert [row[0] for row in table.rows] == [
        "Typed in",
        "From own measured points",
        "From a published run",
        "Modelled",
    ]
    assert [row[1] for row in table.rows].count("yes") == 1
    assert all(row[-1] for row in table.rows)


def test_points_of_the_own_server_are_used_before_the_model() -> None:
    known = with_llama(calibration=POINTS)
    asked, option = as_scenario(known, best(), REAL.request, TABLES)
    assert same_deployment_in(known, best()) == option
    answers = throughput_sources(option, asked, TABLES)
    assert [one.source for one in answers if one.used] == ["calibrated"]
    assert {one.source for one in answers if one.output_tokens_per_s} >= {"calibrated", "modelled"}
    assert source_evidence(answers, ON).rows


def test_the_question_as_a_scenario_keeps_its_lengths_and_its_peak() -> None:
    asked, _ = as_scenario(scenario(rented("3")), best(), request(cached_fraction=0.2), TABLES)
    (only,) = asked.workload.classes
    assert (only.prompt_tokens, only.cached_input_tokens, only.generated_tokens) == (1500, 300, 300)
    assert only.requests_per_day == 2 * 86_400
    assert asked.workload.peak_ratio == 2.5


def test_measured_rows_say_how_far_they_are_and_in_what() -> None:
    near = near_rows(index_rows(TABLES), candidate(), request(), 20)
    assert [one.distance for one in near] == sorted(one.distance for one in near)
    rows = measured_rows(near, NAMES).rows
    assert all("70B" in row[0] for row in rows)
    assert all(row[-3].startswith("http") for row in rows)
    assert apart(near[0])


def test_only_rows_of_the_very_deployment_are_drawn_beside_the_curve() -> None:
    near = near_rows(index_rows(TABLES), candidate(), request(), 20, most=40)
    drawn = [one for one in near if same_deployment(one)]
    assert all(one.row.gpu_id == "h100-sxm" and one.row.format_id == "fp8" for one in drawn)
    assert all(one.row.n_gpu == 2 for one in drawn)


def test_errors_are_those_of_rows_that_were_kept_from_the_fit() -> None:
    fit = fit_of(TABLES)
    told = summary_sentences(fit)
    assert "kept from the fit" in told[0]
    assert WEAK_TTFT in told
    rows = error_rows("Errors", fit.cross_validated).rows
    assert len(rows) == len(fit.cross_validated)
    assert rows[0][1] == f"{fit.cross_validated[0].rows:,}"
    shown = band_rows(fit.bands).rows
    assert len(shown) == sum(band.rows > 0 for band in fit.bands)
    assert not any("/" in row[0] for row in shown)


def test_a_candidate_as_an_option_has_its_engine_price_and_whole_instances() -> None:
    """8 GPUs come together and a replica takes 2: replicas are taken in steps of 4."""
    chosen = candidate(price_id=best().price_id, gpus_per_instance=8, pp=2, tp=1)
    document = changed_document(scenario(rented("3")), chosen, request(), TABLES, None)
    new = Scenario.model_validate(document).options[-1]
    assert isinstance(new, RentedOption)
    assert (new.replica_step, new.serving.pipeline_parallel, new.serving.max_num_seqs) == (4, 2, 1024)
    assert (new.price_id, new.spare_replicas) == (best().price_id, 1)


@pytest.mark.parametrize(
    ("term", "kept"),
    [("spot", "spot"), ("reserved_1y", "reserved"), ("reserved_3y", "reserved"), ("on_demand", "on_demand")],
)
def test_every_term_becomes_a_valid_option(term: str, kept: str) -> None:
    document = changed_document(scenario(rented("3")), candidate(term=term), request(), TABLES, None)
    new = Scenario.model_validate(document).options[-1]
    assert isinstance(new, RentedOption)
    assert new.term == kept
    assert new.term_months == (36 if term == "reserved_3y" else 12)


def test_an_answer_of_the_sample_has_its_front() -> None:
    assert answer().pareto == (candidate(),)
