"""vLLM's counters: what was served is what they grew by, whatever restarts and however the samples are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import BadRow, recognised
from planner.workload.readers.vllm_metrics import VLLM_METRICS
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, total

NINE = 1_793_610_000
LLAMA = "meta-llama/Llama-3.3-70B-Instruct"
SUMS = ("requests", "fresh_input_tokens", "cached_input_tokens", "output_tokens")
STEPS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 500), st.booleans()), min_size=2, max_size=12)
"""Of each scrape: prompt tokens and requests since the one before, and whether the server was restarted in between."""


def scrapes(steps: list[tuple[int, int, bool]]) -> list[list[str]]:
    """Lines of each scrape, a minute apart; a restarted server counts from 0 again."""
    prompt = requests = 0
    found = []
    labels = 'model_name="m",engine="0"'
    for n, (tokens, finished, restarted) in enumerate(steps):
        prompt, requests = (tokens, finished) if restarted else (prompt + tokens, requests + finished)
        when = NINE + 60 * n
        done = f'vllm:request_success_total{{finished_reason="stop",{labels}}} {requests} {when}'
        found.append([f"vllm:prompt_tokens_total{{{labels}}} {prompt} {when}", done])
    return found


def usage(lines: Iterator[object]) -> list[UsageRow]:
    rows = list(VLLM_METRICS.rows(lines, None))
    assert not [row for row in rows if isinstance(row, BadRow)]
    return [row for row in rows if isinstance(row, UsageRow)]


def grown(steps: list[tuple[int, int, bool]], part: int) -> int:
    """By hand: all growth after the first scrape. A restart is seen when the counter is below what it was."""
    value, found = 0, 0
    for n, step in enumerate(steps):
        before, value = value, step[part] if step[2] else value + step[part]
        found += 0 if n == 0 else value - before if value >= before else value
    return found


@given(steps=STEPS)
def test_totals_are_what_the_counters_grew_by_and_a_fall_starts_at_0(steps: list[tuple[int, int, bool]]) -> None:
    rows = usage(line for scrape in scrapes(steps) for line in scrape)
    assert len(rows) == len(steps) - 1
    assert total(rows, "fresh_input_tokens") == grown(steps, 0)
    assert total(rows, "requests") == grown(steps, 1)
    assert all(getattr(row, name) >= 0 for row in rows for name in ("requests", "fresh_input_tokens"))


@given(steps=STEPS, at=st.integers(0, 11))
def test_cutting_the_samples_anywhere_leaves_the_totals(steps: list[tuple[int, int, bool]], at: int) -> None:
    found = scrapes(steps)
    at = min(at, len(found) - 1)
    whole = usage(line for scrape in found for line in scrape)
    # two files that share the scrape at the cut; and the same scrape twice in one stream
    parts = [usage(chain.from_iterable(part)) for part in (found[: at + 1], found[at:])]
    again = usage(chain(*found[: at + 1], *found[at:]))
    for name in SUMS:
        assert sum(total(part, name) for part in parts) == total(whole, name) == total(again, name)


@given(steps=STEPS, every=st.integers(2, 4))
def test_rarer_scrapes_leave_the_totals_of_a_server_that_runs_on(
    steps: list[tuple[int, int, bool]], every: int
) -> None:
    found = scrapes([(tokens, finished, False) for tokens, finished, _ in steps])
    kept = [scrape for n, scrape in enumerate(found) if n % every == 0 or n == len(found) - 1]
    whole, rare = (usage(line for scrape in part for line in scrape) for part in (found, kept))
    for name in SUMS:
        assert total(rare, name) == total(whole, name)
    assert sum(row.bucket_s for row in rare) == sum(row.bucket_s for row in whole) == 60 * (len(steps) - 1)


@given(steps=STEPS)
def test_a_range_query_and_the_text_say_the_same(steps: list[tuple[int, int, bool]]) -> None:
    assert usage(iter([matrix(steps)])) == usage(line for scrape in scrapes(steps) for line in scrape)


def matrix(steps: list[tuple[int, int, bool]]) -> dict[str, Any]:
    """The same samples as a range query answers: metric after metric."""
    found = scrapes(steps)
    values = [
        [[NINE + 60 * n, scrape[part].split("} ")[1].split()[0]] for n, scrape in enumerate(found)] for part in (0, 1)
    ]
    labels = {"model_name": "m", "engine": "0"}
    result = [
        {"metric": {"__name__": "vllm:prompt_tokens_total", **labels}, "values": values[0]},
        {
            "metric": {"__name__": "vllm:request_success_total", "finished_reason": "stop", **labels},
            "values": values[1],
        },
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


@pytest.mark.parametrize("name", ["vllm_metrics.txt", "vllm_metrics.json"])
def test_recognised_from_the_file(name: str) -> None:
    assert recognised(READERS, look(SAMPLES / name)) is VLLM_METRICS


def test_the_minutes_of_one_engine() -> None:
    rows = rows_of(VLLM_METRICS, SAMPLES / "vllm_metrics.txt")
    # 1.06e6 - 1.0e6 prompt tokens, of which 324,000 - 300,000 were in the cache; 45 + 4 + 1 requests ended;
    # 2 requests ran at the first scrape and 4 at the second: 3 x 60 s in flight
    assert rows[0] == UsageRow(
        started_us=NINE * 1_000_000,
        bucket_s=60,
        requests=45 + 4 + 1,
        model=LLAMA,
        context_tokens=0,
        fresh_input_tokens=60_000 - 24_000,
        cached_input_tokens=24_000,
        output_tokens=12_000,
        duration_ms=3 * 60_000,
    )
    # the server was restarted between 09:02 and 09:03: its counters stand at what it served since
    assert (rows[2].fresh_input_tokens, rows[2].cached_input_tokens, rows[2].requests) == (30_000 - 9_000, 9_000, 22)
    assert [total(rows, name) for name in SUMS] == [50 + 0 + 22 + 46, 36_000 + 21_000 + 36_000, 57_000, 30_000]


def test_replicas_are_told_apart_by_their_labels() -> None:
    rows = rows_of(VLLM_METRICS, SAMPLES / "vllm_metrics.json")
    assert total(rows, "output_tokens") == 30_000 + 800 + 900
    assert total(rows, "fresh_input_tokens") == 93_000 + 4_000 + 5_000
    assert {row.owner for row in rows_of(VLLM_METRICS, SAMPLES / "vllm_metrics.json", owner_by="project")} == {"vllm"}


def test_names_without_total_and_milliseconds_of_prometheus() -> None:
    lines = [f'vllm:generation_tokens{{model_name="m"}} {value} {NINE + at}000' for at, value in ((0, 5), (30, 9))]
    (row,) = usage(iter(lines))
    assert (row.started_us, row.bucket_s, row.output_tokens) == (NINE * 1_000_000, 30, 4)
    assert (row.requests, row.fresh_input_tokens, row.duration_ms) == (None, None, None)


def test_cached_tokens_that_run_ahead_of_their_prompt_are_carried_on() -> None:
    def lines(at: int, prompt: int, hits: int) -> list[str]:
        labels = f'{{model_name="m"}} %d {NINE + at}'
        return [f"vllm:prompt_tokens_total{labels % prompt}", f"vllm:prefix_cache_hits_total{labels % hits}"]

    rows = usage(iter(lines(0, 0, 0) + lines(15, 100, 160) + lines(30, 400, 200)))
    assert [(row.fresh_input_tokens, row.cached_input_tokens) for row in rows] == [(0, 100), (200, 100)]


def test_errors_are_failures_and_aborts_are_not() -> None:
    def lines(at: int, error: int, abort: int) -> list[str]:
        counts = (("error", error), ("abort", abort))
        return [f'vllm:request_success_total{{finished_reason="{r}"}} {n} {NINE + at}' for r, n in counts]

    (row,) = usage(iter(lines(0, 1, 1) + lines(15, 3, 8)))
    assert (row.requests, row.failed) == (2 + 7, 2)


def test_samples_without_a_time_are_a_reject_that_says_the_way_out() -> None:
    (bad,) = VLLM_METRICS.rows(iter(['vllm:prompt_tokens_total{model_name="m"} 5']), None)
    assert isinstance(bad, BadRow)
    assert bad.reason.startswith("1 samples have no time: write `# scraped at <time>` before each scrape")


def test_a_label_with_a_brace_or_a_quote_in_it() -> None:
    name = 'we\\"ird}{'
    lines = [f'vllm:prompt_tokens_total{{model_name="{name}"}} {n} {NINE + n}' for n in (1, 4)]
    (row,) = usage(iter(lines))
    assert (row.model, row.fresh_input_tokens) == (name, 3)


def test_a_query_that_has_other_metrics_is_another_file() -> None:
    document = json.loads((SAMPLES / "vllm_metrics.json").read_text())
    for result in document["data"]["result"]:
        result["metric"]["__name__"] = "up"
    assert list(VLLM_METRICS.rows(iter([document]), None)) == []
