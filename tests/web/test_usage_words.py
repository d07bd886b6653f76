"""A profile in words and tables: units everywhere, and what the log does not say is not known instead of 0."""

from __future__ import annotations

import pytest

from planner.decision.present_tables import NOT_KNOWN
from planner.domain.usage import LoadPoint, Unknown, UsageProfile, UsageReference
from planner.web import usage_tables as tables
from planner.web import usage_words as words
from planner.workload.unknowns import length_of
from tests.samples_usage import bucketed_profile, usage_profile

PROFILES = [usage_profile(), bucketed_profile()]


def metric(profile: UsageProfile, start: str) -> tuple[str, str, str]:
    return next(m for m in words.metrics(profile) if m.label.startswith(start))


@pytest.mark.parametrize("profile", PROFILES)
def test_every_figure_on_top_has_a_unit(profile: UsageProfile) -> None:
    for label, value, note in words.metrics(profile):
        assert "(" in label or label == "Requests in flight, mean"
        assert value
        assert note


@pytest.mark.parametrize("profile", PROFILES)
def test_every_table_is_as_wide_as_its_head(profile: UsageProfile) -> None:
    found = [
        *(make(profile) for make in (tables.source_rows, tables.reject_rows, tables.unknown_rows, tables.peak_rows)),
        *(make(profile) for make in (tables.week_table, tables.curve_rows, tables.quantile_rows, tables.class_rows)),
        tables.billed_rows(profile),
    ]
    for table in found:
        assert {len(row) for row in table.rows} <= {len(table.columns)}, table.title


def test_the_volumes_are_those_of_the_profile() -> None:
    """1,000 requests in 7 days are 143 a day; 300 k of 1.2 M input tokens are 25%."""
    profile = usage_profile()
    assert metric(profile, "Requests (")[1] == "143"
    assert metric(profile, "Input read")[1:] == ("25%", "300k of 1.2M input tokens")
    assert metric(profile, "Mean output")[1:] == ("240", "per request; P95 800 tokens")
    assert metric(profile, "Growth")[1:] == ("4%", "80% interval \N{MINUS SIGN}1% to 9% a month; 7 days")


def test_a_bucketed_log_prints_no_length_and_no_finer_peak() -> None:
    profile = bucketed_profile()
    assert metric(profile, "Requests (")[1] == NOT_KNOWN
    assert metric(profile, "Mean input")[1] == NOT_KNOWN
    assert metric(profile, "Growth")[1] == NOT_KNOWN
    assert tables.quantile_rows(profile).rows == ()
    by_width = {row[0]: row[1:] for row in tables.peak_rows(profile).rows}
    assert by_width["1 s"] == by_width["10 min"] == (NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, "–")
    assert by_width["1 h"] == (NOT_KNOWN, NOT_KNOWN, "2.00", "24")
    assert words.grain(profile) == "buckets of 1 minute: no lengths, no finer peaks"


def test_the_peak_on_top_is_the_scenarios_own_or_of_the_widest_window_there_is() -> None:
    """2.5 over the mean of 0.9196; a log of less than a day has no hours, but windows."""
    assert metric(usage_profile(), "Peak")[:2] == ("Peak to mean, 1 h (times)", "2.72×")
    hours = usage_profile(planning_week=())
    assert metric(hours, "Peak")[:2] == ("Peak to mean, 1 h (times)", "3.10×")
    short = usage_profile(planning_week=(), peaks=usage_profile().peaks[:2])
    assert metric(short, "Peak")[:2] == ("Peak to mean, 1 min (times)", "9.00×")
    assert metric(usage_profile(planning_week=(), peaks=()), "Peak")[1] == NOT_KNOWN
    tokens = bucketed_profile(planning_week=())
    assert metric(tokens, "Peak")[2] == "output tokens of the busiest of 24 windows over their mean"


def test_windows_are_told_in_the_unit_that_fits() -> None:
    assert [words.width(s) for s in (1, 60, 86_400, 120)] == ["1 s", "1 min", "1 day", "120 s"]


