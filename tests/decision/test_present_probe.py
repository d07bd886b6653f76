"""A measurement in words and tables: loads, runs, guards, what failed, and two of them side by side."""

from __future__ import annotations

import pytest

from planner.capacity.measurement.compare import differences
from planner.capacity.measurement.summary import finished
from planner.decision.present_probe import (
    about_rows,
    comparison_rows,
    difference_rows,
    error_rows,
    flag_rows,
    headline,
    knee_words,
    level_rows,
    number,
    run_rows,
    spent_sentence,
)
from planner.decision.present_tables import Table
from planner.domain.measured_run import ErrorCount, Flag, Percentiles
from planner.domain.measurement import Declared, Measurement
from tests.builders import changed
from tests.decision.probe_samples import ID, ON_A_CPU, RISING, measured


def pairs(table: Table) -> dict[str, str]:
    """A table of two columns by its first one."""
    return {row[0]: row[1] for row in table.rows}


def test_the_headline_names_server_rate_and_knee() -> None:
    assert headline(measured(), "1 x NVIDIA H100 SXM").startswith(
        f"probe {ID} of vLLM 0.32.0 on 1 x NVIDIA H100 SXM: 3.76k output tokens/s at 512 in flight; "
    )


def test_an_unsaturated_measurement_says_at_least() -> None:
    found = measured(RISING)
    assert "at least 2.67k output tokens/s at 64 in flight" in headline(found)
    assert knee_words(found) == "no knee found: the rate still rose at the largest load"


def test_a_measurement_without_a_run_says_why() -> None:
    empty = finished(changed(measured(), runs=(), stopped="cancelled"))
    assert "tokens/s" not in headline(empty)
    assert level_rows(empty).rows == run_rows(empty).rows == ()
    assert pairs(about_rows(empty))["Requests"] == "none that can be used"
    assert pairs(about_rows(empty))["Stopped"] == "cancelled"


def test_a_load_has_its_repeats_median_and_spread() -> None:
    table = level_rows(measured(spread=0.2))
    row = dict(zip(table.heads, table.rows[2], strict=True))
    assert row["In flight (requests)"] == "32"
    assert row["Repeats (count)"] == "3"
    assert [row[f"{name} (tokens/s)"] for name in ("Output", "Slowest", "Fastest")] == ["2k", "1.8k", "2.2k"]
    assert row["Spread (%)"] == "20"


def test_a_single_run_has_no_spread() -> None:
    single = measured()
    once = finished(changed(single, runs=tuple(run for run in single.runs if run.repeat == 1)))
    assert {row[5] for row in level_rows(once).rows} == {"–"}


def test_every_cell_of_every_table_is_there() -> None:
    found = measured(RISING, spread=0.3, declared=ON_A_CPU)
    for table in (about_rows(found), level_rows(found), run_rows(found), flag_rows(found)):
        assert table.rows
        assert all(len(row) == len(table.columns) and all(row) for row in table.rows)


def test_too_few_requests_for_a_percentile_are_said_so() -> None:
    found = measured()
    few = Percentiles(n=12, mean=100, p50=90, p90=110)
    runs = (found.runs[0].model_copy(update={"ttft_ms": few, "tpot_ms": None}), *found.runs[1:])
    row = dict(zip(run_rows(found).heads, run_rows(found.model_copy(update={"runs": runs})).rows[0], strict=True))
    assert (row["TTFT, P50 (ms)"], row["TTFT, P95 (ms)"], row["TPOT, P50 (ms)"]) == ("90", "too few", "–")
    assert row["Percentiles from (requests)"] == "12"


@pytest.mark.parametrize(
    ("reconciled", "words"), [(True, "yes, exactly"), (False, "no"), (None, "server does not tell")]
)
def test_whether_the_server_agrees_is_said_in_words(reconciled: bool | None, words: str) -> None:
    found = measured()
    runs = tuple(run.model_copy(update={"reconciled": reconciled}) for run in found.runs)
    assert words in run_rows(found.model_copy(update={"runs": runs})).rows[0]


def flagged(measurement: Measurement, places: int) -> Measurement:
    cache = Flag(code="PREFIX_CACHE", severity="unusable", message="88% of the prompt tokens were cached.")
    note = Flag(code="SAME_HOST", severity="note", message="The client ran on the server's machine.")
    runs = [
        run.model_copy(update={"flags": (cache,)}) if place < places else run
        for place, run in enumerate(measurement.runs)
    ]
    return measurement.model_copy(update={"runs": tuple(runs), "flags": (note,)})


