"""A measured log as one document: laws over real texts, and examples worked by hand."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.usage import UsageProfile
from planner.workload.usage_profile import profile_of
from planner.workload.usage_rows import US_PER_S, UsageRow
from tests.workload.logs import DAY_US, HOUR_US, about, bucket, figures_of, hourly, profile_of_rows, request

MINUTE_US = 60 * US_PER_S
FEW = settings(max_examples=12)
REQUESTS = st.lists(
    st.builds(
        request,
        at_us=st.integers(0, 4 * HOUR_US),
        tokens_in=st.integers(0, 100_000),
        tokens_out=st.integers(0, 5_000),
        model=st.sampled_from(["a", "b"]),
        task_class=st.sampled_from(["", "chat"]),
        cached_input_tokens=st.none() | st.integers(0, 9_000),
        service_tier=st.sampled_from(["standard", "batch"]),
        duration_ms=st.none() | st.integers(0, 60_000),
    ),
    min_size=2,
    max_size=40,
)


def unknown(profile: UsageProfile) -> set[str]:
    return {found.what for found in profile.unknown}


@FEW
@given(REQUESTS)
def test_totals_are_the_sums_of_the_rows_and_of_the_classes(rows: list[UsageRow]) -> None:
    found = profile_of_rows(rows)
    assert found.total_requests == len(rows) == sum(c.requests or 0 for c in found.classes)
    prompt = sum((r.fresh_input_tokens or 0) + (r.cached_input_tokens or 0) for r in rows)
    assert found.total_input_tokens == prompt == sum(c.input_tokens for c in found.classes)
    assert found.total_output_tokens == sum(r.output_tokens or 0 for r in rows)
    cached = [r.cached_input_tokens for r in rows if r.cached_input_tokens is not None]
    assert found.total_cached_input_tokens == (sum(cached) if cached else None)
    batch = sum((c.requests or 0) * c.batch_requests_fraction for c in found.classes)
    assert batch == pytest.approx(sum(r.service_tier == "batch" for r in rows))
    assert Counter({(c.model, c.task_class): c.requests for c in found.classes}) == Counter(
        (r.model, r.task_class) for r in rows
    )
    assert [c.tokens for c in found.classes] == sorted((c.tokens for c in found.classes), reverse=True)


@FEW
@given(REQUESTS)
def test_a_profile_survives_json(rows: list[UsageRow]) -> None:
    found = profile_of_rows(rows)
    assert UsageProfile.model_validate_json(found.model_dump_json()) == found


@FEW
@given(REQUESTS, REQUESTS)
def test_two_logs_together_are_their_sum(left: list[UsageRow], right: list[UsageRow]) -> None:
    one, two, both = (profile_of_rows(rows) for rows in (left, right, left + right))
    for name in ("total_requests", "total_input_tokens", "total_output_tokens"):
        assert getattr(both, name) == getattr(one, name) + getattr(two, name)
    for lengths in ("input_lengths", "output_lengths"):
        parts = [getattr(p, lengths) for p in (one, two, both)]
        assert parts[2].requests == parts[0].requests + parts[1].requests
        assert parts[2].max_tokens == max(parts[0].max_tokens, parts[1].max_tokens)
        lowest, highest = (f(parts[0].p50_tokens, parts[1].p50_tokens) for f in (min, max))
        assert lowest <= parts[2].p50_tokens <= highest


@FEW
@given(REQUESTS)
def test_the_order_of_rows_does_not_matter(rows: list[UsageRow]) -> None:
    assert profile_of_rows(rows[::-1]) == profile_of_rows(rows)


@FEW
@given(st.lists(st.integers(0, 1000), min_size=24, max_size=200).filter(any), st.integers(2, 50))
def test_more_of_the_same_leaves_peaks_week_and_curve(loads: list[int], times: int) -> None:
    one = profile_of_rows(hourly(loads), "bucket")
    many = profile_of_rows(hourly([load * times for load in loads]), "bucket")
    assert many.total_requests == times * (one.total_requests or 0)
    assert (many.peaks, many.week_hours_seen) == (one.peaks, one.week_hours_seen)
    assert many.planning_week == pytest.approx(one.planning_week)


@FEW
@given(st.integers(1, 1000), st.integers(2, 400))
def test_a_constant_log_has_peaks_of_one(load: int, hours: int) -> None:
    found = profile_of_rows(hourly([load] * hours), "bucket")
    assert {peak.requests_to_mean for peak in found.peaks} == {1.0}
    assert {peak.output_tokens_to_mean for peak in found.peaks} == {1.0}
    assert [peak.window_s for peak in found.peaks] == [3600, 86_400][: 1 + (hours >= 48)]


def test_a_worked_example() -> None:
    # minutes [0, 60) has 1 request, [60, 120) has 3; the one at 120 s opens a partial minute and is left out of peaks
    at = (0, 60, 70, 80, 120)
    rows = [request(s * US_PER_S, tokens_in, 10) for s, tokens_in in zip(at, (100, 200, 300, 400, 500), strict=True)]
    found = profile_of_rows(rows)
    assert (found.total_requests, found.window_s, found.total_input_tokens) == (5, 120, 1500)
    assert found.requests_per_day == pytest.approx(5 / 120 * 86_400)
    minute = found.peak(60)
    assert minute is not None
    assert (minute.windows, minute.requests_to_mean) == (2, 3 / ((1 + 3) / 2))
    assert minute.input_tokens_to_mean == (200 + 300 + 400) / ((100 + 900) / 2)
    # gaps 60, 10, 10, 40: mean 30, mean square (3600 + 100 + 100 + 1600) / 4 = 1350, variance 1350 - 900 = 450
    assert found.gap_cv == pytest.approx(450**0.5 / 30)
    assert found.mean_input_tokens == 300
    assert found.first_at == dt.datetime(2026, 10, 5, tzinfo=dt.UTC)


def test_little_and_the_share_of_requests_with_a_duration() -> None:
    # 3 requests over 100 s, two of them timed, 10 s and 30 s: 40 / 100 in flight on average, 2 of 3 timed
    rows = [request(0, duration_ms=10_000), request(5 * US_PER_S, duration_ms=30_000), request(100 * US_PER_S)]
    found = profile_of_rows(rows)
    assert found.concurrency.mean == pytest.approx(0.4)
    assert found.concurrency.busiest_second == 2
    assert found.concurrency.timed_fraction == pytest.approx(2 / 3)
    assert "Requests in flight, of all requests" in unknown(found)


@pytest.mark.parametrize(
    ("bucket_s", "widths"),
    [(60, [60, 600, 3600, 86_400]), (900, [900, 3600, 86_400]), (3600, [3600, 86_400]), (86_400, [86_400])],
)
def test_buckets_have_no_lengths_and_no_finer_peak(bucket_s: int, widths: list[int]) -> None:
    rows = [bucket(n * bucket_s * US_PER_S, bucket_s, 1 + n % 3, 100) for n in range(3 * 86_400 // bucket_s)]
    found = profile_of_rows(rows, "bucket")
    assert [peak.window_s for peak in found.peaks] == widths
    assert (found.input_lengths, found.output_lengths, found.gap_cv) == (None, None, None)
    assert (found.grain, found.bucket_s, found.window_s) == ("bucket", bucket_s, 3 * 86_400)
    assert "Lengths of requests: percentiles and histogram" in unknown(found)
    assert "Peaks within a bucket, and times between arrivals" in unknown(found)
    assert bool(found.week) == bool(found.load_duration) == (bucket_s <= 3600)
    assert ("Busiest hour over mean hour" in unknown(found)) == (bucket_s > 3600)


def test_one_bucketed_source_makes_the_whole_log_bucketed() -> None:
    # single requests beside hourly buckets: the finest peak is that of an hour
    rows = [*hourly([4, 8]), *(request(n * MINUTE_US) for n in range(120))]
    found = profile_of_rows(rows, "bucket")
    assert (found.grain, found.bucket_s) == ("bucket", 3600)
    assert [peak.window_s for peak in found.peaks] == [3600]
    # hours: 4 + 60 and 8 + 60 requests, mean 66
    assert found.peaks[0].requests_to_mean == pytest.approx(68 / 66)
    assert found.output_lengths is None


def test_buckets_that_were_missed_now_and_then_still_show_an_hour() -> None:
    # samples every 15 s, one of 37 s: nothing below the hour is a whole number of them, the hour holds 97
    rows = [bucket(n * 15 * US_PER_S, 15, 1) for n in range(960)] + [bucket(14_400 * US_PER_S, 37, 2)]
    found = profile_of_rows(rows, "bucket")
    assert [peak.window_s for peak in found.peaks] == [3600]


def test_requests_that_are_not_counted_are_unknown_and_demand_is_tokens() -> None:
    rows = [bucket(hour * HOUR_US, 3600, None, 10 + hour) for hour in range(48)]
    found = profile_of_rows(rows, "bucket")
    assert (found.total_requests, found.requests_per_day, found.mean_input_tokens) == (None, None, None)
    assert found.demand == "tokens"
    hour = found.peak(3600)
    assert hour is not None
    assert hour.requests_to_mean is None
    # tokens rise from 10 to 57: the mean is 33.5
    assert max(found.planning_week) == pytest.approx(57 / 33.5)
    assert "Requests, and tokens per request" in unknown(found)
    assert "tokens" in found.notes[0]


def test_a_part_of_the_requests_is_not_the_requests() -> None:
    rows = [bucket(0, 3600, 5, 10), bucket(HOUR_US, 3600, None, 10, model="other")]
    found = profile_of_rows(rows, "bucket")
    assert found.total_requests is None
    assert {c.model: c.requests for c in found.classes} == {"m": 5, "other": None}
    (reason,) = [u.reason for u in found.unknown if u.what == "Requests, and tokens per request"]
    assert "1 of 2 rows" in reason


def test_a_figure_without_a_column_is_none_and_says_why() -> None:
    found = profile_of_rows([request(0), request(HOUR_US)])
    assert found.total_cached_input_tokens is None
    assert found.total_reasoning_tokens is None
    assert found.trend is None
    assert found.week == found.planning_week == ()
    assert {
        "Cached share of the prompt",
        "Tokens written to a cache",
        "Reasoning share of the output",
        "Busiest hour over mean hour",
        "Shape of the day and of the week",
        "Growth",
        "Requests in flight",
    } <= unknown(found)
    assert all(u.reason and u.what for u in found.unknown)
    assert all(u.remedy for u in found.unknown if not u.what.startswith("Spread"))


def test_a_figure_that_only_some_rows_state_says_how_many_do_not() -> None:
    rows = [request(n * HOUR_US, cached_input_tokens=50 if n < 3 else None) for n in range(5)]
    rows += [request(5 * HOUR_US, tokens_out=0)._replace(output_tokens=None, cached_input_tokens=0)]
    found = profile_of_rows(rows)
    reasons = {u.what: u.reason for u in found.unknown}
    assert reasons["Cached share of the prompt, of all rows"].startswith("2 of 6 rows do not say it")
    assert reasons["Output tokens of all requests"].startswith("1 of 6 rows do not state them")
    assert found.total_cached_input_tokens == 150
    assert found.mean_output_tokens == pytest.approx(50 / 6)
    assert found.output_lengths is not None
    assert found.output_lengths.mean_tokens == 10


def test_a_complete_log_leaves_nothing_unknown() -> None:
    rows = [
        request(
            n * 20 * MINUTE_US,
            100,
            10,
            duration_ms=900,
            cached_input_tokens=5,
            cache_write_tokens=0,
            reasoning_tokens=1,
        )
        for n in range(3 * 24 * 35)
    ]
    found = profile_of_rows(rows)
    assert found.unknown == ()
    assert found.trend is not None
    assert found.trend.per_month == pytest.approx(0, abs=1e-9)
    assert len(found.planning_week) == 168
    assert set(found.week_hours_seen) == {5}


def test_names_that_no_document_holds_are_made_plain() -> None:
    found = profile_of_rows([request(0, model="a\x07b", task_class="x" * 300), request(HOUR_US)])
    assert found.classes[0].model in ("a\N{REPLACEMENT CHARACTER}b", "m")
    assert {len(c.task_class) for c in found.classes} == {0, 200}


def test_one_request_has_no_rate() -> None:
    found = profile_of_rows([request(0)])
    assert (found.window_s, found.requests_per_day, found.peaks) == (0, None, ())
    assert "Volume a day" in unknown(found)


def test_one_request_a_day_for_a_month_covers_its_hours() -> None:
    found = profile_of_rows([request(n * DAY_US + 30 * MINUTE_US) for n in range(29)])
    # 29 requests in the 28 x 24 + 1 hours from the first one's to the last one's
    assert sum(found.week_hours_seen) == 673
    assert max(found.planning_week) == pytest.approx(673 / 29)


def test_only_cost_is_a_profile_of_cost() -> None:
    row = UsageRow(started_us=0, bucket_s=86_400, model="m", cost_nano=1_500_000_000, currency="USD", context_tokens=0)
    rows = [row, row._replace(started_us=DAY_US, currency="EUR", cost_nano=-500_000_000)]
    found = profile_of_rows(rows, "bucket")
    assert [(b.currency, b.amount, b.rows) for b in found.billed] == [("EUR", -0.5, 1), ("USD", 1.5, 1)]
    assert (found.total_requests, found.total_input_tokens, found.load_duration) == (None, None, ())
    assert {"Prompt tokens", "Output tokens"} <= unknown(found)


def test_a_hole_in_the_log_and_many_failures_are_pointed_out() -> None:
    rows = [request(n * HOUR_US, failed=n % 2) for n in range(48)]
    found = profile_of_rows([*rows, *(request(20 * DAY_US + n * HOUR_US, failed=0) for n in range(24))])
    assert any("18 days on end" in note for note in found.notes)
    assert any("33%" in note and "failed" in note for note in found.notes)


def test_a_trace_without_a_calendar_keeps_its_shape_and_says_so() -> None:
    found = profile_of(figures_of(hourly([1, 2] * 24), "bucket"), about("bucket", has_calendar=False))
    assert found.week
    assert "Day of the week and time of day" in unknown(found)


def test_the_schema_describes_every_field() -> None:
    schema = UsageProfile.model_json_schema()
    parts = {"UsageProfile": schema, **schema["$defs"]}
    bare = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, told in part.get("properties", {}).items()
        if "description" not in told
    ]
    assert bare == []