def test_a_log_of_less_than_a_day_says_what_a_day_is_made_of() -> None:
    hour = usage_profile(window_s=3501.7)
    assert "as if all day were like it" in metric(hour, "Requests (")[2]
    assert words.period(hour) == "2026-11-02 00:00 to 00:58 UTC (58 minutes)"
    assert "as if" not in metric(usage_profile(), "Requests (")[2]


def test_a_log_without_a_calendar_has_no_dates() -> None:
    assert words.period(usage_profile(has_calendar=False)) == "7 days, at no known date"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "1 second"), (59, "59 seconds"), (90, "1.5 minutes"), (3600, "1 hour"), (86_400, "1 day"), (5.4e6, "63 days")],
)
def test_lengths_of_time_are_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert length_of(seconds) == told


def test_what_is_too_short_is_not_told_as_long_enough() -> None:
    """13.97 days of the 14 that a trend needs; 41.9993 days are 42 everywhere else."""
    assert (length_of(13.97 * 86_400), length_of(13.97 * 86_400, down=True)) == ("14 days", "13.9 days")
    assert (length_of(41.9993 * 86_400), length_of(14.2 * 86_400, down=True)) == ("42 days", "14 days")


def test_a_figure_that_is_missing_says_why_it_is() -> None:
    """A log of requests alone counts requests; what it lacks is tokens."""
    alone = usage_profile(mean_input_tokens=None, input_lengths=None)
    assert metric(alone, "Mean input")[2] == "the log does not say the tokens"
    assert metric(bucketed_profile(), "Mean input")[2] == "the log does not count requests"
    silent = usage_profile(trend=None, unknown=(Unknown(what="Growth", reason="A day has no demand.", remedy="x"),))
    assert words.why_no_trend(silent) == "A day has no demand."


def test_lengths_say_of_how_many_requests_they_are() -> None:
    profile = usage_profile()
    assert profile.input_lengths is not None
    assert tables.quantile_rows(profile).rows[0][1] == f"{profile.input_lengths.requests:,}"


@pytest.mark.parametrize(
    ("seconds", "told"), [(60, "1 minute"), (90, "90 seconds"), (3600, "1 hour"), (0, "0 seconds")]
)
def test_buckets_are_told_without_rounding(seconds: int, told: str) -> None:
    assert words.bucket_of(seconds) == told


def test_rejects_are_counted_with_their_share_and_their_lines() -> None:
    profile = usage_profile()
    assert words.rejected(profile).startswith("3 rows of 1,003 (0.3%) could not be used")
    assert words.rejected(bucketed_profile(sources=(profile.sources[0].model_copy(update={"rows_rejected": 0}),))) == ""
    assert tables.reject_rows(profile).rows == (
        ("requests.csv", "output_tokens", "is not a whole number", "3", "17, 401, 402"),
    )


def test_an_unseen_hour_is_a_dash_in_the_week_and_a_seen_one_a_figure() -> None:
    table = tables.week_table(bucketed_profile())
    assert len(table.rows) == 24
    assert table.rows[0] == ("00:00", "1.00", *["–"] * 6)


def test_what_no_row_says_is_not_known_in_the_mix() -> None:
    first = tables.class_rows(usage_profile()).rows[0]
    assert first[0] == "gpt-4o"
    assert first[4:6] == ("300k", NOT_KNOWN)
    # 1.2 M of 1.44 M tokens
    assert first[-1] == "83.3"


def test_the_curve_as_a_table_keeps_both_ends() -> None:
    points = tuple(LoadPoint(load_to_mean=4 - k / 100, hours_fraction=(k + 1) / 168) for k in range(168))
    rows = tables.curve_rows(usage_profile(load_duration=points)).rows
    assert rows[0] == ("4.00", "0.6")
    assert rows[-1] == ("2.33", "100")
    assert len(rows) <= tables.CURVE_POINTS + 1


def test_a_reference_is_told_with_its_days() -> None:
    found = UsageReference(
        profile_id="0" * 16, name="Chat", first_on="2026-11-01", last_on="2026-11-07", imported_on="2026-11-21"
    )
    assert words.reference(found) == "Chat (2026-11-01 to 2026-11-07, imported on 2026-11-21)"
    assert words.reference(UsageReference(profile_id="0" * 16)) == f"{'0' * 16} (no known date)"