def test_the_gravest_guard_comes_first_and_is_said_once() -> None:
    table = flag_rows(flagged(measured(), 2))
    assert table.rows == (
        (
            "not used",
            "prefix cache",
            "1 in flight, repeat 1; 8 in flight, repeat 1",
            "88% of the prompt tokens were cached.",
        ),
        ("note", "same host", "the measurement", "The client ran on the server's machine."),
    )


def test_a_guard_that_spoke_of_many_runs_is_counted() -> None:
    assert flag_rows(flagged(measured(), 5)).rows[0][2] == "5 of 18 runs"


def test_failures_are_listed_by_kind() -> None:
    found = measured()
    failed = (ErrorCount(kind="rate_limited", count=3, example="HTTP 429"),)
    runs = (found.runs[0].model_copy(update={"errors": failed}), *found.runs[1:])
    assert error_rows(found.model_copy(update={"runs": runs})).rows == (("1", "1", "rate limited", "3", "HTTP 429"),)
    assert run_rows(found.model_copy(update={"runs": runs})).rows[0][6] == "3"


def test_what_nobody_declared_is_said() -> None:
    told = pairs(about_rows(measured(declared=Declared())))
    assert (told["GPU"], told["Weight format"]) == ("not declared", "not declared")
    assert told["Model"] == "not declared; served as llama"
    assert pairs(about_rows(measured(declared=ON_A_CPU)))["GPU"] == "none: a CPU"


def test_two_measurements_side_by_side() -> None:
    slow, fast = measured(RISING), measured({**{n: x * 1.5 for n, x in RISING.items()}, 128: 5000.0}, version="0.33.0")
    found = differences(slow, fast)
    assert ("64", "2.67k", "4k", "50", "yes") in comparison_rows(found).rows
    assert ("128", "not measured", "5k", "–", "measured once only") in comparison_rows(found).rows
    assert ("server.engine_version", "0.32.0", "0.33.0") in difference_rows(found).rows


def test_what_it_took_is_said() -> None:
    """Three repeats of 24, 32, 128 and 256 requests of 1,200 tokens: 1,320 requests, 1,584,000 tokens."""
    assert spent_sentence(measured(RISING)) == "12 runs, 1,320 requests and 1.58M tokens in 600 s, warm-up not counted."


@pytest.mark.parametrize(("value", "words"), [(8.0, "8"), (1024.0, "1,024"), (7.31, "7.31")])
def test_loads_are_whole_where_they_are(value: float, words: str) -> None:
    assert number(value) == words


def with_p95(ms: tuple[float | None, ...]) -> Measurement:
    """Loads 1, 2, 4 ... with these P95 of the TTFT; None: too few answers for one. The target is 100 ms."""
    found = measured({2**place: 100.0 * 2**place for place in range(len(ms))})
    runs = tuple(
        run.model_copy(update={"ttft_ms": Percentiles(n=12 if p95 is None else 24, mean=50, p50=50, p95=p95)})
        for run in found.runs
        for p95 in (ms[int(run.requests_in_flight).bit_length() - 1],)
    )
    return finished(changed(found, runs=runs, target_ttft_p95_ms=100.0))


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        ((90, 110), "1 in flight, "),
        ((110, 120), "missed at 1 in flight, no load that was measured holds it (P95 TTFT 100 ms)"),
        ((None, 110), "missed at 2 in flight, not known below (P95 TTFT 100 ms)"),
        ((None, None), "not known: no load has the P95, which takes 20 answers"),
    ],
)
def test_a_target_that_is_missed_is_told_from_one_that_is_not_known(ms: tuple[float | None, ...], words: str) -> None:
    assert pairs(about_rows(with_p95(ms)))["At the latency target"].startswith(words)


def test_one_load_has_no_knee_and_does_not_rise() -> None:
    assert knee_words(measured({4: 400.0})) == "no knee found: only one load was measured"


def test_a_run_at_a_rate_is_named_by_its_rate() -> None:
    found = measured({1: 100.0})
    few = Flag(code="FEW_REQUESTS", severity="doubt", message="Few.")
    rate = changed(found.runs[0], kind="open", request_rate_per_s=5.0, requests_in_flight=0.15, flags=(few,))
    assert [row[2] for row in flag_rows(changed(found, runs=(rate,))).rows if row[1] == "few requests"] == [
        "5 requests/s"
    ]


def test_live_traffic_has_no_warm_up() -> None:
    assert spent_sentence(changed(measured(RISING), origin="watch")).endswith(" in 600 s.")
